// High availability: hosts that watch each other, and machines of failed hosts started again elsewhere.
//
// In each part of the network whose hosts hear each other one host watches all others and has machines
// restarted, the watcher. vSphere 5 elects it, and it is responsible for machines whose datastores it has
// locked; in vSphere 4 it is one of five primaries, which are not replaced when they fail.
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
  // The primary, as the others see it; all 0: there are five, none is elected.
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
enum class Admission : u8 {
  None,
  HostFailures,  // slots of the size of the largest reservations, on all hosts but those that have most of
                 // them
  Part,          // of all processors and memory
};

/// What a watcher thinks of a host.
enum class View : u8 {
  Heard,
  Silent,
  Unreachable,
  Lives,  // not heard, but it shows on datastores that it is there
  Dead,
};

struct Watch {
  View view = View::Heard;
  bool was_primary = false;  // when it fell silent: it had a timeline of its own
  Nanoseconds silent_since = 0;
  u32 version = 0;  // of the timeline; no two have the same
};

/// A host that watches.
struct Watcher {
  Index host = kNone;
  std::vector<Watch> hosts;  // of each
};

/// A part of the network that has no watcher yet.
struct Election {
  u16 island = 0;
  Index missed = kNone;  // whom its hosts heard before
  Nanoseconds since = 0;
  u32 version = 0;
};

/// What a host thinks of itself.
struct Loneliness {
  bool alone = false;
  bool isolated = false;  // and says so
  bool waits = false;     // with what is configured, until somebody could restart its machines
  bool as_primary = false;
  Nanoseconds since = 0;
  u32 version = 0;
  Index follows = kNone;  // the watcher that it heard last
};

/// A machine that stopped on a host and is to run.
struct Lost {
  Index machine = kNone;
  Index host = kNone;
  bool told = false;  // that it found no host
};

struct Availability {
  bool on = false;
  HaTimings timings;  // "vsphere-5.1" unless said otherwise
  bool datastore_heartbeats = true;
  IsolationResponse response = IsolationResponse::LeaveOn;
  Admission admission = Admission::None;
  u32 failures = 1;               // hosts, of HostFailures
  u32 part = 250;                 // thousandths, of Part
  u32 at_a_time = 32;             // restarts on one host
  Nanoseconds retry = kMinutes;   // machines that found no host (assumed)
  std::vector<Watcher> watchers;  // the oldest first
  std::vector<Election> elections;
  std::vector<Loneliness> hosts;
  std::vector<bool> primaries;  // of vSphere 4
  std::vector<Index> owners;    // of vSphere 5: the watcher that has locked each datastore; kNone: none has
  std::vector<Lost> lost;       // the highest priority first
  bool retrying = false;
  bool places_full = false;  // somebody waits until a host has started others
  u32 restarts = 0;
  u32 versions = 0;  // of timelines, given so far

  Availability();
};

/// Finds the first watchers; everybody is heard. Before anything happens, also without high availability.
void begin_watching(Simulation& sim);

/// Something of hosts, network or datastores changed: who hears whom is found anew, and timelines begin or
/// end.
void look_around(Simulation& sim);

/// The watcher that a host hears; kNone if it hears none.
Index watcher_of(const Simulation& sim, Index host);

/// Whether the host watches others.
bool is_watcher(const Simulation& sim, Index host);

/// A step of what the watchers think of a host, of what a host thinks of itself, of an election.
void ha_stage(Simulation& sim, Index host, u32 version);
void ha_alone(Simulation& sim, Index host, u32 version);
void ha_election(Simulation& sim, u32 version);
void ha_retry(Simulation& sim);

}  // namespace hvlab::cluster
