// Catches functions that need the manager and go on without it, or the other way round; and faults that
// nobody told of.
#include <catch2/catch.hpp>

#include "sim/cluster/audit.hpp"
#include "small_cluster.hpp"

namespace hvlab::cluster {

using namespace test;

TEST_CASE(
    "when the manager fails machines run on, moves in progress end, high availability restarts, hosts start "
    "machines") {
  Simulation sim = small(3);
  sim.ha.on = true;
  sim.balancer.on = true;
  for (Index host = 0; host < 3; ++host) power_on(sim, add_machine(sim), host);
  sim.faults = {{10 * kSeconds, FaultKind::Manager}, {20 * kMinutes, FaultKind::Host, false, 1}};
  prepare(sim);
  ask_move(sim, 0, 2);
  run(sim, 10 * kMinutes);
  CHECK(sim.cluster.machines[0].host == 2);
  CHECK(ask_move(sim, 0, 0) == Refusal::NoManager);
  CHECK(enter_maintenance(sim, 0) == Refusal::NoManager);
  CHECK(power_on(sim, add_machine(sim), 0) == Refusal::None);
  run(sim, kHours);
  CHECK(sim.cluster.machines[1].restarts == 1);
  CHECK(sim.balancer.looks == 0);
  for (const std::string& broken : broken_laws(sim)) FAIL_CHECK(broken);
}

TEST_CASE("a manager in a virtual machine comes back with it") {
  Simulation sim = small(2);
  sim.ha.on = true;
  sim.cluster.overheads[0].services = kMinutes;
  const Index vm = add_machine(sim);
  power_on(sim, vm, 0);
  sim.manager.machine = vm;
  sim.faults = {{10 * kMinutes, FaultKind::Host, false, 0}};
  prepare(sim);
  CHECK(!manager_works(sim));
  run(sim, 2 * kMinutes);
  CHECK(manager_works(sim));
  run(sim, 10 * kMinutes + 30 * kSeconds);
  CHECK(!manager_works(sim));
  run(sim, 12 * kMinutes);
  CHECK(manager_works(sim));
}

TEST_CASE("a standby takes over from a manager that fails, and there is none for the second failure") {
  Simulation sim = small(2);
  sim.manager.standbys = 1;
  sim.faults = {{10 * kMinutes, FaultKind::Manager},
                {20 * kMinutes, FaultKind::Manager},
                {30 * kMinutes, FaultKind::Manager, true}};
  prepare(sim);
  for (const auto& [minute, works] :
       {std::pair{9, true}, {11, false}, {16, true}, {21, false}, {29, false}, {31, true}}) {
    run(sim, static_cast<u64>(minute) * kMinutes);
    CAPTURE(minute);
    CHECK(manager_works(sim) == works);
  }
}

TEST_CASE("a manager moves nothing from or to hosts that it does not reach") {
  Simulation sim = small(4);
  const Index vm = add_machine(sim), far = add_machine(sim);
  power_on(sim, vm, 0);
  power_on(sim, far, 2);
  sim.faults = {{kMinutes, FaultKind::Partition, false, 0, {2, 3}}};
  prepare(sim);
  run(sim, 2 * kMinutes);
  CHECK(ask_move(sim, far, 3) == Refusal::NoManager);
  CHECK(ask_move(sim, vm, 2) == Refusal::NoManager);
  CHECK(enter_maintenance(sim, 3) == Refusal::NoManager);
  CHECK(ask_move(sim, vm, 1) == Refusal::None);
}

TEST_CASE("a lost array is told of once, a spare disk loses nothing") {
  Simulation sim = small(1);
  sim.faults = {{kSeconds, FaultKind::Disk},
                {2 * kSeconds, FaultKind::Disk},
                {3 * kSeconds, FaultKind::Disk},
                {4 * kSeconds, FaultKind::Disk, true}};
  prepare(sim);
  run(sim, kSeconds);
  CHECK(times(sim, What::DataLost) == 0);
  run(sim, kMinutes);
  CHECK(when(sim, What::DataLost) == 2 * kSeconds);
  CHECK(times(sim, What::DataLost) == 1);
  CHECK(broken_laws(sim).empty());
}

TEST_CASE("all faults at once, and everything is mended: everybody runs again") {
  Simulation sim = small(3);
  sim.ha.on = true;
  for (Index host = 0; host < 3; ++host) power_on(sim, add_machine(sim), host);
  for (const bool mended : {false, true}) {
    const Nanoseconds at = mended ? kHours : kMinutes;
    for (Index i = 0; i < 3; ++i) sim.faults.push_back({at, FaultKind::Host, mended, i});
    sim.faults.push_back({at, FaultKind::Switch, mended, 0});
    sim.faults.push_back({at, FaultKind::Datastore, mended, 0});
    sim.faults.push_back({at, FaultKind::Manager, mended});
    sim.faults.push_back({at, FaultKind::Partition, mended, 0, {0}});
  }
  prepare(sim);
  run(sim, 30 * kMinutes);
  for (const VirtualMachine& vm : sim.cluster.machines) CHECK(!vm.is_on());
  for (const std::string& broken : broken_laws(sim)) FAIL_CHECK(broken);
  run(sim, 2 * kHours);
  for (const VirtualMachine& vm : sim.cluster.machines) CHECK(vm.state == VmState::Running);
  for (const std::string& broken : broken_laws(sim)) FAIL_CHECK(broken);
}

}  // namespace hvlab::cluster
