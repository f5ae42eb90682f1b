// How fast many hosts are: what CloudSim Plus published a time for, and a day of a data centre.
#include <benchmark/benchmark.h>

#include "sim/cluster/kernel.hpp"
#include "sim/cluster/life.hpp"
#include "sim/cluster/placement.hpp"
#include "sim/cluster/random.hpp"
#include "sim/cluster/simulation.hpp"

namespace hvlab::cluster {

namespace {

Simulation data_centre(u32 hosts, u32 machines) {
  Simulation sim;
  sim.cluster.overheads = {no_overhead()};
  sim.cluster.curves = {
      {{100'000, 110'000, 120'000, 130'000, 140'000, 150'000, 160'000, 170'000, 180'000, 190'000, 200'000},
       5'000}};
  Datastore store;
  store.kind = StorageKind::FibreChannel;
  store.disks = 1000;
  store.capacity = 1'000'000'000;
  sim.cluster.datastores = {store};
  Host host;
  host.cores = 16;
  host.core_mhz = 2500;
  host.memory = 128 << 10;
  add_hosts(sim.cluster, hosts, host, 2, 10'000);
  sim.cluster.machines.reserve(machines);
  for (u32 i = 0; i < machines; ++i) {
    VirtualMachine vm;
    vm.processors = 4;
    vm.memory = 4 << 10;
    vm.size = 10'000;
    vm.datastore = 0;
    vm.disk = 20;
    sim.cluster.datastores[0].used += vm.disk;
    sim.cluster.machines.push_back(vm);
  }
  return sim;
}

void place_and_start(Simulation& sim) {
  const Packed packed = pack(rooms_of(sim.cluster), needs_of(sim.cluster), Packing::FirstFit, false);
  for (Index i = 0; i < sim.cluster.machines.size(); ++i)
    if (packed.host_of[i] != kNone) power_on(sim, i, packed.host_of[i]);
}

// `range(0)` hosts, twice as many machines, two and a half times as many tasks, until all tasks are done.
void first_fit(benchmark::State& state) {
  const auto hosts = static_cast<u32>(state.range(0));
  u64 events = 0;
  for (auto _ : state) {
    Simulation sim = data_centre(hosts, 2 * hosts);
    sim.load_step = 0;
    place_and_start(sim);
    prepare(sim);
    for (u32 i = 0; i < 5 * hosts / 2; ++i)
      add_task(sim, i % (2 * hosts), 10'000 + random_below(90'000, 1, Draw::Generator, i, 0));
    run(sim, kHours);
    for (const Task& task : sim.tasks)
      if (task.ended == kForever) state.SkipWithError("a task did not end");
    events = sim.calendar.taken();
  }
  state.counters["events"] = static_cast<double>(events);
  state.SetComplexityN(state.range(0));
}
BENCHMARK(first_fit)
    ->Arg(2500)
    ->Arg(5000)
    ->Arg(10'000)
    ->Arg(20'000)
    ->Unit(benchmark::kMillisecond)
    ->Iterations(1)
    ->Complexity();

void pack_only(benchmark::State& state) {
  const auto packing = static_cast<Packing>(state.range(0));
  const Simulation sim = data_centre(20'000, 40'000);
  const std::vector<Room> rooms = rooms_of(sim.cluster), needs = needs_of(sim.cluster);
  for (auto _ : state) benchmark::DoNotOptimize(pack(rooms, needs, packing, false).unplaced);
}
BENCHMARK(pack_only)->DenseRange(0, 2)->Unit(benchmark::kMillisecond)->Iterations(1);

// A simulated day of `range(0)` hosts with ten machines each whose loads have daily peaks and bursts,
// balancing, high availability, and a host that fails each hour.
void day(benchmark::State& state) {
  const auto hosts = static_cast<u32>(state.range(0));
  for (auto _ : state) {
    Simulation sim = data_centre(hosts, 10 * hosts);
    sim.ha.on = sim.balancer.on = true;
    sim.cluster.dirty = {{{{{4000, 10'000}, {250'000, 3000}}}}};
    for (u32 i = 0; i < 10 * hosts; ++i) {
      VirtualMachine& vm = sim.cluster.machines[i];
      vm.demand = i;
      vm.dirty = 0;
      vm.reads = 40;
      Demand demand{DemandShape::Peak, 100, static_cast<u16>(300 + i % 500), 30};
      demand.phase = random_below(24, 1, Draw::Generator, i, 0) * kHours;
      demand.width = 8 * kHours;
      sim.cluster.demands.push_back(demand);
      power_on(sim, i, i / 10);
    }
    for (u32 hour = 1; hour < 24; ++hour) {
      sim.faults.push_back({hour * kHours, FaultKind::Host, false, hour * 37 % hosts});
      sim.faults.push_back({hour * kHours + 30 * kMinutes, FaultKind::Host, true, hour * 37 % hosts});
    }
    prepare(sim);
    run(sim, kDays);
    u32 moved = 0;
    for (const VirtualMachine& vm : sim.cluster.machines) moved += vm.moves;
    state.counters["moves"] = moved;
    state.counters["restarts"] = sim.ha.restarts;
    state.counters["events"] = static_cast<double>(sim.calendar.taken());
  }
  state.SetComplexityN(state.range(0));
}
BENCHMARK(day)->Arg(250)->Arg(500)->Arg(1000)->Unit(benchmark::kMillisecond)->Iterations(1)->Complexity();

// A million events a microsecond apart: what SystemC's kernel adds to each.
void kernel(benchmark::State& state) {
  for (auto _ : state) {
    Calendar calendar;
    u32 left = 1'000'000;
    const Fire fire = [&](const Event&) {
      if (--left != 0) calendar.add(kMicroseconds, EventKind::TaskEnds);
    };
    calendar.add(1, EventKind::TaskEnds);
    (state.range(0) == 0 ? carry_plainly : carry)(calendar, 2 * kSeconds, fire);
  }
  state.SetItemsProcessed(1'000'000 * static_cast<i64>(state.iterations()));
}
BENCHMARK(kernel)->Arg(0)->Arg(1)->Unit(benchmark::kMillisecond)->Iterations(1);

}  // namespace

}  // namespace hvlab::cluster
