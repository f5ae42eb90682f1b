// The outside of the machine's serial port: where its characters go and come from.
#pragma once

#include "sim/base/types.hpp"

namespace hvlab::board {

class ConsoleHost {
 public:
  virtual ~ConsoleHost() = default;
  /// A character from the guest.
  virtual void output(u8 byte) = 0;
  /// The next character for the guest; kNothing if there is none at the moment, kEnd if there will never be
  /// one again. Asked about once a millisecond of simulated time, until the end.
  static constexpr int kNothing = -1, kEnd = -2;
  virtual int input() { return kEnd; }
};

}  // namespace hvlab::board
