#include "sim/cluster/life.hpp"

#include <algorithm>
#include <array>

#include "sim/cluster/admission.hpp"
#include "sim/cluster/load.hpp"
#include "sim/cluster/restarts.hpp"
#include "sim/cluster/simulation.hpp"

namespace hvlab::cluster {

namespace {

// Where the first of those that are on somewhere is, or will be, the others go. One on a host that is to be
// emptied leads nobody: else they would keep each other there.
bool is_with_its_friends(const Cluster& cluster, Index machine, Index host) {
  const u16 number = cluster.machines[machine].together;
  if (number == 0 || number >= cluster.together.size()) return true;
  for (const Index other : cluster.together[number]) {
    const VirtualMachine& friend_vm = cluster.machines[other];
    const bool leads = friend_vm.heading != kNone || !cluster.hosts[friend_vm.host].maintenance;
    if (other != machine && leads)
      return (friend_vm.heading != kNone ? friend_vm.heading : friend_vm.host) == host;
  }
  return true;
}

}  // namespace

std::string_view name(PlaceRule rule) {
  static constexpr std::array<std::string_view, static_cast<size_t>(PlaceRule::Count)> kNames = {
      "", "apart", "together", "hosts"};
  return kNames[static_cast<size_t>(rule)];
}

PlaceRule broken_rule(const Cluster& cluster, Index machine, Index host) {
  const VirtualMachine& vm = cluster.machines[machine];
  if (vm.hosts != 0 && !std::ranges::binary_search(cluster.host_groups[vm.hosts], host))
    return PlaceRule::Hosts;
  const auto is_apart = [&](Index other) {
    return other != machine && cluster.machines[other].apart == vm.apart;
  };
  const Host& at = cluster.hosts[host];
  if (vm.apart != 0 &&
      (std::ranges::any_of(at.machines, is_apart) || std::ranges::any_of(at.coming, is_apart)))
    return PlaceRule::Apart;
  return is_with_its_friends(cluster, machine, host) ? PlaceRule::None : PlaceRule::Together;
}

namespace {

bool is_bare(const Cluster& cluster, const VirtualMachine& vm) {
  return cluster.overheads[vm.overhead].name == "bare";
}

// A system on the bare machine has it to itself.
bool shares_with_others(const Cluster& cluster, const VirtualMachine& vm, const Host& at) {
  if (is_bare(cluster, vm)) return at.machines.empty() && at.coming.empty();
  return std::ranges::none_of(at.machines,
                              [&](Index machine) { return is_bare(cluster, cluster.machines[machine]); });
}

}  // namespace

Refusal may_be_on(const Cluster& cluster, Index machine, Index host) {
  const VirtualMachine& vm = cluster.machines[machine];
  const Host& at = cluster.hosts[host];
  if (at.state != HostState::On) return Refusal::HostNotOn;
  if (at.maintenance) return Refusal::Maintenance;
  if (at.committed + memory_on_host(cluster, vm) > at.memory) return Refusal::NoMemory;
  if (at.reserved + vm.reservation > at.capacity()) return Refusal::NoProcessorTime;
  switch (broken_rule(cluster, machine, host)) {
    case PlaceRule::Apart: return Refusal::RuleApart;
    case PlaceRule::Together: return Refusal::RuleTogether;
    case PlaceRule::Hosts: return Refusal::RuleHosts;
    default: break;
  }
  if (!shares_with_others(cluster, vm, at)) return Refusal::NotAlone;
  if (!reaches_disk(cluster, host, machine)) return Refusal::NoDatastore;
  return Refusal::None;
}

Index freest_host(const Cluster& cluster, Index machine, const std::function<bool(Index)>& usable) {
  Index best = kNone;
  std::pair<u64, u64> most;
  for (Index host = 0; host < cluster.hosts.size(); ++host) {
    const Host& at = cluster.hosts[host];
    if (usable && !usable(host)) continue;
    if (!at.takes_machines() || may_be_on(cluster, machine, host) != Refusal::None) continue;
    // Unreserved processor time first; hosts alike in that by memory.
    const std::pair free{at.capacity() - at.reserved, at.memory - at.committed};
    if (best == kNone || free > most) most = free, best = host;
  }
  return best;
}

void goes_down(Simulation& sim, Index machine) {
  VirtualMachine& vm = sim.cluster.machines[machine];
  if (vm.should_run && vm.down_since == kForever) vm.down_since = sim.now();
}

void comes_up(Simulation& sim, Index machine) {
  VirtualMachine& vm = sim.cluster.machines[machine];
  if (vm.down_since == kForever || (vm.frozen && vm.should_run)) return;
  vm.down += sim.now() - vm.down_since;
  vm.down_since = kForever;
}

Nanoseconds down_time(const Simulation& sim, Index machine) {
  const VirtualMachine& vm = sim.cluster.machines[machine];
  return vm.down + (vm.down_since == kForever ? 0 : sim.now() - vm.down_since);
}

Refusal power_on(Simulation& sim, Index machine, Index host) {
  const VirtualMachine& vm = sim.cluster.machines[machine];
  const Refusal refusal = vm.is_on() ? Refusal::AlreadyOn : may_be_on(sim.cluster, machine, host);
  if (refusal != Refusal::None) {
    tell_refused(sim, machine, host, refusal);
    return refusal;
  }
  if (const Lack lack = vm.should_run ? Lack{} : Admissions(sim).lack(machine);
      lack.of != Lack::Of::Nothing) {
    tell_no_spare(sim, machine, host, lack);
    return Refusal::Spare;
  }
  start_on(sim, machine, host);
  return Refusal::None;
}

void start_on(Simulation& sim, Index machine, Index host) {
  VirtualMachine& vm = sim.cluster.machines[machine];
  const bool restart = vm.should_run;
  vm.should_run = true;
  vm.state = VmState::Starting;
  vm.speed = 1000;
  settle_host(sim, host);
  enter_host(sim.cluster, machine, host);
  if (restart) {
    goes_down(sim, machine);
    forget_lost(sim, machine);
  }
  tell(sim, What::PowerOn, machine, host, restart ? 1 : 0);
  const Nanoseconds start_up = sim.cluster.overheads[vm.overhead].start_up();
  ++vm.version;
  if (start_up == 0) {
    start_up_ends(sim, machine, vm.version);
  } else {
    sim.calendar.add(start_up, EventKind::StartUpEnds, machine, vm.version);
    refresh_host(sim, host);
  }
}

void start_up_ends(Simulation& sim, Index machine, u32 version) {
  VirtualMachine& vm = sim.cluster.machines[machine];
  if (vm.version != version || vm.state != VmState::Starting) return;
  vm.state = VmState::Running;
  vm.frozen ? goes_down(sim, machine) : comes_up(sim, machine);
  tell(sim, What::Serves, machine, vm.host);
  if (sim.ha.places_full) restart_machines(sim);
  refresh_host(sim, vm.host);
}

namespace {

void switch_off(Simulation& sim, Index machine, What what) {
  VirtualMachine& vm = sim.cluster.machines[machine];
  const Index host = vm.host;
  if (!vm.is_on()) return;
  if (vm.migration != kNone) fail_move(sim, vm.migration, Refusal::Cancelled);
  settle_host(sim, host);
  vm.state = VmState::Off;
  vm.frozen = false;
  vm.wants = vm.gets = vm.guest_wants = vm.io_wants = vm.io_gets = 0;
  if (vm.tasks != 0) pace_tasks(sim, machine);
  goes_down(sim, machine);
  leave_host(sim.cluster, machine);
  tell(sim, what, machine, host);
  refresh_host(sim, host);
}

}  // namespace

void power_off(Simulation& sim, Index machine, bool by_owner) {
  VirtualMachine& vm = sim.cluster.machines[machine];
  if (by_owner) {
    vm.should_run = false;
    comes_up(sim, machine);
    forget_lost(sim, machine);
  }
  switch_off(sim, machine, What::PowerOff);
}

void machine_dies(Simulation& sim, Index machine) { switch_off(sim, machine, What::Died); }

}  // namespace hvlab::cluster
