// Catches a balancer that leaves imbalance, moves for nothing, breaks rules, or works without its manager.
#include "sim/cluster/balancing.hpp"

#include <catch2/catch.hpp>

#include "sim/cluster/audit.hpp"
#include "small_cluster.hpp"

namespace hvlab::cluster {

using namespace test;

namespace {

Simulation crowded(unsigned hosts, unsigned machines) {
  Simulation sim = small(hosts);
  sim.balancer.on = true;
  for (unsigned i = 0; i < machines; ++i) power_on(sim, add_machine(sim), 0);
  return sim;
}

}  // namespace

TEST_CASE("imbalance is the standard deviation of loads") {
  Simulation sim = crowded(2, 4);  // loads 0.5 and 0
  prepare(sim);
  CHECK(imbalance(sim) == Approx(0.25));
}

TEST_CASE(
    "machines are moved away from a full host at the first look, after five minutes, until loads are even "
    "enough") {
  Simulation sim = crowded(4, 8);
  prepare(sim);
  run(sim, 5 * kMinutes - 1);
  CHECK(sim.moves.all.empty());
  run(sim, kHours);
  CHECK(imbalance(sim) <= threshold_of(sim.balancer, 4));
  for (const Host& host : sim.cluster.hosts) CHECK((host.machines.size() >= 1 && host.machines.size() <= 3));
  CHECK(times(sim, What::Moved) >= 5);
  for (const std::string& broken : broken_laws(sim)) FAIL_CHECK(broken);
}

TEST_CASE("a balanced cluster is left alone, and nobody is moved to and fro") {
  Simulation sim = crowded(4, 8);
  prepare(sim);
  run(sim, kHours);
  const size_t moved = times(sim, What::Moved);
  run(sim, 24 * kHours);
  CHECK(times(sim, What::Moved) == moved);
}

TEST_CASE("a move that costs more than it brings is not made") {
  CHECK(benefit(2000, 0.5, 0.0, 16'000, 300 * kSeconds) == Approx(0.375 * 2000 * 300));
  CHECK(benefit(2000, 0.5, 0.45, 16'000, 300 * kSeconds) == 0);
  CHECK(cost(4096, 1000, 500) == Approx(34.36 * 1000).epsilon(0.001));
  Simulation sim = crowded(2, 4);
  sim.moves.service = 16'000;
  prepare(sim);
  run(sim, kHours);
  CHECK(sim.moves.all.empty());
}

TEST_CASE("without the manager, or switched off, nothing is balanced") {
  Simulation sim = crowded(4, 8);
  sim.manager.up = false;
  prepare(sim);
  run(sim, kHours);
  CHECK(sim.moves.all.empty());
  CHECK(when(sim, What::NoManager).has_value());
  sim = crowded(4, 8);
  sim.balancer.on = false;
  prepare(sim);
  run(sim, kHours);
  CHECK(sim.moves.all.empty());
}

TEST_CASE("machines that are to be apart are put apart, and stay on their group of hosts") {
  Simulation sim = crowded(3, 2);
  prepare(sim);
  sim.cluster.machines[0].apart = sim.cluster.machines[1].apart = 1;
  run(sim, kHours);
  CHECK(sim.cluster.machines[0].host != sim.cluster.machines[1].host);
  sim = crowded(4, 8);
  sim.cluster.host_groups = {{}, {0, 1}};
  for (VirtualMachine& vm : sim.cluster.machines) vm.hosts = 1;
  prepare(sim);
  run(sim, kHours);
  CHECK(sim.cluster.hosts[0].machines.size() == 4);
  CHECK(sim.cluster.hosts[1].machines.size() == 4);
}

TEST_CASE("the levels' thresholds are those of the published formula") {
  Balancer balancer;
  CHECK(threshold_of(balancer, 4) == Approx(0.1));  // 6 - ceil(0.1 / 0.1 x 2) is 4: not made at level 3
  CHECK(threshold_of(balancer, 16) == Approx(0.05));
  CHECK(threshold_of(balancer, 10'000) == threshold_of(balancer, 64));
  balancer.level = 2;
  CHECK(threshold_of(balancer, 4) == Approx(0.15));
  balancer.level = 5;
  CHECK(threshold_of(balancer, 4) == 0);
  balancer.level = 1;
  CHECK(threshold_of(balancer, 4) > 1e6);
  balancer.threshold = 0.3;
  CHECK(threshold_of(balancer, 4) == 0.3);
}

TEST_CASE("where there is not enough for all, shares decide what balance is") {
  Simulation sim = small(2);
  for (int i = 0; i < 8; ++i) {
    const Index vm = add_machine(sim, 1000);
    sim.cluster.machines[vm].processors = 4;
    sim.cluster.machines[vm].memory = 1 << 10;
    sim.cluster.machines[vm].shares = i < 4 ? 4000 : 1000;
    power_on(sim, vm, i < 4 ? 0 : 1);
  }
  prepare(sim);
  run(sim, kMinutes);
  // 64 000 MHz are wanted of 32 000: those with more shares are entitled to 6400 each and stand on one host.
  CHECK(entitlements(sim)[0] == Approx(6400).epsilon(0.01));
  CHECK(entitlements(sim)[7] == Approx(1600).epsilon(0.01));
  CHECK(imbalance(sim) == Approx(0.6).epsilon(0.01));
  sim.balancer.on = true;
  balance(sim);
  run(sim, kHours);
  CHECK(imbalance(sim) == Approx(0.2).epsilon(0.01));  // one of them has moved; two would be no better
}

}  // namespace hvlab::cluster
