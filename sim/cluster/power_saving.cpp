#include "sim/cluster/power_saving.hpp"

#include <algorithm>

#include "sim/cluster/load.hpp"
#include "sim/cluster/simulation.hpp"
#include "sim/cluster/standstill.hpp"

namespace hvlab::cluster {

namespace {

u64 load_of(const Host& host) { return host.load_of(host.wanted); }

void switch_off_empty_hosts(Simulation& sim) {
  std::erase_if(sim.power.emptying, [&](Index place) {
    Host& host = sim.cluster.hosts[place];
    if (host.state != HostState::On || !host.maintenance) return true;  // somebody wants it back
    if (!host.machines.empty() || host.moving != 0) return false;
    settle_host(sim, place);
    host.state = HostState::Off;
    host.maintenance = false;
    refresh_host(sim, place);
    sim.power.asleep.push_back(place);
    ++sim.power.switched_off;
    tell(sim, What::SwitchedOff, kNone, place);
    return true;
  });
}

// On average: one that has more than the others is the balancer's affair.
bool hosts_have_too_much(const Simulation& sim) {
  u64 wanted = 0, capacity = 0;
  for (const Host& host : sim.cluster.hosts) {
    if (!host.takes_machines()) continue;
    wanted += host.wanted;
    capacity += host.capacity();
  }
  return wanted * 1000 > capacity * sim.power.target;
}

void get_one_back(Simulation& sim) {
  if (!sim.power.emptying.empty()) {
    leave_maintenance(sim, sim.power.emptying.back());
    sim.power.emptying.pop_back();
  } else if (!sim.power.asleep.empty()) {
    ++sim.power.booting;
    const Index host = sim.power.asleep.back();
    sim.power.asleep.pop_back();
    settle_host(sim, host);
    sim.cluster.hosts[host].state = HostState::Booting;
    refresh_host(sim, host);
    sim.calendar.add(sim.power.boot, EventKind::HostBoots, host);
  }
}

u64 hosts_to_keep(const Simulation& sim) {
  return u64{sim.power.least_hosts} + (sim.ha.on ? sim.ha.failures : 0);
}

// The least loaded that watches nobody, whose work the others can take with room to spare; kNone if there
// is none.
Index host_to_empty(const Simulation& sim) {
  u64 wanted = 0, capacity = 0, memory = 0, committed = 0, least = sim.power.target - sim.power.tolerance;
  u32 hosts = 0;
  Index best = kNone;
  for (Index place = 0; place < sim.cluster.hosts.size(); ++place) {
    const Host& host = sim.cluster.hosts[place];
    if (!host.takes_machines()) continue;
    ++hosts;
    wanted += host.wanted;
    capacity += host.capacity();
    memory += host.memory;
    committed += host.committed;
    if (!host.stays_on && !is_watcher(sim, place) && load_of(host) < least)
      least = load_of(host), best = place;
  }
  if (best == kNone || hosts <= hosts_to_keep(sim)) return kNone;
  const Host& host = sim.cluster.hosts[best];
  const bool processors =
      wanted * 1000 <= (capacity - host.capacity()) * (sim.power.target - sim.power.tolerance / 2);
  return processors && committed <= memory - host.memory ? best : kNone;
}

// Each host that is emptied takes the whole wait anew, of its own.
bool could_for_long_enough(Simulation& sim, Index host) {
  Nanoseconds& since = sim.power.could_since;
  if (host == kNone) since = kForever;
  if (host != kNone && since == kForever) since = sim.now();
  if (host == kNone || sim.now() - since < sim.power.after) return false;
  since = kForever;
  return true;
}

}  // namespace

void save_power(Simulation& sim) {
  switch_off_empty_hosts(sim);
  if (hosts_have_too_much(sim)) {
    sim.power.could_since = kForever;
    get_one_back(sim);
    return;
  }
  if (!sim.power.emptying.empty() || sim.power.booting != 0) return;
  const Index host = host_to_empty(sim);
  if (!could_for_long_enough(sim, host)) return;
  if (enter_maintenance(sim, host, MoveReason::PowerSaving) == Refusal::None)
    sim.power.emptying.push_back(host);
}

void forget_to_save_with(Simulation& sim, Index host) {
  std::erase(sim.power.asleep, host);
  if (std::erase(sim.power.emptying, host) != 0) sim.cluster.hosts[host].maintenance = false;
}

void host_has_booted(Simulation& sim, Index place) {
  --sim.power.booting;
  if (sim.cluster.hosts[place].state != HostState::Booting) return;  // it broke meanwhile
  settle_host(sim, place);
  sim.cluster.hosts[place].state = HostState::On;
  refresh_host(sim, place);
  tell(sim, What::SwitchedOn, kNone, place);
  look_at_pool(sim);
  look_at_disks(sim);
  look_around(sim);
}

}  // namespace hvlab::cluster
