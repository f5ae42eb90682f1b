// Clusters of a few hosts for tests.
#pragma once

#include <algorithm>
#include <optional>

#include "sim/cluster/life.hpp"
#include "sim/cluster/simulation.hpp"

namespace hvlab::cluster::test {

inline constexpr u32 kSharedStore = 0;

/// `hosts` hosts of 8 x 2000 MHz and 32 GiB with two cards of 1 Gbit/s each, one shared datastore (0). Card 0
/// manages and serves, card 1 moves machines. Nothing starts up slowly or costs anything.
inline Simulation small(unsigned hosts) {
  Simulation sim;
  sim.cluster.overheads = {no_overhead()};
  sim.cluster.curves = {
      {{100'000, 110'000, 120'000, 130'000, 140'000, 150'000, 160'000, 170'000, 180'000, 190'000, 200'000},
       5'000}};
  Datastore store;
  store.kind = StorageKind::FibreChannel;
  store.disks = 8;
  store.redundant = 1;
  store.capacity = 10'000;
  store.bandwidth = 400;
  sim.cluster.datastores = {store};
  Host host;
  host.cores = 8;
  host.core_mhz = 2000;
  host.memory = 32 << 10;
  add_hosts(sim.cluster, hosts, host, 2, 1000);
  for (PortGroup& group : sim.cluster.groups) group.cards = 1;
  sim.cluster.groups[static_cast<size_t>(Purpose::Migration)].cards = 2;
  return sim;
}

/// A machine of two processors and 4 GiB that wants `permille` of them, its disk (20 GiB) on `store`; off.
inline Index add_machine(Simulation& sim, u16 permille = 500, Index store = kSharedStore) {
  VirtualMachine vm;
  vm.processors = 2;
  vm.memory = 4 << 10;
  vm.size = 2000;
  vm.disk = 20;
  vm.datastore = store;
  vm.demand = static_cast<Index>(sim.cluster.demands.size());
  sim.cluster.demands.push_back({DemandShape::Constant, permille});
  if (store != kNone) sim.cluster.datastores[store].used += vm.disk;
  sim.cluster.machines.push_back(vm);
  return static_cast<Index>(sim.cluster.machines.size() - 1);
}

/// When `what` first happened (to `machine` or `host`, if given); nothing if it did not.
inline std::optional<Nanoseconds> when(const Simulation& sim, What what, Index machine = kNone,
                                       Index host = kNone) {
  const auto found = std::ranges::find_if(sim.log, [&](const Occurrence& o) {
    return o.what == what && (machine == kNone || o.machine == machine) && (host == kNone || o.host == host);
  });
  return found == sim.log.end() ? std::nullopt : std::optional(found->at);
}

inline size_t times(const Simulation& sim, What what) {
  return static_cast<size_t>(std::ranges::count(sim.log, what, &Occurrence::what));
}

}  // namespace hvlab::cluster::test
