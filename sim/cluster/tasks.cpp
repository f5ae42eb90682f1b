#include "sim/cluster/tasks.hpp"

#include <algorithm>

#include "sim/cluster/load.hpp"
#include "sim/cluster/simulation.hpp"

namespace hvlab::cluster {

namespace {

constexpr u64 kMegacycle = 1'000'000'000;  // MHz x ns

void settle(Simulation& sim, Task& task) {
  const Sum done = Sum{task.rate} * (sim.now() - task.settled);
  task.left -= static_cast<u64>(std::min<Sum>(done, task.left));
  task.settled = sim.now();
}

void remove(Simulation& sim, Index task) {
  VirtualMachine& vm = sim.cluster.machines[sim.tasks[task].machine];
  Index* place = &vm.first_task;
  while (*place != task) place = &sim.tasks[*place].next;
  *place = sim.tasks[task].next;
  --vm.tasks;
}

}  // namespace

void TaskSums::add(const Task& task) {
  ++given;
  if (task.ended == kForever) return;
  ++done;
  time += task.ended - task.given;
  longest = std::max(longest, task.ended - task.given);
  last = std::max(last, task.ended);
}

Index add_task(Simulation& sim, Index machine, u64 megacycles, u32 count) {
  VirtualMachine& vm = sim.cluster.machines[machine];
  for (u32 i = 0; i < count; ++i) {
    const auto place = static_cast<Index>(sim.tasks.size());
    sim.tasks.push_back({machine, vm.first_task, megacycles * kMegacycle, 0, 0, sim.now(), sim.now()});
    vm.first_task = place;
    ++vm.tasks;
  }
  if (vm.host != kNone && vm.state == VmState::Running) refresh_host(sim, vm.host);
  return vm.first_task;
}

void pace_tasks(Simulation& sim, Index machine) {
  const VirtualMachine& vm = sim.cluster.machines[machine];
  const u64 guest = vm.wants == 0 ? 0 : u64{vm.gets} * vm.guest_wants / vm.wants;
  const auto rate = static_cast<u32>(guest / vm.tasks);
  for (Index i = vm.first_task; i != kNone; i = sim.tasks[i].next) {
    Task& task = sim.tasks[i];
    if (task.rate == rate) continue;
    settle(sim, task);
    task.rate = rate;
    ++task.version;
    if (rate != 0) sim.calendar.add((task.left + rate - 1) / rate, EventKind::TaskEnds, i, task.version);
  }
}

void task_ends(Simulation& sim, Index place, u32 version) {
  Task& task = sim.tasks[place];
  if (task.version != version) return;
  settle(sim, task);
  task.ended = sim.now();
  task.rate = 0;
  remove(sim, place);
  const Index host = sim.cluster.machines[task.machine].host;
  if (host != kNone) refresh_host(sim, host);
}

}  // namespace hvlab::cluster
