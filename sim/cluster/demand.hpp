// How much of its processors a virtual machine wants at a time: generators and traces, as pure functions.
#pragma once

#include <span>
#include <vector>

#include "sim/cluster/types.hpp"

namespace hvlab::cluster {

enum class DemandShape : u8 {
  Constant,  // `low`
  Peak,    // once a period from `low` up to `high` and back, `width` long, highest at `phase` into the period
  Bursts,  // `high` in a random `width` out of `period`, else `low`: at each period's own place
  Trace,   // samples of a trace, `period` apart, again and again
};

/// In thousandths of all of the machine's virtual processors. Season and growth change all of what the shape
/// says, over months, as capacity planning meets it.
struct Demand {
  DemandShape shape = DemandShape::Constant;
  u16 low = 0;
  u16 high = 0;
  u16 noise = 0;  // up to so much more or less, drawn anew each minute
  u32 trace = 0;  // of Trace
  Nanoseconds period = kDays;
  Nanoseconds phase = 0;
  Nanoseconds width = 0;
  u16 season = 0;      // thousandths of it more at the height of its season, and less half a year before
  u16 season_day = 0;  // of 365: that height
  i16 growth =
      0;  // thousandths of what it is at the beginning that it grows in 365 days; negative: it shrinks
};

/// What `demand` comes to at `at`, in 0..1000, for virtual machine `subject`. The traces are those that the
/// cluster has.
u32 demand_at(const Demand& demand, std::span<const std::vector<u16>> traces, u64 seed, u64 subject,
              Nanoseconds at);

}  // namespace hvlab::cluster
