// How fast many hosts are: what CloudSim Plus published a time for, and a day of a data centre.
#include <benchmark/benchmark.h>

#include "sim/cluster/kernel.hpp"
#include "sim/cluster/life.hpp"
#include "sim/cluster/placement.hpp"
#include "sim/cluster/plan.hpp"
#include "sim/cluster/random.hpp"
#include "sim/cluster/simulation.hpp"
#include "small_cluster.hpp"

namespace hvlab::cluster {

namespace {

Simulation data_centre(u32 hosts, u32 machines) {
  Simulation sim = test::cluster_of(hosts, test::host_of(16, 2500, 128), 10'000);
  sim.cluster.datastores[test::kSharedStore].disks = 1000;
  sim.cluster.datastores[test::kSharedStore].capacity = 1'000'000'000;
  sim.cluster.machines.reserve(machines);
  for (u32 i = 0; i < machines; ++i) {
    VirtualMachine& vm = sim.cluster.machines[test::add_machine(sim)];
    vm.demand = kNone;
    vm.processors = 4;
    vm.size = 10'000;
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
    ->Complexity(benchmark::oNLogN);

void pack_only(benchmark::State& state) {
  const auto packing = static_cast<Packing>(state.range(0));
  const Simulation sim = data_centre(20'000, 40'000);
  const std::vector<Room> rooms = rooms_of(sim.cluster), needs = needs_of(sim.cluster);
  for (auto _ : state) benchmark::DoNotOptimize(pack(rooms, needs, packing, false).unplaced);
}
BENCHMARK(pack_only)->DenseRange(0, 2)->Unit(benchmark::kMillisecond)->Iterations(1);

// The same with needs of all proportions, on `range(0)` hosts: how it grows.
void vector_fit(benchmark::State& state) {
  const auto hosts = static_cast<u32>(state.range(0));
  const std::vector<Room> rooms(hosts, Room{40'000, 131'072});
  std::vector<Room> needs;
  needs.reserve(size_t{8} * hosts);
  for (u32 i = 0; i < 8 * hosts; ++i)
    needs.push_back({500 + random_below(8000, 1, Draw::Generator, i, 0),
                     500 + random_below(24'000, 1, Draw::Generator, i, 1)});
  for (auto _ : state) benchmark::DoNotOptimize(pack(rooms, needs, Packing::VectorFit, false).unplaced);
  state.SetComplexityN(state.range(0));
}
BENCHMARK(vector_fit)
    ->Arg(1250)
    ->Arg(2500)
    ->Arg(5000)
    ->Arg(10'000)
    ->Unit(benchmark::kMillisecond)
    ->Iterations(1)
    ->Complexity(benchmark::oNLogN);

// A plan of `range(0)` hosts and ten machines for each, all started under admission control by slots, of
// which some are refused.
void start_with_slots(benchmark::State& state) {
  Plan plan;
  plan.hosts.resize(1);
  plan.hosts[0].name = "host";
  plan.hosts[0].count = static_cast<u32>(state.range(0));
  plan.machines.resize(1);
  plan.machines[0].name = "machine";
  plan.machines[0].count = 10 * plan.hosts[0].count;
  plan.machines[0].what.memory = 3 << 10;
  plan.machines[0].what.size = 100;
  plan.ha.on = true;
  plan.ha.admission = Admission::HostFailures;
  plan.ha.failures = plan.hosts[0].count / 10;
  for (auto _ : state) benchmark::DoNotOptimize(simulation_of(plan).log.size());
  state.SetComplexityN(state.range(0));
}
BENCHMARK(start_with_slots)
    ->Arg(500)
    ->Arg(1000)
    ->Arg(2000)
    ->Arg(4000)
    ->Unit(benchmark::kMillisecond)
    ->Iterations(1)
    ->Complexity(benchmark::oNLogN);

// Loads with daily peaks, disks and traffic, and a host that fails each hour.
void give_loads(Simulation& sim, u32 hosts) {
  sim.cluster.dirty = {{{{{4000, 10'000}, {250'000, 3000}}}}};
  for (u32 i = 0; i < 10 * hosts; ++i) {
    VirtualMachine& vm = sim.cluster.machines[i];
    vm.demand = i;
    vm.dirty = 0;
    vm.reads = 40;
    vm.packets = 2000;
    Demand& demand = sim.cluster.demands[i];
    demand = {DemandShape::Peak, 100, static_cast<u16>(300 + i % 500), 30};
    demand.phase = random_below(24, 1, Draw::Generator, i, 0) * kHours;
    demand.width = 8 * kHours;
    power_on(sim, i, i / 10);
  }
  for (u32 hour = 1; hour < 24; ++hour) {
    sim.faults.push_back({hour * kHours, FaultKind::Host, false, hour * 37 % hosts});
    sim.faults.push_back({hour * kHours + 30 * kMinutes, FaultKind::Host, true, hour * 37 % hosts});
  }
}

// A simulated day of `range(0)` hosts with ten machines each: balancing, high availability of the version of
// `range(1)`, migrations.
void day(benchmark::State& state) {
  const auto hosts = static_cast<u32>(state.range(0));
  for (auto _ : state) {
    Simulation sim = data_centre(hosts, 10 * hosts);
    sim.ha.on = sim.balancer.on = true;
    sim.balancer.threshold = 0.1;
    sim.ha.timings = ha_timings()[static_cast<size_t>(state.range(1))];
    give_loads(sim, hosts);
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
BENCHMARK(day)
    ->ArgsProduct({{250, 500, 1000, 2000}, {2}})
    ->Unit(benchmark::kMillisecond)
    ->Iterations(1)
    ->Complexity(benchmark::oNLogN);
BENCHMARK(day)
    ->Name("day_vsphere4")
    ->ArgsProduct({{1000}, {0}})
    ->Unit(benchmark::kMillisecond)
    ->Iterations(1);

// So many copies over as many hosts' cards at once: what each that begins or ends costs all others.
void copies(benchmark::State& state) {
  const auto hosts = static_cast<u32>(state.range(0));
  for (auto _ : state) {
    Simulation sim = data_centre(hosts, 0);
    for (Index i = 0; i < hosts; ++i) {
      Flow flow;
      flow.lanes = lanes(sim.cluster, i, (i + 1 + i % 7) % hosts, Purpose::Migration);
      flow.total = 1'000'000'000 + u64{i} * 1'000'000;
      start_flow(sim, flow);
    }
    benchmark::DoNotOptimize(possible_rate(sim, sim.flows.all[0]));
  }
  state.SetComplexityN(state.range(0));
}
BENCHMARK(copies)->RangeMultiplier(2)->Range(64, 512)->Unit(benchmark::kMillisecond)->Complexity();

// A pool of `range(0)` hosts with ten disks each: disks placed, a host gone, its parts rebuilt after an hour.
void pool(benchmark::State& state) {
  const auto hosts = static_cast<u32>(state.range(0));
  for (auto _ : state) {
    Simulation sim = data_centre(hosts, 10 * hosts);
    sim.cluster.datastores[0].kind = StorageKind::Pooled;
    sim.cluster.pool.datastore = 0;
    for (Index host = 0; host < hosts; ++host) sim.cluster.pool.hosts.push_back(host);
    for (Index i = 0; i < 10 * hosts; ++i) add_pooled_disk(sim.cluster, i);
    sim.faults = {{kMinutes, FaultKind::Host, false, 0}};
    prepare(sim);
    run(sim, kDays);
    state.counters["rebuilt"] = static_cast<double>(sim.cluster.pool.rebuilt);
  }
  state.SetComplexityN(state.range(0));
}
BENCHMARK(pool)->Arg(16)->Arg(32)->Arg(64)->Unit(benchmark::kMillisecond)->Iterations(1)->Complexity();

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
