#include "sim/cluster/restarts.hpp"

#include <algorithm>

#include "sim/cluster/life.hpp"
#include "sim/cluster/simulation.hpp"

namespace hvlab::cluster {

namespace {

bool somebody_restarts(const Simulation& sim) {
  if (!sim.ha.on) return false;
  if (sim.ha.timings.elected == 0) return true;
  return sim.ha.primary != kNone && sim.ha.hosts[sim.ha.primary].view == View::Heard;
}

void queue(Simulation& sim, Index machine) {
  std::vector<Index>& waiting = sim.ha.to_restart;
  if (std::ranges::count(waiting, machine) != 0) return;
  const auto order = [&](Index i) { return std::pair(sim.cluster.machines[i].priority, i); };
  waiting.insert(std::ranges::upper_bound(waiting, order(machine), {}, order), machine);
}

u32 starting_on(const Simulation& sim, Index host) {
  const auto& machines = sim.cluster.hosts[host].machines;
  return static_cast<u32>(std::ranges::count_if(
      machines, [&](Index machine) { return sim.cluster.machines[machine].state == VmState::Starting; }));
}

// True if it is no longer to be restarted.
bool restarted(Simulation& sim, Index machine) {
  VirtualMachine& vm = sim.cluster.machines[machine];
  if (vm.is_on() || !vm.should_run) return true;
  // A host that nobody hears cannot be told to start anything.
  const Index host =
      freest_host(sim.cluster, machine, [&](Index at) { return sim.ha.hosts[at].view == View::Heard; });
  if (host == kNone || starting_on(sim, host) >= sim.ha.at_a_time) return false;
  if (power_on(sim, machine, host) != Refusal::None) return false;
  ++vm.restarts;
  ++sim.ha.restarts;
  return true;
}

}  // namespace

void machine_was_lost(Simulation& sim, Index machine, Index host) {
  Watch& watch = sim.ha.hosts[host];
  watch.lost.push_back(machine);
  if (watch.view == View::Lives || watch.view == View::Dead) restart_lost(sim, host);
}

void restart_lost(Simulation& sim, Index host) {
  if (!sim.ha.on) return;
  for (const Index machine : sim.ha.hosts[host].lost)
    if (sim.cluster.machines[machine].priority != Priority::Never) queue(sim, machine);
  sim.ha.hosts[host].lost.clear();
  restart_machines(sim);
}

void forget_lost(Simulation& sim, Index machine) {
  std::erase(sim.ha.to_restart, machine);
  for (Watch& watch : sim.ha.hosts) std::erase(watch.lost, machine);
}

void restart_machines(Simulation& sim) {
  if (sim.ha.to_restart.empty() || !somebody_restarts(sim)) return;
  std::vector<Index> waiting;
  std::swap(waiting, sim.ha.to_restart);  // what is lost meanwhile comes behind
  std::erase_if(waiting, [&](Index machine) { return restarted(sim, machine); });
  waiting.insert(waiting.end(), sim.ha.to_restart.begin(), sim.ha.to_restart.end());
  sim.ha.to_restart = waiting;
  if (waiting.empty() || sim.ha.retrying) return;
  for (const Index machine : waiting) tell(sim, What::HaNoHost, machine);
  sim.ha.retrying = true;
  sim.calendar.add(sim.ha.retry, EventKind::HaRetry);
}

void ha_retry(Simulation& sim) {
  sim.ha.retrying = false;
  restart_machines(sim);
}

void start_with_host(Simulation& sim, Index host) {
  std::vector<Index> lost;
  std::swap(lost, sim.ha.hosts[host].lost);
  for (const Index machine : lost) {
    const VirtualMachine& vm = sim.cluster.machines[machine];
    if (sim.starts_with_host && vm.should_run && !vm.is_on()) power_on(sim, machine, host);
  }
}

bool leaves_spare(const Simulation& sim, Index machine) {
  if (!sim.ha.on || sim.ha.admission == Admission::None) return true;
  std::vector<u64> processors, memory;
  u64 reserved = sim.cluster.machines[machine].reservation;
  u64 committed = memory_on_host(sim.cluster, sim.cluster.machines[machine]);
  for (Index host = 0; host < sim.cluster.hosts.size(); ++host) {
    const Host& at = sim.cluster.hosts[host];
    reserved += reserved_on(sim.cluster, host);
    committed += at.committed;
    if (!at.takes_machines()) continue;
    processors.push_back(at.capacity());
    memory.push_back(at.memory);
  }
  const auto kept = [&](std::vector<u64>& all) {
    std::ranges::sort(all);  // the largest hosts may be those that fail
    const size_t gone =
        sim.ha.admission == Admission::HostFailures ? std::min<size_t>(sim.ha.failures, all.size()) : 0;
    u64 sum = 0;
    for (size_t i = 0; i + gone < all.size(); ++i) sum += all[i];
    return sim.ha.admission == Admission::Part ? sum * (1000 - sim.ha.part) / 1000 : sum;
  };
  return reserved <= kept(processors) && committed <= kept(memory);
}

}  // namespace hvlab::cluster
