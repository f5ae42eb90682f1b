#include "sim/cluster/restarts.hpp"

#include <algorithm>

#include "sim/cluster/ha_parts.hpp"
#include "sim/cluster/life.hpp"
#include "sim/cluster/simulation.hpp"

namespace hvlab::cluster {

namespace {

// It knows what became of the machines that were there: it hears the host, or has given it up.
bool knows(const Watcher& watcher, Index host) {
  const View view = watcher.hosts[host].view;
  return view == View::Heard || view == View::Lives || view == View::Dead;
}

// vSphere 5: a machine is the affair of who has locked its datastore. vSphere 4: whoever misses it tries, and
// the lock of its disk lets one succeed.
bool is_responsible(const Simulation& sim, const Watcher& watcher, Index machine) {
  const Index store = sim.cluster.machines[machine].datastore;
  if (!elects(sim.ha.timings) || store == kNone || !is_shared(sim.cluster.datastores[store])) return true;
  return sim.ha.owners[store] == watcher.host;
}

u32 starting_on(const Simulation& sim, Index host) {
  const auto& machines = sim.cluster.hosts[host].machines;
  return static_cast<u32>(std::ranges::count_if(
      machines, [&](Index machine) { return sim.cluster.machines[machine].state == VmState::Starting; }));
}

// A host that the watcher does not hear cannot be told to start anything.
Index host_for(Simulation& sim, const Watcher& watcher, Index machine) {
  return freest_host(sim.cluster, machine, [&](Index at) {
    if (watcher.hosts[at].view != View::Heard || !sim.cluster.hosts[at].takes_machines()) return false;
    const bool has_place = starting_on(sim, at) < sim.ha.at_a_time;
    if (!has_place) sim.ha.places_full = true;
    return has_place;
  });
}

enum class Attempt : u8 { Done, NoHost, NobodyKnows };

Attempt restart(Simulation& sim, const Lost& lost) {
  VirtualMachine& vm = sim.cluster.machines[lost.machine];
  if (vm.is_on() || !vm.should_run) return Attempt::Done;
  Attempt attempt = Attempt::NobodyKnows;
  for (const Watcher& watcher : sim.ha.watchers) {
    if (!knows(watcher, lost.host) || !is_responsible(sim, watcher, lost.machine)) continue;
    attempt = Attempt::NoHost;
    const Index host = host_for(sim, watcher, lost.machine);
    if (host == kNone || power_on(sim, lost.machine, host) != Refusal::None) continue;
    ++vm.restarts;
    ++sim.ha.restarts;
    return Attempt::Done;
  }
  return attempt;
}

void tell_of_no_host(Simulation& sim, Index machine) {
  tell(sim, What::HaNoHost, machine);
  if (explains_more(sim)) explain(sim, sim.log.size() - 1, why_nowhere(sim, machine));
}

void insert(Simulation& sim, const Lost& lost) {
  const auto order = [&](const Lost& one) {
    return std::pair(sim.cluster.machines[one.machine].priority, one.machine);
  };
  std::vector<Lost>& all = sim.ha.lost;
  all.insert(std::ranges::upper_bound(all, order(lost), {}, order), lost);
}

}  // namespace

void machine_was_lost(Simulation& sim, Index machine, Index host) {
  const VirtualMachine& vm = sim.cluster.machines[machine];
  if (!vm.should_run || (sim.ha.on && vm.priority == Priority::Never)) return;
  forget_lost(sim, machine);
  insert(sim, {machine, host});
}

void take_over_machines(Simulation& sim, Index watcher, Index host) {
  const auto by = std::ranges::find(sim.ha.watchers, watcher, &Watcher::host);
  const std::vector<Index> machines = sim.cluster.hosts[host].machines;
  for (const Index machine : machines) {
    const VirtualMachine& vm = sim.cluster.machines[machine];
    if (!vm.frozen || vm.priority == Priority::Never || !is_responsible(sim, *by, machine)) continue;
    if (host_for(sim, *by, machine) == kNone) continue;
    machine_dies(sim, machine);
    machine_was_lost(sim, machine, host);
  }
}

void forget_lost(Simulation& sim, Index machine) {
  std::erase_if(sim.ha.lost, [&](const Lost& lost) { return lost.machine == machine; });
}

void restart_machines(Simulation& sim) {
  sim.ha.places_full = false;
  if (!sim.ha.on || sim.ha.lost.empty() || sim.ha.watchers.empty()) return;
  std::vector<Lost> waiting;
  std::swap(waiting, sim.ha.lost);
  bool again = false;
  for (Lost& lost : waiting) {
    const Attempt attempt = restart(sim, lost);
    if (attempt == Attempt::Done) continue;
    if (attempt == Attempt::NoHost && !lost.told) tell_of_no_host(sim, lost.machine);
    lost.told |= attempt == Attempt::NoHost;
    again |= attempt == Attempt::NoHost;
    insert(sim, lost);
  }
  if (!again || sim.ha.retrying) return;
  sim.ha.retrying = true;
  sim.calendar.add(sim.ha.retry, EventKind::HaRetry);
}

void ha_retry(Simulation& sim) {
  sim.ha.retrying = false;
  restart_machines(sim);
}

void start_with_host(Simulation& sim, Index host) {
  std::vector<Index> lost;
  for (const Lost& one : sim.ha.lost)
    if (one.host == host) lost.push_back(one.machine);
  for (const Index machine : lost) {
    forget_lost(sim, machine);
    const VirtualMachine& vm = sim.cluster.machines[machine];
    if (sim.starts_with_host && vm.should_run && !vm.is_on()) power_on(sim, machine, host);
  }
}

}  // namespace hvlab::cluster
