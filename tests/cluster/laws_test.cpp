// Random clusters, loads, moves and faults: whatever happens, the laws of audit.hpp hold at every moment that
// is looked at, and the same inputs give the same log.
#include <catch2/catch.hpp>

#include "sim/cluster/audit.hpp"
#include "sim/cluster/random.hpp"
#include "small_cluster.hpp"

namespace hvlab::cluster {

using namespace test;

namespace {

struct Dice {
  u64 seed;
  u64 step = 0;
  u32 operator()(u32 below) { return random_below(below, seed, Draw::Generator, 0, step++); }
};

Index any_store(Dice& dice, unsigned hosts) { return dice(4) == 0 ? 2 + dice(hosts) : dice(2); }

void add_stores(Simulation& sim, unsigned hosts) {
  Datastore nfs = sim.cluster.datastores[0];
  nfs.kind = StorageKind::Nfs;
  sim.cluster.datastores.push_back(nfs);
  for (Index host = 0; host < hosts; ++host) {
    Datastore local;
    local.host = host;
    local.disks = 2;
    local.redundant = 1;
    local.capacity = 500;
    sim.cluster.datastores.push_back(local);
  }
}

void add_random_machine(Simulation& sim, Dice& dice, unsigned hosts) {
  const Index vm = add_machine(sim, static_cast<u16>(dice(1001)), any_store(dice, hosts));
  VirtualMachine& machine = sim.cluster.machines[vm];
  machine.memory = 512 + dice(6000);
  machine.processors = static_cast<u16>(1 + dice(4));
  machine.dirty = dice(3);
  machine.reservation = dice(3) == 0 ? dice(1500) : 0;
  machine.shares = 100 + dice(4000);
  machine.reads = dice(300);
  machine.writes = dice(100);
  machine.apart = static_cast<u16>(dice(5) == 0 ? 1 + dice(2) : 0);
  machine.priority = static_cast<Priority>(dice(6));
  Demand& demand = sim.cluster.demands.back();
  if (dice(2) == 0) demand = {DemandShape::Bursts, 100, 1000, 50, 0, kHours, 0, 20 * kMinutes};
  if (dice(5) == 0) {
    machine.demand = kNone;
    for (u32 i = dice(4); i > 0; --i)
      sim.assignments.push_back({dice(4 * 3600) * kSeconds, vm, 1 + dice(5), 1 + u64{dice(20'000'000)}});
  }
  machine.packets = dice(3) == 0 ? dice(100'000) : 0;
  machine.port_mbps = dice(2) * dice(300);
  if (dice(8) == 0)
    machine.in_flight = static_cast<u16>(1 + dice(16)), machine.request_cycles = dice(100'000);
  power_on(sim, vm, dice(hosts));
}

void add_random_faults(Simulation& sim, Dice& dice, unsigned hosts) {
  for (int i = 0; i < 12; ++i) {
    Fault fault;
    fault.at = dice(4 * 3600) * kSeconds;
    fault.kind = static_cast<FaultKind>(dice(static_cast<u32>(FaultKind::Count)));
    switch (fault.kind) {
      case FaultKind::Host: fault.subject = dice(hosts); break;
      case FaultKind::Card: fault.subject = dice(2 * hosts); break;
      case FaultKind::Switch: fault.subject = dice(2); break;
      case FaultKind::Datastore:
      case FaultKind::Disk: fault.subject = dice(2 + hosts); break;
      default: break;
    }
    if (fault.kind == FaultKind::Partition)
      for (Index host = 0; host < hosts; ++host)
        if (dice(3) == 0) fault.hosts.push_back(host);
    sim.faults.push_back(fault);
    fault.at += (1 + dice(3000)) * kSeconds;
    fault.mended = true;
    if (dice(5) != 0) sim.faults.push_back(fault);
  }
}

Simulation random_simulation(u64 seed) {
  Dice dice{seed};
  const unsigned hosts = 2 + dice(6);
  Simulation sim = small(hosts);
  sim.cluster.seed = seed;
  sim.cluster.overheads[0].services = dice(60) * kSeconds;
  sim.cluster.overheads[0].processor = 1000 + dice(200);
  sim.cluster.dirty = {{{{{1000, 5000}}}}, {{{{10'000, 20'000}, {300'000, 4000}}}}, {{{{400'000, 300'000}}}}};
  sim.moves.policy = precopy_policies()[dice(static_cast<u32>(precopy_policies().size()))];
  sim.moves.policy.patience = dice(2) * kMinutes * dice(20);
  PortGroup& moving = sim.cluster.groups[static_cast<size_t>(Purpose::Migration)];
  moving.cards = static_cast<u8>(1 + dice(3));
  moving.teaming = static_cast<Teaming>(dice(3));
  sim.ha.on = dice(4) != 0;
  sim.ha.timings = ha_timings()[dice(3)];
  sim.ha.response = static_cast<IsolationResponse>(dice(2));
  sim.ha.datastore_heartbeats = dice(2) == 0;
  sim.ha.admission = static_cast<Admission>(dice(3));
  sim.balancer.on = dice(3) != 0;
  add_stores(sim, hosts);
  prepare(sim);
  for (unsigned i = 0; i < hosts * 4; ++i) add_random_machine(sim, dice, hosts);
  add_random_faults(sim, dice, hosts);
  for (Index fault = 0; fault < sim.faults.size(); ++fault)
    sim.calendar.add(sim.faults[fault].at, EventKind::FaultHappens, fault);
  for (Index i = 0; i < sim.assignments.size(); ++i)
    sim.calendar.add(sim.assignments[i].at, EventKind::TasksCome, i);
  return sim;
}

// What somebody at the console does now and then.
void meddle(Simulation& sim, Dice& dice) {
  const auto machines = static_cast<u32>(sim.cluster.machines.size());
  const auto hosts = static_cast<u32>(sim.cluster.hosts.size());
  const Index vm = dice(machines);
  switch (dice(7)) {
    case 0: ask_move(sim, vm, dice(hosts)); break;
    case 1: ask_move(sim, vm, kNone); break;
    case 2: ask_move(sim, vm, dice(hosts), dice(2)); break;
    case 3: power_off(sim, vm, dice(2) == 0 || sim.ha.on); break;
    case 4: power_on(sim, vm, dice(hosts)); break;
    case 6: {
      Order cancel;
      cancel.kind = OrderKind::CancelMove;
      cancel.machine = vm;
      carry_out(sim, cancel);
      break;
    }
    case 5:
      dice(2) == 0 ? static_cast<void>(enter_maintenance(sim, dice(hosts)))
                   : leave_maintenance(sim, dice(hosts));
      break;
  }
}

}  // namespace

TEST_CASE("the laws hold whatever happens") {
  size_t moved = 0, restarted = 0, failed = 0, done = 0;
  for (u64 seed = 1; seed <= 150; ++seed) {
    Simulation sim = random_simulation(seed);
    Dice dice{seed + 1'000'000};
    for (Nanoseconds now = 0; now < 5 * kHours; now += 97 * kSeconds) {
      run(sim, now);
      for (int i = 0; i < 3; ++i) meddle(sim, dice);
      const std::vector<std::string> broken = broken_laws(sim);
      CAPTURE(seed, seconds(now));
      for (const std::string& law : broken) FAIL_CHECK(law);
      REQUIRE(broken.empty());
    }
    moved += times(sim, What::Moved);
    failed += times(sim, What::MoveFailed);
    done += sim.tasks.size() - static_cast<size_t>(std::ranges::count(sim.tasks, kForever, &Task::ended));
    restarted += sim.ha.restarts;
  }
  // The test would hold nothing if nothing happened.
  CHECK(moved > 1000);
  CHECK(failed > 300);
  CHECK(restarted > 200);
  CHECK(done > 200);
}

TEST_CASE("the same inputs give the same log") {
  for (u64 seed = 1; seed <= 10; ++seed) {
    const auto log = [&] {
      Simulation sim = random_simulation(seed);
      run(sim, 5 * kHours);
      return sim.log;
    };
    const auto one = log(), other = log();
    REQUIRE(one.size() == other.size());
    for (size_t i = 0; i < one.size(); ++i) {
      REQUIRE(one[i].at == other[i].at);
      REQUIRE(one[i].what == other[i].what);
      REQUIRE(one[i].value == other[i].value);
    }
  }
}

}  // namespace hvlab::cluster
