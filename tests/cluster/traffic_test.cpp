// Catches machines' traffic that takes no bandwidth, more than a card has, or a card that does not work.
#include "sim/cluster/traffic.hpp"

#include <catch2/catch.hpp>

#include "sim/cluster/audit.hpp"
#include "sim/cluster/metrics.hpp"
#include "small_cluster.hpp"

namespace hvlab::cluster {

using namespace test;

namespace {

PortGroup& group(Simulation& sim, Purpose purpose) {
  return sim.cluster.groups[static_cast<size_t>(purpose)];
}

// Sends and receives `megabytes` a second each.
Index chatty(Simulation& sim, u32 megabytes, Index host = 0) {
  const Index vm = add_machine(sim, 1000);
  sim.cluster.machines[vm].packets = 2 * megabytes * 1000;
  sim.cluster.machines[vm].packet_bytes = 1000;
  CHECK(power_on(sim, vm, host) == Refusal::None);
  return vm;
}

void check_laws(Simulation& sim) {
  for (const std::string& broken : broken_laws(sim)) FAIL_CHECK(broken);
}

double move_takes(Simulation& sim, Index vm) {
  prepare(sim);
  run(sim, kMinutes);
  CHECK(ask_move(sim, vm, 1) == Refusal::None);
  run(sim, kHours);
  check_laws(sim);
  REQUIRE(sim.moves.all[0].phase == MovePhase::Done);
  return seconds(sim.moves.all[0].ended - sim.moves.all[0].began);
}

}  // namespace

TEST_CASE("machines send what their card carries, and no more than their port group may") {
  Simulation sim = small(2);
  for (int i = 0; i < 3; ++i) chatty(sim, 30);
  prepare(sim);
  run(sim, 10 * kMinutes);
  CHECK(metric(sim, "machines.traffic.served") == 1);
  CHECK(metric(sim, "machines.traffic") == Approx(3e6 * 60 * 600));
  chatty(sim, 60);
  run(sim, 20 * kMinutes);
  CHECK(sim.cluster.nics[0].ways[Out].given == 125'000'000);
  CHECK(sim.cluster.nics[0].ways[Out].wanted == 150'000'000);
  group(sim, Purpose::Machines).limit = 500;
  run(sim, 30 * kMinutes);
  CHECK(sim.cluster.nics[0].ways[Out].given == Approx(62'500'000));
  check_laws(sim);
}

TEST_CASE(
    "a move on the machines' card takes longer, and takes from them; on a card of its own it does neither") {
  Simulation apart = small(2), shared = small(2);
  group(shared, Purpose::Migration).cards = 1;
  const Index a = chatty(apart, 100), s = chatty(shared, 100);
  const double alone = move_takes(apart, a), beside = move_takes(shared, s);
  CHECK(beside == Approx(2 * alone).epsilon(0.05));
  CHECK(metric(apart, "machines.traffic.served") == 1);
  CHECK(metric(shared, "machines.traffic.served") < 1);
}

TEST_CASE("a limit of the migration's port group leaves the machines their traffic") {
  Simulation sim = small(2);
  group(sim, Purpose::Migration).cards = 1;
  group(sim, Purpose::Migration).limit = 100;
  const Index vm = chatty(sim, 100);
  CHECK(move_takes(sim, vm) > 4.29e9 / 12.5e6);
  CHECK(metric(sim, "machines.traffic.served") == 1);
}

TEST_CASE("traffic takes the next card when one fails, and none when the last one has") {
  Simulation sim = small(2);
  group(sim, Purpose::Machines).cards = 3;
  chatty(sim, 50);
  sim.faults = {{kMinutes, FaultKind::Card, false, 0}, {2 * kMinutes, FaultKind::Card, false, 1}};
  prepare(sim);
  run(sim, kMinutes - 1);
  CHECK(sim.cluster.nics[0].ways[Out].given == 50'000'000);
  run(sim, 90 * kSeconds);
  CHECK(sim.cluster.nics[0].ways[Out].given == 0);
  CHECK(sim.cluster.nics[1].ways[Out].given == 50'000'000);
  run(sim, 3 * kMinutes);
  CHECK(sim.cluster.nics[1].ways[Out].given == 0);
  CHECK(sim.cluster.hosts[0].traffic == 100'000'000);
  check_laws(sim);
}

TEST_CASE(
    "requests to disks over the network take its cards and are bound by them; those by Fibre Channel are "
    "not") {
  for (const StorageKind kind : {StorageKind::FibreChannel, StorageKind::Nfs}) {
    Simulation sim = small(1);
    sim.cluster.datastores[0].kind = kind;
    sim.cluster.datastores[0].disk_iops = 10'000;
    sim.cluster.datastores[0].bandwidth = 1000;
    const Index vm = add_machine(sim, 1000);
    sim.cluster.machines[vm].reads = 5000;
    sim.cluster.machines[vm].request_kib = 64;
    power_on(sim, vm, 0);
    prepare(sim);
    run(sim, 10 * kMinutes);
    const bool network = kind == StorageKind::Nfs;
    CHECK(sim.cluster.nics[0].ways[In].wanted == (network ? 5000u * 65'536 : 0));
    CHECK(sim.cluster.machines[vm].io_gets == Approx(network ? 125e6 / 65'536 : 5000).epsilon(0.01));
    check_laws(sim);
  }
}

}  // namespace hvlab::cluster
