// Catches machines that go on as if nothing was when their disks are out of reach, and downtime that nobody
// counts.
#include <catch2/catch.hpp>

#include "sim/cluster/audit.hpp"
#include "small_cluster.hpp"

namespace hvlab::cluster {

using namespace test;

namespace {

void check_laws(Simulation& sim) {
  for (const std::string& broken : broken_laws(sim)) FAIL_CHECK(broken);
}

}  // namespace

TEST_CASE("while an array is down its machines stand still and count as down") {
  Simulation sim = small(2);
  const Index vm = add_machine(sim);
  power_on(sim, vm, 0);
  sim.faults = {{kMinutes, FaultKind::Datastore, false, 0}, {11 * kMinutes, FaultKind::Datastore, true, 0}};
  prepare(sim);
  run(sim, 5 * kMinutes);
  CHECK(sim.cluster.machines[vm].frozen);
  CHECK(sim.cluster.machines[vm].gets == 0);
  check_laws(sim);
  run(sim, kHours);
  CHECK(sim.cluster.machines[vm].down == 10 * kMinutes);
  CHECK(sim.cluster.machines[vm].gets == 2000);
  CHECK(times(sim, What::DiskAway) == 1);
  check_laws(sim);
}

TEST_CASE(
    "a card of the storage network stops the machines of its host that are on NFS, not those on Fibre "
    "Channel") {
  Simulation sim = small(2);
  Datastore nfs = sim.cluster.datastores[0];
  nfs.kind = StorageKind::Nfs;
  sim.cluster.datastores.push_back(nfs);
  sim.cluster.groups[static_cast<size_t>(Purpose::Management)].cards = 3;
  const Index on_fc = add_machine(sim, 500, 0), on_nfs = add_machine(sim, 500, 1);
  power_on(sim, on_fc, 0);
  power_on(sim, on_nfs, 0);
  sim.faults = {{kMinutes, FaultKind::Card, false, 0}};
  prepare(sim);
  run(sim, 5 * kMinutes);
  CHECK(!sim.cluster.machines[on_fc].frozen);
  CHECK(sim.cluster.machines[on_nfs].frozen);
  // Moved to a host that reaches its disk it goes on.
  REQUIRE(ask_move(sim, on_nfs, 1) == Refusal::None);
  run(sim, kHours);
  CHECK(sim.cluster.machines[on_nfs].host == 1);
  CHECK(!sim.cluster.machines[on_nfs].frozen);
  CHECK(sim.cluster.machines[on_nfs].down_since == kForever);
  check_laws(sim);
}

TEST_CASE("machines that are to be together leave a host that is emptied together") {
  Simulation sim = small(3);
  for (int i = 0; i < 3; ++i) {
    const Index vm = add_machine(sim);
    sim.cluster.machines[vm].together = 1;
    power_on(sim, vm, 0);
  }
  prepare(sim);
  CHECK(enter_maintenance(sim, 0) == Refusal::None);
  run(sim, kHours);
  CHECK(times(sim, What::Evacuated) == 1);
  CHECK(sim.cluster.machines[0].host != 0);
  CHECK(sim.cluster.machines[1].host == sim.cluster.machines[0].host);
  CHECK(sim.cluster.machines[2].host == sim.cluster.machines[0].host);
  check_laws(sim);
}

TEST_CASE("who found no other host, or was starting, leaves a host that is emptied later") {
  Simulation sim = small(2);
  sim.cluster.overheads[0].services = kMinutes;
  const Index big = add_machine(sim), starting = add_machine(sim);
  sim.cluster.machines[big].memory = 30 << 10;
  power_on(sim, big, 1);
  power_on(sim, starting, 0);
  prepare(sim);
  CHECK(enter_maintenance(sim, 0) == Refusal::None);
  run(sim, 5 * kMinutes);
  CHECK(sim.cluster.machines[starting].host == 0);
  power_off(sim, big, true);
  run(sim, 10 * kMinutes);
  CHECK(sim.cluster.machines[starting].host == 1);
  CHECK(times(sim, What::Evacuated) == 1);
  check_laws(sim);
}

TEST_CASE(
    "a repair without a fault starts no host that sleeps, and a host that breaks asleep does not boot") {
  Simulation sim = small(2);
  sim.cluster.hosts[1].state = HostState::Off;
  sim.power.asleep = {1};
  happens(sim, {0, FaultKind::Host, true, 1});
  CHECK(sim.cluster.hosts[1].state == HostState::Off);
  happens(sim, {0, FaultKind::Host, false, 1});
  CHECK(sim.cluster.hosts[1].state == HostState::Failed);
  CHECK(sim.power.asleep.empty());
}

TEST_CASE("a host that breaks while it boots is broken when it would be on") {
  Simulation sim = small(2);
  sim.cluster.hosts[1].state = HostState::Booting;
  sim.power.booting = 1;
  happens(sim, {0, FaultKind::Host, false, 1});
  host_has_booted(sim, 1);
  CHECK(sim.cluster.hosts[1].state == HostState::Failed);
  CHECK(sim.power.booting == 0);
}

}  // namespace hvlab::cluster
