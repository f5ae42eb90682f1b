#include "sim/cluster/account.hpp"

#include <algorithm>

#include "sim/cluster/life.hpp"
#include "sim/cluster/load.hpp"
#include "sim/cluster/simulation.hpp"

namespace hvlab::cluster {

namespace {

constexpr u64 kAll = 1000;

// Members that are only subtracted.
constexpr Sum Totals::* kSums[] = {&Totals::hosts_on,
                                   &Totals::overloaded,
                                   &Totals::offered,
                                   &Totals::used,
                                   &Totals::energy,
                                   &Totals::wanted,
                                   &Totals::got,
                                   &Totals::own_wanted,
                                   &Totals::own_got,
                                   &Totals::requests,
                                   &Totals::requests_wanted,
                                   &Totals::request_cycles,
                                   &Totals::waited,
                                   &Totals::down,
                                   &Totals::imbalance,
                                   &Totals::manager_away};
constexpr u64 Totals::* kCounts[] = {&Totals::restarts,     &Totals::moves,      &Totals::manager_asked,
                                     &Totals::manager_done, &Totals::host_asked, &Totals::host_done};

void count_disk(const Cluster& cluster, const VirtualMachine& vm, DiskCounts& counts) {
  if (vm.datastore == kNone) return;
  const Datastore& store = cluster.datastores[vm.datastore];
  ++(vm.pooled != kNone ? counts.pooled : is_shared(store) ? counts.shared : counts.local);
  ++(vm.disk_kind == DiskKind::RawVirtual    ? counts.raw_virtual
     : vm.disk_kind == DiskKind::RawPhysical ? counts.raw_physical
                                             : counts.files);
}

// A machine is switched on, when it is the manager's affair to say where, and all else but switching it off.
bool needs_manager(const Order& order) {
  return order.kind == OrderKind::PowerOn ? order.host == kNone : order.kind != OrderKind::PowerOff;
}

}  // namespace

void begin_account(Simulation& sim) {
  for (const VirtualMachine& vm : sim.cluster.machines) count_disk(sim.cluster, vm, sim.account.disks);
  for (u32 i = 0; i < sim.windows.size(); ++i) {
    sim.calendar.add(sim.windows[i].from - sim.now(), EventKind::WindowEdge, 2 * i);
    sim.calendar.add(sim.windows[i].to - sim.now(), EventKind::WindowEdge, 2 * i + 1);
  }
}

void window_edge(Simulation& sim, u32 edge) {
  settle_all(sim);
  account_rest(sim);
  Window& window = sim.windows[edge / 2];
  (edge % 2 == 0 ? window.begin : window.end) = totals(sim);
}

void account_host(Simulation& sim, Index at, Nanoseconds span) {
  const Host& host = sim.cluster.hosts[at];
  u64 own_wanted = 0, own_got = 0, requests = 0, requests_wanted = 0, waited = 0;
  Sum cycles = 0;
  for (const Index machine : host.machines) {
    const VirtualMachine& vm = sim.cluster.machines[machine];
    if (vm.wants == 0) continue;
    own_wanted += vm.guest_wants;
    own_got += u64{vm.guest_wants} * vm.gets / vm.wants;
    if (vm.datastore == kNone || vm.io_wants == 0) continue;
    requests_wanted += vm.io_wants;
    requests += vm.io_gets;
    waited += u64{vm.io_gets} * sim.cluster.datastores[vm.datastore].response;
    cycles += Sum{vm.io_gets} * request_cycles(sim.cluster, vm);
  }
  Totals& sums = sim.account.sums;
  sums.hosts_on += span;
  if (host.wanted > host.capacity() - host.served) sums.overloaded += span;
  sums.own_wanted += Sum{own_wanted} * span;
  sums.own_got += Sum{own_got} * span;
  sums.requests += Sum{requests} * span;
  sums.requests_wanted += Sum{requests_wanted} * span;
  sums.request_cycles += cycles * span;
  sums.waited += Sum{waited} * span;
}

void account_rest(Simulation& sim) {
  Totals& sums = sim.account.sums;
  const Nanoseconds span = sim.now() - sim.account.settled;
  sim.account.settled = sim.now();
  sums.busy.resize(sim.cluster.datastores.size());
  for (size_t i = 0; i < sums.busy.size(); ++i) sums.busy[i] += Sum{sim.cluster.datastores[i].busy} * span;
  sums.imbalance += Sum{sim.account.imbalance} * span;
  if (!manager_works(sim)) sums.manager_away += span;
}

void note_peaks(Simulation& sim) {
  Account& account = sim.account;
  account.imbalance = static_cast<u32>(std::min(imbalance(sim), 1e6) * kAll);
  account.most_wanted_each.resize(sim.cluster.machines.size());
  u64 sum = 0;
  for (size_t i = 0; i < sim.cluster.machines.size(); ++i) {
    const u32 wants = sim.cluster.machines[i].guest_wants;
    sum += wants;
    account.most_wanted_each[i] = std::max(account.most_wanted_each[i], wants);
  }
  account.most_wanted = std::max(account.most_wanted, sum);
}

void account_order(Simulation& sim, const Order& order, Refusal refusal) {
  Totals& sums = sim.account.sums;
  const u64 done = refusal == Refusal::None ? 1 : 0;
  ++sums.asked[static_cast<size_t>(order.kind)];
  sums.done[static_cast<size_t>(order.kind)] += done;
  ++(needs_manager(order) ? sums.manager_asked : sums.host_asked);
  (needs_manager(order) ? sums.manager_done : sums.host_done) += done;
}

Totals totals(const Simulation& sim) {
  Totals all = sim.account.sums;
  all.time = sim.now();
  for (const Host& host : sim.cluster.hosts) {
    all.offered += host.offered;
    all.used += host.used + host.in_service;
    all.energy += host.energy;
  }
  for (Index i = 0; i < sim.cluster.machines.size(); ++i) {
    const VirtualMachine& vm = sim.cluster.machines[i];
    all.wanted += vm.wanted;
    all.got += vm.used;
    all.down += down_time(sim, i);
    all.moves += vm.moves;
  }
  all.restarts = sim.ha.restarts;
  return all;
}

Totals between(const Totals& begin, const Totals& end) {
  Totals part = end;
  part.time -= begin.time;
  for (const auto member : kSums) part.*member -= begin.*member;
  for (const auto member : kCounts) part.*member -= begin.*member;
  for (size_t i = 0; i < std::min(part.busy.size(), begin.busy.size()); ++i) part.busy[i] -= begin.busy[i];
  for (size_t kind = 0; kind < part.asked.size(); ++kind) {
    part.asked[kind] -= begin.asked[kind];
    part.done[kind] -= begin.done[kind];
  }
  return part;
}

}  // namespace hvlab::cluster
