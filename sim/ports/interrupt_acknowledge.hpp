// The interrupt-acknowledge cycle: how a local APIC fetches the vector of an ExtINT request.
#pragma once

#include "sim/base/types.hpp"

namespace hvlab {

class InterruptAcknowledge {
 public:
  virtual ~InterruptAcknowledge() = default;
  /// INTA: accepts the highest-priority request and returns its vector; a spurious one if the request has
  /// gone.
  virtual u8 acknowledge() = 0;
};

}  // namespace hvlab
