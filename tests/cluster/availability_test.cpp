// Holds timelines of failures to the second against what was published, and catches machines that are
// restarted twice, too early, in the wrong order or not at all.
#include "sim/cluster/availability.hpp"

#include <catch2/catch.hpp>

#include "sim/cluster/audit.hpp"
#include "small_cluster.hpp"

namespace hvlab::cluster {

using namespace test;

namespace {

constexpr Nanoseconds kFault = 100 * kSeconds;

// Four hosts with a machine each; the primary is host 3. Whatever `fault` is happens at 100 s.
Simulation watched(const char* timings, Fault fault) {
  Simulation sim = small(4);
  sim.ha.on = true;
  sim.ha.timings = *find_ha_timings(timings);
  for (Index host = 0; host < 4; ++host) power_on(sim, add_machine(sim), host);
  fault.at = kFault;
  sim.faults = {fault};
  return sim;
}

double after(const Simulation& sim, What what, Index host) {
  const auto at = when(sim, what, kNone, host);
  return at ? (static_cast<double>(*at) - static_cast<double>(kFault)) / 1e9 : -1;
}

void check_laws(Simulation& sim) {
  for (const std::string& broken : broken_laws(sim)) FAIL_CHECK(broken);
}

Fault management_card_of(Index host) { return {0, FaultKind::Card, false, 2 * host}; }

}  // namespace

TEST_CASE(
    "vSphere 5: a failed secondary is watched at 3 s, unreachable at 10 s, dead at 18 s; 15 s without "
    "datastores") {
  Simulation sim = watched("vsphere-5.0", {0, FaultKind::Host, false, 1});
  prepare(sim);
  CHECK(watcher_of(sim, 0) == 3);
  run(sim, 3 * kMinutes);
  CHECK(after(sim, What::HaMonitors, 1) == 3);
  CHECK(after(sim, What::HaUnreachable, 1) == 10);
  CHECK(after(sim, What::HaDead, 1) == 18);
  CHECK(sim.cluster.machines[1].is_on());
  CHECK(sim.cluster.machines[1].restarts == 1);
  CHECK(sim.cluster.machines[1].down == 18 * kSeconds);
  check_laws(sim);

  sim = watched("vsphere-5.0", {0, FaultKind::Host, false, 1});
  sim.ha.datastore_heartbeats = false;
  prepare(sim);
  run(sim, 3 * kMinutes);
  CHECK(after(sim, What::HaDead, 1) == 15);
  CHECK(!when(sim, What::HaMonitors));
}

TEST_CASE("vSphere 5: a failed primary is missed at 10 s, succeeded at 25 s, dead at 50 s") {
  Simulation sim = watched("vsphere-5.1", {0, FaultKind::Host, false, 3});
  prepare(sim);
  run(sim, 4 * kMinutes);
  CHECK(after(sim, What::HaElection, 3) == 10);
  CHECK(after(sim, What::HaElected, 2) == 25);
  CHECK(after(sim, What::HaUnreachable, 3) == 35);
  CHECK(after(sim, What::HaDead, 3) == 50);
  CHECK(sim.cluster.machines[3].down == 50 * kSeconds);
  check_laws(sim);
}

TEST_CASE(
    "vSphere 5: an isolated secondary says so at 30 s, an isolated primary at 5 s; 5.1 responds 30 s later") {
  for (const auto& [timings, delay] : {std::pair{"vsphere-5.0", 0.0}, {"vsphere-5.1", 30.0}}) {
    for (const auto& [host, says] : {std::pair{Index{1}, 30.0}, {Index{3}, 5.0}}) {
      Simulation sim = watched(timings, management_card_of(host));
      sim.ha.response = IsolationResponse::PowerOff;
      prepare(sim);
      run(sim, 4 * kMinutes);
      CAPTURE(timings, host);
      CHECK(after(sim, What::HaIsolated, host) == says);
      CHECK(after(sim, What::HaResponse, host) == says + delay);
      CHECK(after(sim, What::HaLives, host) == (host == 3 ? 50 : 18));
      // It is restarted elsewhere once it is off and the others know the host's state.
      CHECK(sim.cluster.machines[host].restarts == 1);
      CHECK(sim.cluster.machines[host].host != host);
      check_laws(sim);
    }
  }
}

TEST_CASE("vSphere 4: isolated at 12 s, its machines off at 14 s, failed at 15 s") {
  Simulation sim = watched("vsphere-4", management_card_of(1));
  sim.ha.response = IsolationResponse::PowerOff;
  prepare(sim);
  run(sim, 3 * kMinutes);
  CHECK(after(sim, What::HaIsolated, 1) == 12);
  CHECK(after(sim, What::HaResponse, 1) == 14);
  CHECK(after(sim, What::HaDead, 1) == 15);
  CHECK(sim.cluster.machines[1].down == kSeconds);
  check_laws(sim);
}

TEST_CASE("machines left on by an isolated host run on and are not started a second time") {
  for (const char* timings : {"vsphere-4", "vsphere-5.1"}) {
    Simulation sim = watched(timings, management_card_of(1));
    prepare(sim);
    run(sim, 10 * kMinutes);
    CHECK(sim.cluster.machines[1].host == 1);
    CHECK(sim.cluster.machines[1].down == 0);
    CHECK(times(sim, What::PowerOn) == 4);
    check_laws(sim);
  }
}

TEST_CASE(
    "vSphere 5: hosts that are cut off together live on, elect a primary of their own, and follow one "
    "again") {
  Simulation sim = watched("vsphere-5.1", {0, FaultKind::Partition, false, 0, {0, 1}});
  sim.faults.push_back({300 * kSeconds, FaultKind::Partition, true, 0, {0, 1}});
  sim.ha.response = IsolationResponse::PowerOff;
  prepare(sim);
  run(sim, 200 * kSeconds);
  CHECK(after(sim, What::HaLives, 0) == 18);
  CHECK(after(sim, What::HaLives, 1) == 18);
  CHECK(after(sim, What::HaElection, 3) == 10);
  CHECK(after(sim, What::HaElected, 1) == 25);
  CHECK(after(sim, What::HaUnreachable, 3) == 35);
  CHECK(after(sim, What::HaLives, 3) == 50);
  CHECK(watcher_of(sim, 0) == 1);
  CHECK(watcher_of(sim, 2) == 3);
  CHECK(sim.ha.owners[kSharedStore] == 3);  // it keeps the lock
  check_laws(sim);
  run(sim, 10 * kMinutes);
  CHECK(!when(sim, What::HaIsolated));
  CHECK(after(sim, What::HaBack, 0) == 200);
  CHECK(watcher_of(sim, 0) == 3);
  CHECK(sim.ha.watchers.size() == 1);
  CHECK(sim.ha.restarts == 0);
  check_laws(sim);
}

TEST_CASE(
    "vSphere 5: who fails in the other part of the network is restarted by whoever has its datastore's "
    "lock") {
  Simulation sim = watched("vsphere-5.1", {0, FaultKind::Partition, false, 0, {0, 1}});
  sim.faults.push_back({kFault + 60 * kSeconds, FaultKind::Host, false, 0});
  prepare(sim);
  run(sim, 10 * kMinutes);
  // The primary of host 0's own part hears that it is gone and is not responsible; the other one saw its
  // heartbeats on the datastore end, and has only its own hosts to restart on.
  CHECK(sim.cluster.machines[0].down == 18 * kSeconds);
  CHECK(sim.cluster.machines[0].host >= 2);
  CHECK(sim.cluster.machines[0].restarts == 1);
  check_laws(sim);
}

TEST_CASE("vSphere 5: of a primary that loses the datastore another one takes over the lock") {
  Simulation sim = small(4);
  sim.cluster.datastores[0].kind = StorageKind::Nfs;
  sim.ha.on = true;
  for (Index host = 0; host < 4; ++host) power_on(sim, add_machine(sim), host);
  // Hosts 2 and 3 are cut off from the array too: on NFS their machines stand still, and have lost their
  // locks.
  sim.faults = {{kFault, FaultKind::Partition, false, 0, {2, 3}}};
  prepare(sim);
  run(sim, 99 * kSeconds);
  CHECK(sim.ha.owners[kSharedStore] == 3);
  run(sim, 10 * kMinutes);
  CHECK(sim.ha.owners[kSharedStore] == 1);
  for (const Index vm : {2, 3}) {
    CHECK(sim.cluster.machines[vm].host <= 1);
    // 25 s until host 1 is elected, then it watches host 2 for 18 s; the missed primary is given up at 50 s.
    CHECK(sim.cluster.machines[vm].down == (vm == 2 ? 43 : 50) * kSeconds);
  }
  check_laws(sim);
}

TEST_CASE("when the whole network fails, vSphere 4 switches all machines off and vSphere 5 none") {
  for (const auto& [timings, off] : {std::pair{"vsphere-4", true}, {"vsphere-5.1", false}}) {
    Simulation sim = watched(timings, {0, FaultKind::Switch, false, 0});
    sim.ha.response = IsolationResponse::PowerOff;
    sim.faults.push_back({kFault + kHours, FaultKind::Switch, true, 0});
    prepare(sim);
    run(sim, kFault + 30 * kMinutes);
    CAPTURE(timings);
    CHECK(times(sim, What::HaIsolated) == 4);
    for (const VirtualMachine& vm : sim.cluster.machines) CHECK(vm.is_on() != off);
    check_laws(sim);
    run(sim, kFault + 2 * kHours);
    for (const VirtualMachine& vm : sim.cluster.machines) CHECK(vm.state == VmState::Running);
    check_laws(sim);
  }
}

TEST_CASE(
    "vSphere 4: five primaries; without them nothing is restarted, with one of them in each part all is "
    "tried") {
  Simulation sim = small(8);
  sim.ha.on = true;
  sim.ha.timings = *find_ha_timings("vsphere-4");
  for (Index host = 0; host < 8; ++host) power_on(sim, add_machine(sim), host);
  SECTION("the others take over from one that fails, within the same 15 s") {
    sim.faults = {{kFault, FaultKind::Host, false, 0}};
    prepare(sim);
    CHECK(watcher_of(sim, 7) == 0);
    run(sim, 5 * kMinutes);
    CHECK(watcher_of(sim, 7) == 1);
    CHECK(after(sim, What::HaDead, 0) == 15);
    CHECK(sim.cluster.machines[0].down == 15 * kSeconds);
    CHECK(!sim.ha.primaries[5]);  // a failed one is not replaced
  }
  SECTION("all five at once: the classic blade chassis") {
    for (Index host = 0; host < 5; ++host) sim.faults.push_back({kFault, FaultKind::Host, false, host});
    prepare(sim);
    run(sim, kHours);
    CHECK(sim.ha.restarts == 0);
    CHECK(watcher_of(sim, 7) == kNone);
    for (Index vm = 0; vm < 5; ++vm) CHECK(!sim.cluster.machines[vm].is_on());
  }
  SECTION("one that is emptied hands its place on") {
    prepare(sim);
    CHECK(enter_maintenance(sim, 2) == Refusal::None);
    CHECK(!sim.ha.primaries[2]);
    CHECK(sim.ha.primaries[5]);
  }
  SECTION(
      "a part without primaries does nothing; one with a primary gives up the others and finds their disks "
      "locked") {
    sim.faults = {{kFault, FaultKind::Partition, false, 0, {5, 6, 7}},
                  {kFault + kMinutes, FaultKind::Host, false, 7}};
    prepare(sim);
    run(sim, kHours);
    CHECK(watcher_of(sim, 6) == kNone);
    CHECK(after(sim, What::HaDead, 6) == 15);
    CHECK(sim.cluster.machines[6].host == 6);
    CHECK(sim.cluster.machines[7].host < 5);
  }
  check_laws(sim);
}

TEST_CASE("vSphere 5: a primary that is emptied hands over at once") {
  Simulation sim = watched("vsphere-5.1", {0, FaultKind::Host, false, 1});
  prepare(sim);
  run(sim, 10 * kSeconds);
  CHECK(enter_maintenance(sim, 3) == Refusal::None);
  CHECK(watcher_of(sim, 0) == 2);
  run(sim, 5 * kMinutes);
  CHECK(after(sim, What::HaDead, 1) == 18);
  check_laws(sim);
}

TEST_CASE("hosts cut off under two numbers are two parts") {
  Simulation sim = small(6);
  sim.ha.on = true;
  sim.faults = {{kFault, FaultKind::Partition, false, 0, {0, 1}},
                {kFault, FaultKind::Partition, false, 1, {2, 3}}};
  prepare(sim);
  run(sim, 3 * kMinutes);
  CHECK(watcher_of(sim, 0) == 1);
  CHECK(watcher_of(sim, 2) == 3);
  CHECK(watcher_of(sim, 4) == 5);
  check_laws(sim);
}

TEST_CASE(
    "more machines than a host starts at a time are started as places become free, not a minute later") {
  Simulation sim = small(2);
  sim.ha.on = true;
  sim.ha.at_a_time = 2;
  sim.cluster.overheads[0].services = 5 * kSeconds;
  for (int i = 0; i < 6; ++i) power_on(sim, add_machine(sim), 0);
  sim.faults = {{kFault, FaultKind::Host, false, 0}};
  prepare(sim);
  run(sim, 10 * kMinutes);
  for (Index vm = 0; vm < 6; ++vm) CHECK(sim.cluster.machines[vm].down == (18 + 5 * (vm / 2 + 1)) * kSeconds);
  check_laws(sim);
}

TEST_CASE("a host that is heard again in time is not dead") {
  Simulation sim = watched("vsphere-5.1", management_card_of(1));
  sim.faults.push_back({kFault + 17 * kSeconds, FaultKind::Card, true, 2});
  prepare(sim);
  run(sim, 5 * kMinutes);
  CHECK(!when(sim, What::HaDead));
  CHECK(!when(sim, What::HaIsolated));
  CHECK(after(sim, What::HaBack, 1) == 17);
}

TEST_CASE("a second failure during the election is noticed by the new primary") {
  Simulation sim = watched("vsphere-5.1", {0, FaultKind::Host, false, 3});
  sim.faults.push_back({kFault + 12 * kSeconds, FaultKind::Host, false, 0});
  prepare(sim);
  run(sim, 5 * kMinutes);
  CHECK(after(sim, What::HaDead, 0) == 25 + 18);
  for (Index i = 0; i < 4; ++i) CHECK(sim.cluster.machines[i].is_on());
  check_laws(sim);
}

TEST_CASE("the highest priority is restarted first; who finds no host waits until there is one") {
  Simulation sim = small(2);
  sim.ha.on = true;
  sim.cluster.hosts[1].memory = 8 << 10;  // of two machines
  for (int i = 0; i < 4; ++i) power_on(sim, add_machine(sim), 0);
  sim.cluster.machines[2].priority = Priority::Highest;
  sim.cluster.machines[0].priority = Priority::Low;
  sim.cluster.machines[3].priority = Priority::Never;
  sim.faults = {{kFault, FaultKind::Host, false, 0}, {kFault + kHours, FaultKind::Host, true, 0}};
  prepare(sim);
  run(sim, kFault + 30 * kMinutes);
  CHECK(sim.cluster.machines[2].host == 1);
  CHECK(sim.cluster.machines[1].host == 1);
  CHECK(!sim.cluster.machines[0].is_on());
  CHECK(when(sim, What::HaNoHost, 0).has_value());
  check_laws(sim);
  run(sim, kFault + 2 * kHours);
  CHECK(sim.cluster.machines[0].host == 0);
  CHECK(sim.cluster.machines[0].down >= kHours);
  CHECK(!sim.cluster.machines[3].is_on());
  check_laws(sim);
}

TEST_CASE("without shared storage nobody can restart a machine but its own host") {
  Simulation sim = small(2);
  sim.ha.on = true;
  Datastore local;
  local.host = 0;
  local.capacity = 100;
  sim.cluster.datastores.push_back(local);
  const Index vm = add_machine(sim, 500, 1);
  power_on(sim, vm, 0);
  sim.faults = {{kFault, FaultKind::Host, false, 0}, {kFault + kHours, FaultKind::Host, true, 0}};
  prepare(sim);
  run(sim, kFault + 30 * kMinutes);
  CHECK(!sim.cluster.machines[vm].is_on());
  run(sim, kFault + 2 * kHours);
  CHECK(sim.cluster.machines[vm].host == 0);
  check_laws(sim);
}

TEST_CASE("with high availability off machines wait for their host") {
  Simulation sim = watched("vsphere-5.1", {0, FaultKind::Host, false, 1});
  sim.ha.on = false;
  sim.faults.push_back({kFault + kHours, FaultKind::Host, true, 1});
  prepare(sim);
  run(sim, kFault + 2 * kHours);
  CHECK(sim.cluster.machines[1].host == 1);
  CHECK(sim.cluster.machines[1].down == kHours);
  check_laws(sim);
}

TEST_CASE("admission control keeps room for a failed host, of the largest size") {
  Simulation sim = small(3);
  sim.ha.on = true;
  sim.ha.admission = Admission::HostFailures;
  prepare(sim);
  unsigned started = 0;
  for (int i = 0; i < 24; ++i)
    started += power_on(sim, add_machine(sim), static_cast<Index>(i % 3)) == Refusal::None;
  CHECK(started == 16);  // 64 of 96 GiB
  CHECK(sim.log.back().value == static_cast<u64>(Refusal::Spare));
  sim.ha.admission = Admission::Part;
  sim.ha.part = 250;
  CHECK(power_on(sim, add_machine(sim), 2) == Refusal::None);
}

}  // namespace hvlab::cluster
