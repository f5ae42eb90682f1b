// What the files of high availability share: parts of the network, and timelines.
#pragma once

#include <array>
#include <vector>

#include "sim/cluster/availability.hpp"

namespace hvlab::cluster {

/// A host in no part: it is not on, or has no working card for management.
inline constexpr u32 kNoPart = ~u32{0};

/// The part of the network that a host is in: hosts in the same part hear each other. It is their island: all
/// physical switches that work are connected.
u32 part_of(const Simulation& sim, Index host);

/// A step of a timeline: after so long, this; 0: it has no such step.
template <class... Arguments>
struct Step {
  Nanoseconds after;
  void (*act)(Simulation&, Arguments...);
};

/// Does what is due after `passed`; when the next step is, 0 if that was the last.
template <size_t count, class... Arguments>
Nanoseconds walk(Simulation& sim, const std::array<Step<Arguments...>, count>& timeline, Nanoseconds passed,
                 Arguments... arguments) {
  Nanoseconds next = 0;
  for (const auto& step : timeline) {
    if (step.after != 0 && step.after == passed) step.act(sim, arguments...);
    if (step.after > passed && (next == 0 || step.after < next)) next = step.after;
  }
  return next;
}

/// Every host is elected or one of five.
inline bool elects(const HaTimings& timings) { return timings.elected != 0; }

/// A watcher's views of all hosts are found anew; its timelines begin or end.
void look_at_hosts(Simulation& sim, Index watcher);

/// A host fell silent at `since`, `was_primary` or not: the watcher's timeline goes on from there.
void begin_silence(Simulation& sim, Watcher& watcher, Index host, Nanoseconds since, bool was_primary);

/// Which hosts are alone is found anew.
void look_at_loneliness(Simulation& sim);

}  // namespace hvlab::cluster
