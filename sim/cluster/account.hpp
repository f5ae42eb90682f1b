// What a run comes to, as sums that only grow: those of two moments apart are what happened between them.
// Windows of time are counted so, and the whole run.
#pragma once

#include <array>
#include <string>
#include <vector>

#include "sim/cluster/orders.hpp"
#include "sim/cluster/types.hpp"

namespace hvlab::cluster {

struct Simulation;

/// Rates are times nanoseconds, as everywhere (types.hpp).
struct Totals {
  Nanoseconds time = 0;
  Sum hosts_on = 0;    // ns
  Sum overloaded = 0;  // ns in which a host's machines wanted more than it had
  Sum offered = 0;     // MHz
  Sum used = 0;        // MHz, by machines and moves
  Sum energy = 0;      // mW
  Sum wanted = 0;      // MHz by machines, what their way takes included
  Sum got = 0;         // MHz
  Sum own_wanted = 0;  // MHz of machines' own work
  Sum own_got = 0;
  Sum requests_wanted = 0;  // a second
  Sum requests = 0;         // a second, served
  Sum request_cycles = 0;   // of the hosts for these, a second
  Sum waited = 0;           // microseconds of these, a second
  Sum down = 0;             // ns of machines that should run and do not serve
  Sum imbalance = 0;        // thousandths
  Sum manager_away = 0;     // ns
  u64 restarts = 0;
  u64 moves = 0;
  std::vector<Sum> busy;  // thousandths, of each datastore
  std::array<u64, static_cast<size_t>(OrderKind::Count)> asked{}, done{};
  u64 manager_asked = 0, manager_done = 0;  // orders that need the manager
  u64 host_asked = 0, host_done = 0;        // those that a host carries out itself
};

/// A part of the run that is counted for itself.
struct Window {
  std::string name;
  Nanoseconds from = 0;
  Nanoseconds to = 0;
  Totals begin = {}, end = {};  // once it has begun, and ended
};

/// Machines by their disks, before anything moved.
struct DiskCounts {
  u32 local = 0, pooled = 0, shared = 0;  // by where they are
  u32 files = 0, raw_virtual = 0, raw_physical = 0;
};

struct Account {
  Totals sums;  // those that hosts, machines and datastores do not keep themselves
  Nanoseconds settled = 0;
  u32 imbalance = 0;  // thousandths, since `settled`
  DiskCounts disks;
  u64 most_wanted = 0;                // MHz of all machines' own work at a moment
  std::vector<u32> most_wanted_each;  // MHz of each machine's
  u32 converted = 0;                  // raw mappings that became files
  u32 stopped_for_service = 0;        // machines
};

/// Once, before anything happens: counts disks, adds the windows' edges to the calendar.
void begin_account(Simulation& sim);

/// A window begins (edge 2n) or ends (2n + 1).
void window_edge(Simulation& sim, u32 edge);

/// What one host's machines did for `span`: called when their rates change.
void account_host(Simulation& sim, Index host, Nanoseconds span);

/// Likewise what belongs to no host: datastores, balance, the manager. Before something of these changes.
void account_rest(Simulation& sim);

/// The loads are known anew: keeps what is wanted most.
void note_peaks(Simulation& sim);

/// An order was given, and what came of it.
void account_order(Simulation& sim, const Order& order, Refusal refusal);

/// All sums until now.
Totals totals(const Simulation& sim);

/// What happened from `begin` to `end`.
Totals between(const Totals& begin, const Totals& end);

}  // namespace hvlab::cluster
