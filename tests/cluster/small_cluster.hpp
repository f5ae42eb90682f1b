// Clusters without names for tests, and large ones of the same make for benchmarks.
#pragma once

#include <algorithm>
#include <optional>

#include "sim/cluster/life.hpp"
#include "sim/cluster/simulation.hpp"

namespace hvlab::cluster::test {

inline constexpr u32 kSharedStore = 0;

/// `hosts` hosts alike with two cards, one shared datastore (0). Nothing starts up slowly or costs anything.
inline Simulation cluster_of(unsigned hosts, const Host& host, u32 mbps) {
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
  add_hosts(sim.cluster, hosts, host, 2, mbps);
  return sim;
}

inline Host host_of(u16 cores, u32 core_mhz, u32 gibibytes) {
  Host host;
  host.cores = cores;
  host.core_mhz = core_mhz;
  host.memory = gibibytes << 10;
  return host;
}

/// `hosts` hosts of 8 x 2000 MHz and 32 GiB, their cards of 1 Gbit/s. Card 0 manages and serves, card 1 moves
/// machines.
inline Simulation small(unsigned hosts) {
  Simulation sim = cluster_of(hosts, host_of(8, 2000, 32), 1000);
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
