// High availability: hosts that watch each other, and machines of failed hosts started again elsewhere.
#pragma once

#include <optional>
#include <string_view>
#include <vector>

#include "sim/cluster/types.hpp"

namespace hvlab::cluster {

struct Simulation;

/// When what happens after a host was heard last. Heartbeats come every second; since a step depends on how
/// long none came, not on each of them, steps are events and heartbeats are not.
struct HaTimings {
  std::string_view name;
  std::string_view source;
  // A host other than the primary, as the primary sees it.
  Nanoseconds monitors = 0;      // its heartbeats on datastores are watched; 0: there are none
  Nanoseconds unreachable = 0;   // it is pinged; 0: no such step
  Nanoseconds dead_without = 0;  // it is dead if no datastores carry heartbeats
  Nanoseconds dead_with = 0;     // it is dead if it shows none there
  // The primary, as the others see it; all 0: every host restarts, there is no one primary.
  Nanoseconds election = 0;
  Nanoseconds elected = 0;
  Nanoseconds old_unreachable = 0;
  Nanoseconds old_dead = 0;
  // A host that hears nobody, as it sees itself.
  Nanoseconds isolated_primary = 0;
  Nanoseconds isolated_other = 0;
  Nanoseconds response_after = 0;  // from then on until it does what is configured
};

/// "vsphere-4", "vsphere-5.0", "vsphere-5.1" (and later).
const std::vector<HaTimings>& ha_timings();
std::optional<HaTimings> find_ha_timings(std::string_view name);

enum class IsolationResponse : u8 { LeaveOn, PowerOff };

/// What is kept free for failures when machines are started for the first time.
enum class Admission : u8 { None, HostFailures, Part };

/// What the others think of a host.
enum class View : u8 { Heard, Silent, Unreachable, Lives, Dead };

struct Watch {
  View view = View::Heard;
  Nanoseconds silent_since = 0;
  u32 version = 0;  // of the timeline of what the others think
  bool alone = false;
  bool isolated = false;  // says so itself
  bool alone_as_primary = false;
  Nanoseconds alone_since = 0;
  u32 alone_version = 0;
  bool was_primary = false;  // when it fell silent
  std::vector<Index> lost;   // machines that stopped there and are to run
};

struct Availability {
  bool on = false;
  HaTimings timings;  // "vsphere-5.1" unless said otherwise
  bool datastore_heartbeats = true;
  IsolationResponse response = IsolationResponse::LeaveOn;
  Admission admission = Admission::None;
  u32 failures = 1;              // hosts, of HostFailures
  u32 part = 250;                // thousandths, of Part
  u32 at_a_time = 32;            // restarts on one host
  Nanoseconds retry = kMinutes;  // machines that found no host (assumed)
  Index primary = kNone;
  std::vector<Watch> hosts;
  std::vector<Index> to_restart;  // in the order in which they are tried
  bool retrying = false;
  u32 restarts = 0;

  Availability();
};

/// Elects the first primary; everybody is heard. Before anything happens, also without high availability.
void begin_watching(Simulation& sim);

/// Something of hosts, network or datastores changed: who hears whom is found anew, and timelines begin or
/// end.
void look_around(Simulation& sim);

void ha_stage(Simulation& sim, Index host, u32 version);
void ha_alone(Simulation& sim, Index host, u32 version);
void ha_retry(Simulation& sim);

/// A machine that is to run stopped on `host` by the host's fault or decision.
void machine_was_lost(Simulation& sim, Index machine, Index host);

/// Whether admission control lets one more machine be started.
bool leaves_spare(const Simulation& sim, Index machine);

}  // namespace hvlab::cluster
