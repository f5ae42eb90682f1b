// A cluster as somebody describes it, with names and groups of like things; and the simulation made of that.
#pragma once

#include <string>
#include <unordered_map>
#include <vector>

#include "sim/cluster/life.hpp"
#include "sim/cluster/placement.hpp"
#include "sim/cluster/simulation.hpp"

namespace hvlab::cluster {

/// A card of each host of a group, and the port of the physical switch that it is plugged into.
struct PortPlan {
  u32 to = 0;           // switch
  u64 vlans = ~u64{0};  // bit n: the port carries VLAN n
  u32 mbps = 1000;
};

/// Hosts alike, called NAME-1, NAME-2, ... (NAME if there is one).
struct HostPlan {
  std::string name;
  u32 count = 1;
  u16 cores = 8;
  u32 core_mhz = 2000;
  u32 memory = 32 << 10;  // MiB
  u32 cards = 2;
  u32 mbps = 1000;
  PowerCurve power;
  // Of the first cards; the others are plugged in in turn, for all VLANs. (Said to be empty, since most are
  // written without it.)
  std::vector<PortPlan> ports = {};  // NOLINT(readability-redundant-member-init)
  bool stays_on = false;             // never switched off to save power
};

struct DatastorePlan {
  std::string name;
  Datastore what;
  std::string host;                   // of a local one
  std::vector<std::string> members;   // of a pooled one: the hosts whose disks it is made of
  u32 tolerates = 1;                  // likewise: failures
  Nanoseconds repair_after = kHours;  // likewise: parts that are away so long are built anew
};

/// Work of a known amount.
struct TaskPlan {
  Nanoseconds at = 0;
  u32 count = 1;  // so many alike, side by side
  u64 megacycles = 0;
};

/// Machines alike, named likewise.
struct MachinePlan {
  std::string name;
  u32 count = 1;
  VirtualMachine what;        // its places in lists are filled in
  std::string way = "none";   // a profile of profiles/overhead, or "none"
  std::string mix = "mixed";  // what it works at, of profiles/mix: how much of its way's overhead it pays
  Demand demand;
  bool has_tasks = false;       // it wants what `tasks` do, not the demand
  std::vector<TaskPlan> tasks;  // of each machine
  Nanoseconds later_each = 0;   // so much later is each one's peak than the one before
  std::vector<u16> trace;       // of DemandShape::Trace
  DirtyProcess writes;
  std::string datastore;           // empty: it has no disk
  std::string host;                // empty: where the packing finds room
  bool starts = true;              // at the beginning; else when an order says so
  bool apart = false;              // each on another host
  bool together = false;           // all on one
  std::vector<std::string> hosts;  // only on these
};

/// A rule of where machines of any groups are.
struct RulePlan {
  PlaceRule rule = PlaceRule::Together;  // or Apart
  std::vector<std::string> machines;
};

struct Plan {
  std::vector<HostPlan> hosts;
  std::vector<DatastorePlan> datastores;
  std::vector<MachinePlan> machines;
  std::array<PortGroup, static_cast<size_t>(Purpose::Count)> groups;
  u32 switches = 2;
  std::vector<RulePlan> rules;  // a machine is in one of a kind at most, those of the groups included
  Packing packing = Packing::FirstFit;
  std::string migration = "vmotion";  // of precopy_policies()
  PrecopyChanges precopy;             // what is other than that policy says
  Availability ha;
  Balancer balancer;
  PowerSaving power;
  u32 moves_at_a_time = 4;   // of one host
  u32 move_service = 500;    // MHz that a move takes of both hosts
  SetFigures figures;        // over those of profiles/overhead and profiles/mix
  u32 manager_standbys = 0;  // instances of the manager that wait until the one that works fails
  Nanoseconds manager_takeover = 5 * kMinutes;  // until one of these works
  bool starts_with_host = true;  // a host that comes back starts the machines that it lost and that are off
  std::string manager;           // the machine that it runs in; empty: on hardware of its own
  std::vector<Fault> faults;
  std::vector<Order> orders;
  std::vector<Window> windows;
  Nanoseconds load_step = kMinutes;
  u64 seed = 1;
};

/// Throws UserError, which says what is wrong and what is possible, for numbers that no cluster has (no
/// cores, a card of 0 Mbit/s, a look every nanosecond), faults and orders of what is not there, and names
/// used twice.
void check(const Plan& plan);

/// The names of hosts, machines and datastores in the order of their places.
std::vector<std::string> host_names(const Plan& plan);
std::vector<std::string> machine_names(const Plan& plan);
std::vector<std::string> datastore_names(const Plan& plan);

/// Places by name, found in the time of a look and not of a walk along all.
class Places {
 public:
  /// `what` is what a message calls one of them: "host".
  Places(std::vector<std::string> names, const char* what);

  /// Throws UserError with the known names if there is none of that name.
  Index at(const std::string& name) const;

 private:
  std::vector<std::string> names_;
  const char* what_;
  std::unordered_map<std::string, Index> places_;
};

/// The place of `name` in such a list. Throws UserError with `what` and the known names if it is not there.
Index place_of(const std::vector<std::string>& names, const std::string& name, const char* what);

/// A figure that a cluster's run rests on: of the profile or mix that is called `of`.
struct UsedFigure {
  std::string of;
  media::Figure figure;
};

/// The figures of all ways and mixes that the plan's machines name, each file once, in the order of the
/// machines; origin_of() says where each comes from. Also those of kinds of work and devices that no machine
/// uses. Throws UserError for unknown files.
std::vector<UsedFigure> figures_of(const Plan& plan);

/// Builds the cluster, starts its machines (those that find no host are told of as refused), and prepares
/// everything that is going to happen. Throws UserError as check() does, for names of nothing and for unknown
/// profiles.
Simulation simulation_of(const Plan& plan);

}  // namespace hvlab::cluster
