// Catches machines started where they may not be, and time that nobody counts.
#include "sim/cluster/life.hpp"

#include <catch2/catch.hpp>

#include "small_cluster.hpp"

namespace hvlab::cluster {

using namespace test;

TEST_CASE("a machine is refused by hosts without memory, time, disk, or against a rule") {
  Simulation sim = small(3);
  prepare(sim);
  const Index big = add_machine(sim);
  sim.cluster.machines[big].memory = 40 << 10;
  CHECK(power_on(sim, big, 0) == Refusal::NoMemory);
  const Index greedy = add_machine(sim);
  sim.cluster.machines[greedy].reservation = 17'000;
  CHECK(power_on(sim, greedy, 0) == Refusal::NoProcessorTime);
  Datastore local;
  local.host = 2;
  sim.cluster.datastores.push_back(local);
  const Index bound = add_machine(sim, 500, 1);
  CHECK(power_on(sim, bound, 0) == Refusal::NoDatastore);
  CHECK(power_on(sim, bound, 2) == Refusal::None);
  sim.cluster.host_groups = {{}, {1, 2}};
  const Index grouped = add_machine(sim);
  sim.cluster.machines[grouped].hosts = 1;
  CHECK(power_on(sim, grouped, 0) == Refusal::RuleHosts);
  const Index one = add_machine(sim), other = add_machine(sim), friend_of_one = add_machine(sim);
  sim.cluster.machines[one].apart = sim.cluster.machines[other].apart = 1;
  sim.cluster.machines[one].together = sim.cluster.machines[friend_of_one].together = 1;
  CHECK(power_on(sim, one, 0) == Refusal::None);
  CHECK(power_on(sim, other, 0) == Refusal::RuleApart);
  CHECK(power_on(sim, friend_of_one, 1) == Refusal::RuleTogether);
  CHECK(power_on(sim, friend_of_one, 0) == Refusal::None);
  sim.cluster.hosts[1].maintenance = true;
  CHECK(power_on(sim, other, 1) == Refusal::Maintenance);
}

TEST_CASE(
    "a machine serves after its way's start-up time, not before, and not if it was switched off meanwhile") {
  Simulation sim = small(1);
  sim.cluster.overheads[0].services = 20 * kSeconds;
  prepare(sim);
  const Index vm = add_machine(sim), other = add_machine(sim);
  power_on(sim, vm, 0);
  power_on(sim, other, 0);
  run(sim, 10 * kSeconds);
  power_off(sim, other, true);
  power_on(sim, other, 0);
  run(sim, kMinutes);
  CHECK(when(sim, What::Serves, vm) == 20 * kSeconds);
  CHECK(when(sim, What::Serves, other) == 30 * kSeconds);
}

TEST_CASE("the freest host is the one with most time unreserved") {
  Simulation sim = small(3);
  prepare(sim);
  for (const auto& [host, reservation] : {std::pair{0u, 4000u}, {1u, 1000u}, {2u, 2000u}}) {
    const Index vm = add_machine(sim);
    sim.cluster.machines[vm].reservation = reservation;
    power_on(sim, vm, host);
  }
  CHECK(freest_host(sim.cluster, add_machine(sim)) == 1);
}

}  // namespace hvlab::cluster
