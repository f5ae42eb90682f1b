// Catches moves that lose a machine, stop it for longer than they say, or happen where they cannot.
#include "sim/cluster/migration.hpp"

#include <catch2/catch.hpp>

#include "sim/cluster/audit.hpp"
#include "small_cluster.hpp"

namespace hvlab::cluster {

using namespace test;

namespace {

// A machine that runs on host 0 at full load and writes 20 MB/s in a gigabyte and 40 MB/s in 16 MB.
Index busy(Simulation& sim, Index store = kSharedStore) {
  sim.cluster.dirty = {{{{{4000, 10'000}, {250'000, 5000}}}}};
  const Index vm = add_machine(sim, 1000, store);
  sim.cluster.machines[vm].dirty = 0;
  CHECK(power_on(sim, vm, 0) == Refusal::None);
  return vm;
}

void check_laws(Simulation& sim) {
  for (const std::string& broken : broken_laws(sim)) FAIL_CHECK(broken);
}

Index local_store(Simulation& sim, Index host) {
  Datastore local;
  local.host = host;
  local.capacity = 1000;
  sim.cluster.datastores.push_back(local);
  return static_cast<Index>(sim.cluster.datastores.size() - 1);
}

}  // namespace

TEST_CASE("a live migration is the pre-copy of its machine's memory over its network") {
  Simulation sim = small(2);
  sim.moves.policy = *find_precopy_policy("kvm");
  const Index vm = busy(sim);
  prepare(sim);
  REQUIRE(ask_move(sim, vm, 1) == Refusal::None);
  run(sim, 5 * kMinutes);
  const Move& move = sim.moves.all[0];
  REQUIRE(move.phase == MovePhase::Done);
  const PrecopyResult expected =
      precopy(u64{4096} << 20, sim.cluster.dirty[0], sim.moves.policy, 125'000'000);
  CHECK(move.rounds.size() == expected.rounds.size());
  CHECK(seconds(move.downtime) == Approx(seconds(expected.downtime)).epsilon(1e-3));
  CHECK(seconds(move.ended - move.began) == Approx(seconds(expected.total)).epsilon(1e-3));
  CHECK(sim.cluster.machines[vm].host == 1);
  CHECK(sim.cluster.machines[vm].down == move.downtime);
  CHECK(sim.cluster.nics[1].sent == move.sent);
  CHECK(sim.cluster.nics[3].received == move.sent);
  check_laws(sim);
}

TEST_CASE("two moves over one card take longer each; several cards make one move shorter") {
  const auto span = [](unsigned at_once, Teaming teaming, u8 cards) {
    Simulation sim = small(2);
    PortGroup& group = sim.cluster.groups[static_cast<size_t>(Purpose::Migration)];
    group.cards = cards;
    group.teaming = teaming;
    std::vector<Index> all;
    for (unsigned i = 0; i < at_once; ++i) all.push_back(busy(sim));
    prepare(sim);
    for (const Index vm : all) REQUIRE(ask_move(sim, vm, 1) == Refusal::None);
    run(sim, 10 * kMinutes);
    check_laws(sim);
    CHECK(sim.moves.all[0].phase == MovePhase::Done);
    return seconds(sim.moves.all[0].ended - sim.moves.all[0].began);
  };
  const double alone = span(1, Teaming::Failover, 2);
  CHECK(span(2, Teaming::Failover, 2) > 1.9 * alone);
  CHECK(span(1, Teaming::Several, 3) < 0.55 * alone);
  CHECK(span(1, Teaming::Aggregate, 3) == Approx(alone).epsilon(0.01));
}

TEST_CASE("without shared storage a move is refused, unless the disk is copied too") {
  Simulation sim = small(2);
  const Index here = local_store(sim, 0), there = local_store(sim, 1);
  const Index vm = busy(sim, here);
  prepare(sim);
  CHECK(ask_move(sim, vm, 1) == Refusal::NoSharedStorage);
  REQUIRE(ask_move(sim, vm, 1, there) == Refusal::None);
  run(sim, kHours);
  REQUIRE(sim.moves.all[0].phase == MovePhase::Done);
  CHECK(sim.cluster.machines[vm].datastore == there);
  CHECK(sim.cluster.datastores[here].used == 0);
  CHECK(sim.cluster.datastores[there].used == 20);
  // 20 GiB at half of the datastores' 100 MB/s, before the memory
  CHECK(seconds(sim.moves.all[0].ended) > 20 * 1.073e9 / 50e6);
  check_laws(sim);
}

TEST_CASE("a storage migration moves the disk of a machine that stays and does not notice") {
  Simulation sim = small(1);
  const Index local = local_store(sim, 0);
  const Index vm = busy(sim);
  prepare(sim);
  REQUIRE(ask_move(sim, vm, 0, local) == Refusal::None);
  run(sim, kHours);
  CHECK(sim.cluster.machines[vm].datastore == local);
  CHECK(sim.cluster.machines[vm].host == 0);
  CHECK(sim.cluster.machines[vm].down == 0);
  CHECK(when(sim, What::DiskMoved, vm).has_value());
  check_laws(sim);
}

TEST_CASE("ways that cannot move, machines that are off, hosts without network and full ones are refused") {
  Simulation sim = small(3);
  const Index vm = busy(sim);
  prepare(sim);
  sim.cluster.overheads[0].migrates = false;
  CHECK(ask_move(sim, vm, 1) == Refusal::WayCannotMove);
  sim.cluster.overheads[0].migrates = true;
  sim.cluster.nics[3].up = false;
  CHECK(ask_move(sim, vm, 1) == Refusal::NoNetwork);
  sim.cluster.hosts[2].memory = 1000;
  CHECK(ask_move(sim, vm, 2) == Refusal::NoMemory);
  CHECK(ask_move(sim, add_machine(sim), 1) == Refusal::NotRunning);
  sim.manager.up = false;
  CHECK(ask_move(sim, vm, 1) == Refusal::NoManager);
}

TEST_CASE("if the way breaks during a move, or the destination fails, the machine stays and runs on") {
  for (const bool host : {false, true}) {
    for (const Nanoseconds when_it_breaks : {kSeconds, 30 * kSeconds, 36 * kSeconds, 37 * kSeconds}) {
      Simulation sim = small(2);
      sim.moves.policy.downtime_goal = 100 * kMilliseconds;
      const Index vm = busy(sim);
      sim.faults = {{when_it_breaks, host ? FaultKind::Host : FaultKind::Card, false, host ? 1u : 3u}};
      prepare(sim);
      ask_move(sim, vm, 1);
      run(sim, 5 * kMinutes);
      CAPTURE(host, when_it_breaks);
      CHECK(sim.moves.all[0].phase == MovePhase::Failed);
      CHECK(sim.cluster.machines[vm].host == 0);
      CHECK(sim.cluster.machines[vm].state == VmState::Running);
      check_laws(sim);
    }
  }
}

TEST_CASE("if the source fails during a move, the machine is lost once and nowhere twice") {
  Simulation sim = small(2);
  const Index vm = busy(sim);
  sim.faults = {{10 * kSeconds, FaultKind::Host, false, 0}};
  prepare(sim);
  ask_move(sim, vm, 1);
  run(sim, kMinutes);
  CHECK(sim.cluster.machines[vm].state == VmState::Off);
  CHECK(sim.cluster.hosts[1].committed == 0);
  check_laws(sim);
}

TEST_CASE("pre-copy that does not converge is given up in time, and the machine stays at full speed") {
  Simulation sim = small(2);
  sim.moves.policy = *find_precopy_policy("kvm");
  sim.moves.policy.patience = 5 * kMinutes;
  const Index vm = busy(sim);
  sim.cluster.dirty = {{{{{500'000, 200'000}}}}};
  prepare(sim);
  ask_move(sim, vm, 1);
  run(sim, 10 * kMinutes);
  CHECK(sim.moves.all[0].why == Refusal::NoProgress);
  CHECK(sim.moves.all[0].ended == 5 * kMinutes);
  CHECK(sim.cluster.machines[vm].host == 0);
  CHECK(sim.cluster.machines[vm].speed == 1000);
  CHECK(sim.cluster.machines[vm].down == 0);
  sim.moves.policy = *find_precopy_policy("kvm-auto-converge");
  ask_move(sim, vm, 1);
  run(sim, 30 * kMinutes);
  CHECK(sim.cluster.machines[vm].host == 1);
  CHECK(sim.cluster.machines[vm].speed == 1000);
  check_laws(sim);
}

TEST_CASE("a host is emptied for maintenance, few at a time, and takes nobody until it returns") {
  Simulation sim = small(3);
  std::vector<Index> all;
  for (int i = 0; i < 7; ++i) all.push_back(busy(sim));
  prepare(sim);
  CHECK(enter_maintenance(sim, 0) == Refusal::None);
  CHECK(sim.cluster.hosts[0].moving == sim.moves.at_a_time);
  run(sim, kMinutes);
  check_laws(sim);
  run(sim, kHours);
  CHECK(sim.cluster.hosts[0].machines.empty());
  CHECK(times(sim, What::Evacuated) == 1);
  CHECK(times(sim, What::Moved) == 7);
  CHECK(ask_move(sim, all[0], 0) == Refusal::Maintenance);
  leave_maintenance(sim, 0);
  CHECK(ask_move(sim, all[0], 0) == Refusal::None);
  check_laws(sim);
}

TEST_CASE("a machine that is on its way to a host that is to be emptied goes on to another") {
  Simulation sim = small(3);
  const Index vm = busy(sim);
  prepare(sim);
  ask_move(sim, vm, 1);
  run(sim, kSeconds);
  CHECK(enter_maintenance(sim, 1) == Refusal::None);
  CHECK(times(sim, What::Evacuated) == 0);
  run(sim, kHours);
  CHECK(sim.cluster.machines[vm].host != 1);
  CHECK(times(sim, What::Evacuated) == 1);
  check_laws(sim);
}

TEST_CASE(
    "whatever breaks while a machine is stopped for its move, it goes on where it was or is lost once") {
  const std::vector<std::vector<Fault>> kBreaks = {
      {{0, FaultKind::Card, false, 1}},
      {{0, FaultKind::Card, false, 3}},
      {{0, FaultKind::Host, false, 1}},
      {{0, FaultKind::Host, false, 0}},
      {{0, FaultKind::Datastore, false, 0}},
      {{0, FaultKind::Host, false, 1}, {0, FaultKind::Datastore, false, 0}},
      {{0, FaultKind::Datastore, false, 0}, {0, FaultKind::Host, false, 1}},
      {{0, FaultKind::Host, false, 0}, {0, FaultKind::Host, false, 1}}};
  for (const MovePhase phase : {MovePhase::LastCopy, MovePhase::SwitchOver}) {
    for (size_t i = 0; i < kBreaks.size(); ++i) {
      Simulation sim = small(2);
      const Index vm = busy(sim);
      prepare(sim);
      ask_move(sim, vm, 1);
      while (sim.moves.all[0].phase != phase) happen(sim, sim.calendar.take());
      for (const Fault& fault : kBreaks[i]) happens(sim, fault);
      CAPTURE(i, static_cast<int>(phase));
      check_laws(sim);
      run(sim, sim.now() + 5 * kMinutes);
      check_laws(sim);
      const VirtualMachine& machine = sim.cluster.machines[vm];
      const bool source_fails = i == 3 || i == 7;
      CHECK(machine.is_on() != source_fails);
      if (i <= 2) CHECK(machine.down < 2 * kSeconds);
      if (i == 4) CHECK(machine.frozen);
    }
  }
}

}  // namespace hvlab::cluster
