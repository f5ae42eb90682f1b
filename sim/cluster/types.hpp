// Units of the cluster tier: time, places, rates.
#pragma once

#include "sim/base/types.hpp"

namespace hvlab::cluster {

/// A point of simulated time, or a span of it, in nanoseconds since the run's beginning (enough for 584
/// years, where the machine tier's picoseconds end after 213 days).
using Nanoseconds = u64;
inline constexpr Nanoseconds kMicroseconds = 1'000;
inline constexpr Nanoseconds kMilliseconds = 1'000'000;
inline constexpr Nanoseconds kSeconds = 1'000'000'000;
inline constexpr Nanoseconds kMinutes = 60 * kSeconds;
inline constexpr Nanoseconds kHours = 60 * kMinutes;
inline constexpr Nanoseconds kDays = 24 * kHours;
/// Later than every time a run can reach.
inline constexpr Nanoseconds kForever = ~Nanoseconds{0};

/// A host, virtual machine, ... by its place in the cluster's list of these; kNone: none.
using Index = u32;
inline constexpr Index kNone = ~Index{0};

/// Sums over months of many gigahertz: processor time in MHz x ns (thousandths of a cycle), energy in mW x ns
/// (picojoules). Whole numbers, so that what is given and what is used can be compared exactly.
using Sum = unsigned __int128;

/// The number itself, or the largest u64 if it is more: what is too long or too much stays so.
constexpr u64 saturated(Sum number) {
  constexpr Sum kMost = ~u64{0};
  return static_cast<u64>(number < kMost ? number : kMost);
}

/// What `rate` per second comes to in `span`, rounded down.
constexpr u64 amount(u64 rate, Nanoseconds span) { return saturated(Sum{rate} * span / kSeconds); }

/// How long `amount` takes at `rate` per second, rounded up; kForever at no rate, and if it is longer.
constexpr Nanoseconds duration(u64 amount, u64 rate) {
  if (rate == 0) return amount == 0 ? 0 : kForever;
  return saturated((Sum{amount} * kSeconds + rate - 1) / rate);
}

/// Seconds as a number for people.
constexpr double seconds(Nanoseconds time) { return static_cast<double>(time) * 1e-9; }

}  // namespace hvlab::cluster
