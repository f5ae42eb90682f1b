// Between a processor's cycles and simulated time: exact, so that converting there and back never drifts.
#pragma once

#include "sim/base/bits.hpp"
#include "sim/base/types.hpp"

namespace hvlab::board {

struct Frequency {
  u64 hertz;  // 1 .. 10^12

  /// The time at which cycle `cycle` begins, rounded down to a picosecond.
  Picoseconds time_of(u64 cycle) const { return scale(cycle, kSecond, hertz); }

  /// The first cycle that does not begin before `time`: cycle_at(time_of(n)) == n. kNever stays kNever.
  u64 cycle_at(Picoseconds time) const { return time == kNever ? kNever : scale_up(time, hertz, kSecond); }
};

}  // namespace hvlab::board
