// A cluster in motion: its state, what is going to happen to it, and what happened.
#pragma once

#include <functional>
#include <string_view>
#include <vector>

#include "sim/cluster/account.hpp"
#include "sim/cluster/availability.hpp"
#include "sim/cluster/balancing.hpp"
#include "sim/cluster/calendar.hpp"
#include "sim/cluster/cluster.hpp"
#include "sim/cluster/explained.hpp"
#include "sim/cluster/faults.hpp"
#include "sim/cluster/flows.hpp"
#include "sim/cluster/migration.hpp"
#include "sim/cluster/orders.hpp"
#include "sim/cluster/power_saving.hpp"
#include "sim/cluster/service.hpp"
#include "sim/cluster/shares.hpp"
#include "sim/cluster/tasks.hpp"
#include "sim/cluster/traffic.hpp"

namespace hvlab::cluster {

/// What is worth telling. The names are in the table of simulation.cpp.
enum class What : u8 {
  PowerOn,        // machine, on host; other: 1 if it is a restart
  Serves,         // machine, on host
  PowerOff,       // machine, of host
  Died,           // machine, with host
  Refused,        // machine, to host; value: the Refusal
  MoveBegan,      // machine, from host, to other; value: the MoveReason
  Round,          // machine, from host, to other; value: bytes that it wrote meanwhile
  MoveStopped,    // machine, from host, to other; value: bytes left
  Moved,          // machine, from host, to other; value: nanoseconds of downtime
  DiskMoved,      // machine, to datastore other
  MoveFailed,     // machine, from host, to other; value: the Refusal
  Evacuated,      // host
  Fault,          // value: the kind; host or other: of what
  Repair,         // likewise
  DataLost,       // datastore other
  HaMonitors,     // host is not heard by other: its heartbeats on datastores are watched
  HaUnreachable,  // host, for other
  HaElection,     // hosts that miss primary host elect another
  HaElected,      // host watches the hosts that it hears from now on
  HaDead,         // host, for other
  HaLives,        // host is cut off from other, but its datastore heartbeats are seen
  HaBack,         // host is heard again by other
  HaIsolated,     // host says so of itself
  HaResponse,     // host does what was configured for this
  HaNoHost,       // machine finds no host; it is tried again
  Balanced,       // value: imbalance before, in thousandths; other: how many moves
  NoManager,      // something was not done because there is none
  DiskAway,       // machine, on host, stands still: too few parts of its pooled disk are there
  DiskBack,       // machine goes on
  Rebuilt,        // machine's disk has a new part on host
  SwitchedOff,    // host, to save power or to be serviced
  SwitchedOn,     // host, likewise
  Snapshot,       // machine: what its disk was then is kept
  Count
};

std::string_view name(What what);

struct Occurrence {
  Nanoseconds at = 0;
  What what = What::PowerOn;
  Index machine = kNone;
  Index host = kNone;
  Index other = kNone;
  u64 value = 0;
};

/// Whoever manages the cluster: without it nothing new is configured, moved or balanced; machines run on. It
/// manages the hosts that it reaches.
struct Manager {
  bool up = true;         // one of its instances does, on hardware of its own
  Index machine = kNone;  // that it runs in; kNone: on hardware of its own
  u32 standbys = 0;       // instances that wait until the one that works fails
  Nanoseconds takeover =
      5 * kMinutes;         // until one of these works (vCenter High Availability: under 5 minutes)
  u32 failed = 0;           // instances
  Nanoseconds back_at = 0;  // a standby works from then on
};

struct Simulation {
  Cluster cluster;
  Calendar calendar;
  Nanoseconds load_step = kMinutes;  // demands are looked at so often; 0: they do not change by themselves
  bool starts_with_host =
      true;  // a host that comes back starts the machines that it lost and that are still off
  std::vector<Task> tasks;
  std::vector<Assignment> assignments;
  Flows flows;
  Moves moves;
  Availability ha;
  Balancer balancer;
  PowerSaving power;
  Manager manager;
  std::vector<Fault> faults;
  std::vector<Order> orders;
  std::vector<Window> windows;
  std::vector<Service> services;
  Account account;
  std::vector<Occurrence> log;
  Explanations explanations;  // of what was refused in it
  // Scratch of load.cpp and traffic.cpp, so that they ask for no memory each minute.
  std::vector<Claimant> claimants;
  std::vector<Conversation> packets, requests;

  Nanoseconds now() const { return calendar.now(); }
};

void tell(Simulation& sim, What what, Index machine, Index host = kNone, Index other = kNone, u64 value = 0);

/// The manager's machine serves, or its own hardware works.
bool manager_works(const Simulation& sim);

/// It works and reaches the host by the management network.
bool manager_reaches(const Simulation& sim, Index host);

/// Everything that starts by itself is put into the calendar: load steps, balancing, faults; the first
/// primary is elected. Once, before run().
void prepare(Simulation& sim);

/// What happens at an event.
void happen(Simulation& sim, const Event& event);

/// Lets time pass until `until`, on SystemC's kernel, and settles what was used by then. `after`, if there is
/// one, is told of each event that has just happened; it changes nothing.
void run(Simulation& sim, Nanoseconds until, const std::function<void(const Event&)>& after = {});

}  // namespace hvlab::cluster
