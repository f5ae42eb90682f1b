// The clock of a device as a function of simulated time: whole ticks since reset, without drift or rounding
// errors that add up.
#pragma once

#include "sim/base/bits.hpp"
#include "sim/base/types.hpp"

namespace hvlab::devices {

/// A frequency of `hertz` (at least 1): converts between time and ticks, exactly in both directions.
class Ticks {
 public:
  constexpr explicit Ticks(u64 hertz) : hertz_(hertz) {}

  /// Ticks that have completed at `time`.
  constexpr u64 at(Picoseconds time) const { return scale(time, hertz_, kSecond); }

  /// The earliest time at which tick `tick` has completed; kNever if no run reaches it.
  constexpr Picoseconds time_of(u64 tick) const {
    using Wide = unsigned __int128;
    const Wide time = (static_cast<Wide>(tick) * kSecond + hertz_ - 1) / hertz_;
    return time >= kNever ? kNever : static_cast<Picoseconds>(time);
  }

 private:
  u64 hertz_;
};

}  // namespace hvlab::devices
