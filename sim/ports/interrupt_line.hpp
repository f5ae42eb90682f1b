// A wire that carries an interrupt request: level, effective at once (a direct call).
#pragma once

namespace hvlab {

class InterruptLine {
 public:
  virtual ~InterruptLine() = default;
  /// Drives the wire; `asserted` is the logical level. Setting the level it already has does nothing.
  virtual void set(bool asserted) = 0;
};

}  // namespace hvlab
