// Catches plans that no cluster has and that the simulation would divide by zero, overflow or wait for ever
// with.
#include <catch2/catch.hpp>

#include <functional>

#include "sim/base/user_error.hpp"
#include "sim/cluster/audit.hpp"
#include "sim/cluster/plan.hpp"

namespace hvlab::cluster {

namespace {

Plan sound() {
  Plan plan;
  plan.hosts.resize(1);
  plan.hosts[0].name = "host";
  plan.hosts[0].count = 2;
  plan.datastores = {{"san", {}, "", {}}};
  plan.datastores[0].what.kind = StorageKind::FibreChannel;
  plan.datastores[0].what.capacity = 1000;
  plan.machines.resize(1);
  plan.machines[0].name = "vm";
  plan.machines[0].count = 3;
  plan.machines[0].datastore = "san";
  return plan;
}

}  // namespace

TEST_CASE("plans that cannot be are refused with what is wrong and what is possible") {
  const struct {
    const char* says;
    std::function<void(Plan&)> spoils;
  } kCases[] = {
      {"hosts 'host': cores is 0; it must be from 1 to 1024", [](Plan& p) { p.hosts[0].cores = 0; }},
      {"hosts 'host': cores is 65535", [](Plan& p) { p.hosts[0].cores = 65'535; }},
      {"hosts 'host': MHz of a core is 0", [](Plan& p) { p.hosts[0].core_mhz = 0; }},
      {"hosts 'host': memory in MiB is 4294967295", [](Plan& p) { p.hosts[0].memory = kNone; }},
      {"hosts 'host': Mbit/s of a card is 0", [](Plan& p) { p.hosts[0].mbps = 0; }},
      {"hosts 'host': cards is 65535", [](Plan& p) { p.hosts[0].cards = 65'535; }},
      {"there are 4294967295 hosts", [](Plan& p) { p.hosts[0].count = kNone; }},
      {"there are 4294967295 machines", [](Plan& p) { p.machines[0].count = kNone; }},
      {"the network: physical switches is 0", [](Plan& p) { p.switches = 0; }},
      {"a port group: VLAN is 64", [](Plan& p) { p.groups[0].vlan = 64; }},
      {"datastore 'san': disks is 0", [](Plan& p) { p.datastores[0].what.disks = 0; }},
      {"datastore 'san': thousandths of reads from the cache is 1001",
       [](Plan& p) { p.datastores[0].what.cache_hits = 1001; }},
      {"machines 'vm': processors is 0", [](Plan& p) { p.machines[0].what.processors = 0; }},
      {"machines 'vm': the demand's period in ns is 0", [](Plan& p) { p.machines[0].demand.period = 0; }},
      {"machines 'vm': the demand in thousandths is 1001", [](Plan& p) { p.machines[0].demand.low = 1001; }},
      {"the plan: the load step in ns is 1", [](Plan& p) { p.load_step = 1; }},
      {"balancing: the period in ns is 0", [](Plan& p) { p.balancer.period = 0; }},
      {"high availability: the wait for a retry in ns is 0", [](Plan& p) { p.ha.retry = 0; }},
      {"power saving: the tolerance", [](Plan& p) { p.power.tolerance = 900; }},
      {"a fault is of host number 2, of which there are 2",
       [](Plan& p) { p.faults = {{0, FaultKind::Host, false, 2}}; }},
      {"a fault is of card number 4", [](Plan& p) { p.faults = {{0, FaultKind::Card, false, 4}}; }},
      {"a partition has host number 7",
       [](Plan& p) { p.faults = {{0, FaultKind::Partition, false, 0, {7}}}; }},
      {"an order to move is of", [](Plan& p) { p.orders = {{0, OrderKind::Move, 3}}; }},
      {"an order to move-disk is of", [](Plan& p) { p.orders = {{0, OrderKind::MoveDisk, 0}}; }},
      {"two hosts are called 'host-1'",
       [](Plan& p) { p.hosts.push_back(p.hosts[0]), p.hosts[1].name = "host-1", p.hosts[1].count = 1; }},
  };
  for (const auto& [says, spoils] : kCases) {
    Plan plan = sound();
    CHECK_NOTHROW(check(plan));
    spoils(plan);
    CHECK_THROWS_WITH(simulation_of(plan), Catch::StartsWith(says));
  }
}

TEST_CASE("the largest cluster of one host that may be planned keeps its sums") {
  Plan plan = sound();
  plan.hosts[0] = {"host", 2, 1024, 100'000, 64u << 20, 8, 1'000'000, {}};
  VirtualMachine& vm = plan.machines[0].what;
  vm.processors = 1024;
  vm.memory = 30u << 20;
  vm.reads = vm.writes = 10'000'000;
  vm.packets = 100'000'000;
  vm.request_kib = 16'384;
  plan.machines[0].demand.low = 1000;
  plan.machines[0].writes = {{{{kNone, kNone}, {kNone, kNone}, {kNone, kNone}}}};
  plan.orders = {{kMinutes, OrderKind::Move, 0, 1}};
  for (const PrecopyPolicy& policy : precopy_policies()) {
    plan.migration = policy.name;
    Simulation sim = simulation_of(plan);
    run(sim, kDays);
    CHECK(sim.cluster.hosts[0].capacity() == 102'400'000);
    CHECK(broken_laws(sim).empty());
  }
}

TEST_CASE("no hosts and no machines are a cluster in which nothing happens") {
  Plan plan;
  plan.ha.on = plan.balancer.on = plan.power.on = true;
  Simulation sim = simulation_of(plan);
  run(sim, kDays);
  CHECK(broken_laws(sim).empty());
  plan.machines.resize(1);
  plan.machines[0].name = "homeless";
  sim = simulation_of(plan);
  run(sim, kDays);
  CHECK(broken_laws(sim).empty());
}

}  // namespace hvlab::cluster
