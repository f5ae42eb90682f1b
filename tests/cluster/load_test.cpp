// Catches processor time that is given and not used, costs of virtualizing that nobody pays, and energy that
// does not add up.
#include "sim/cluster/load.hpp"

#include <catch2/catch.hpp>

#include "small_cluster.hpp"

namespace hvlab::cluster {

using namespace test;

TEST_CASE("a host with room gives what is wanted; energy is the curve's") {
  Simulation sim = small(1);
  for (int i = 0; i < 4; ++i) power_on(sim, add_machine(sim, 500), 0);  // 4 x 2000 of 16 000 MHz
  prepare(sim);
  run(sim, kHours);
  const Host& host = sim.cluster.hosts[0];
  CHECK(host.given == 8000);
  CHECK(host.used == Sum{8000} * kHours);
  CHECK(host.offered == Sum{16'000} * kHours);
  CHECK(host.energy == Sum{150'000} * kHours);
}

TEST_CASE("power follows the curve between its steps, and a host that is off draws little") {
  const PowerCurve curve = {{100, 200, 250, 260, 270, 280, 290, 300, 310, 320, 400}, 7};
  CHECK(power_at(curve, 0, 1000) == 100);
  CHECK(power_at(curve, 50, 1000) == 150);
  CHECK(power_at(curve, 150, 1000) == 225);
  CHECK(power_at(curve, 1000, 1000) == 400);
  Simulation sim = small(2);
  sim.cluster.hosts[1].state = HostState::Off;
  prepare(sim);
  run(sim, kSeconds);
  CHECK(sim.cluster.hosts[1].energy == Sum{5000} * kSeconds);
}

TEST_CASE("an overloaded host divides by shares, and simultaneous peaks cost service") {
  Simulation sim = small(1);
  for (int i = 0; i < 6; ++i) {
    const Index vm = add_machine(sim, 1000);
    if (i == 0) sim.cluster.machines[vm].shares = 4000;
    power_on(sim, vm, 0);
  }
  prepare(sim);
  run(sim, kMinutes);
  CHECK(sim.cluster.hosts[0].given == 16'000);
  CHECK(sim.cluster.machines[0].gets == 4000);
  for (Index i = 1; i < 6; ++i) CHECK(sim.cluster.machines[i].gets == 2400);
}

TEST_CASE("a way's overhead is paid by the host, in proportion to work, requests and packets") {
  Simulation sim = small(1);
  Overhead way = no_overhead();
  way.processor = 1100;
  way.disk_request = 50'000;
  way.packet = 10'000;
  way.stream_kib = 1000;
  way.memory = 256;
  way.memory_permille = 10;
  sim.cluster.overheads.push_back(way);
  const Index vm = add_machine(sim, 500);
  VirtualMachine& machine = sim.cluster.machines[vm];
  machine.overhead = 1;
  machine.reads = 2000;
  machine.packets = 20'000;
  power_on(sim, vm, 0);
  prepare(sim);
  run(sim, kSeconds);
  // 2000 of its own, 200 more; 1000 requests of 50 000 cycles are 50 MHz, 10 000 packets of 10 000 are 100.
  CHECK(machine.guest_wants == 2000);
  CHECK(machine.gets == 2350);
  // Large packets are paid by the KiB: 10 000 of 1500 bytes at 1000 are 14 MHz.
  machine.packet_bytes = 1500;
  refresh_host(sim, 0);
  CHECK(machine.gets == 2264);
  CHECK(sim.cluster.hosts[0].committed == 4096 + 256 + 40);
}

TEST_CASE("a machine that waits for each answer asks as often as processor, way and disk let it") {
  Simulation sim = small(1);
  Overhead way = no_overhead();
  way.disk_request = 100'000;
  way.disk_latency = 200 * kMicroseconds;
  sim.cluster.overheads.push_back(way);
  Datastore& store = sim.cluster.datastores[kSharedStore];
  store.cache_hits = 1000;  // no disk sees a read
  store.latency = 600;
  const Index vm = add_machine(sim, 1000);
  VirtualMachine& machine = sim.cluster.machines[vm];
  machine.overhead = 1;
  machine.in_flight = 1;
  machine.request_cycles = 400'000;  // 200 us of 2000 MHz
  power_on(sim, vm, 0);
  prepare(sim);
  run(sim, 2 * kMinutes);
  // 200 us of its own, 200 of its way and 600 of its disk: 1000 a second, each 500 000 cycles.
  CHECK(machine.io_gets == 1000);
  CHECK(machine.gets == 500);
  machine.in_flight = 3;
  run(sim, 3 * kMinutes);
  CHECK(machine.io_gets == 3000);
}

TEST_CASE("requests are served as far as processors and disks allow") {
  Simulation sim = small(1);
  sim.cluster.datastores[0].disk_iops = 100;  // 800 a second
  sim.cluster.datastores[0].disks = 8;
  const Index vm = add_machine(sim, 1000);
  sim.cluster.machines[vm].reads = 1600;
  power_on(sim, vm, 0);
  prepare(sim);
  run(sim, 10 * kMinutes);
  CHECK(sim.cluster.machines[vm].io_gets == 800);
  CHECK(sim.cluster.datastores[0].served == 500);
}

TEST_CASE("tasks end when their cycles are done, sooner or later as others come and go") {
  Simulation sim = small(1);
  const Index vm = add_machine(sim);
  sim.cluster.machines[vm].demand = kNone;
  power_on(sim, vm, 0);
  prepare(sim);
  const Index first = add_task(sim, vm, 4000);  // 2 s on one of 2000 MHz
  const Index second = add_task(sim, vm, 8000);
  const Index third = add_task(sim, vm, 8000);  // three on two processors: 1333 MHz each
  run(sim, kMinutes);
  CHECK(seconds(sim.tasks[first].ended) == Approx(3.0).epsilon(1e-3));
  CHECK(seconds(sim.tasks[second].ended) == Approx(5.0).epsilon(1e-3));
  CHECK(sim.tasks[third].ended == sim.tasks[second].ended);
  CHECK(sim.cluster.machines[vm].tasks == 0);
  CHECK(sim.cluster.machines[vm].wants == 0);
}

TEST_CASE("a limit holds back a machine's requests and packets as it does its work") {
  Simulation sim = small(1);
  const Index vm = add_machine(sim, 1000);  // 4000 MHz
  sim.cluster.machines[vm].limit = 1000;
  sim.cluster.machines[vm].reads = 400;
  sim.cluster.machines[vm].packets = 8000;
  power_on(sim, vm, 0);
  prepare(sim);
  run(sim, kMinutes);
  CHECK(sim.cluster.machines[vm].gets == 1000);
  CHECK(sim.cluster.machines[vm].io_gets == 100);
  CHECK(sim.cluster.machines[vm].packets_wanted == 2000);
}

}  // namespace hvlab::cluster
