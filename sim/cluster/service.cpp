#include "sim/cluster/service.hpp"

#include <algorithm>

#include "sim/cluster/life.hpp"
#include "sim/cluster/load.hpp"
#include "sim/cluster/restarts.hpp"
#include "sim/cluster/simulation.hpp"
#include "sim/cluster/standstill.hpp"

namespace hvlab::cluster {

namespace {

void stop(Simulation& sim, Service& service, Index machine) {
  power_off(sim, machine, false);
  ++sim.account.stopped_for_service;
  const Index elsewhere = freest_host(sim.cluster, machine);
  if (elsewhere == kNone || power_on(sim, machine, elsewhere) != Refusal::None)
    service.stopped.push_back(machine);
}

// Its host broke: what waits for it is lost as what it had.
void hand_over(Simulation& sim, Service& service) {
  service.over = true;
  for (const Index machine : service.stopped)
    if (!sim.cluster.machines[machine].is_on()) machine_was_lost(sim, machine, service.host);
  service.stopped.clear();
}

void start_stopped(Simulation& sim, Service& service) {
  service.over = true;
  const std::vector<Index> stopped = std::move(service.stopped);
  const Index host = service.host;
  service.stopped.clear();
  for (const Index machine : stopped)
    if (!sim.cluster.machines[machine].is_on()) power_on(sim, machine, host);
}

// One that could move waits for its turn, or for room.
bool never_moves(const Simulation& sim, Index machine) {
  const VirtualMachine& vm = sim.cluster.machines[machine];
  return vm.migration == kNone &&
         (!sim.cluster.overheads[vm.overhead].migrates || best_host_for(sim, machine) == kNone);
}

void look_at(Simulation& sim, u32 place) {
  Service& service = sim.services[place];
  Host& host = sim.cluster.hosts[service.host];
  if (service.off || service.over) return;
  if (host.state != HostState::On) return hand_over(sim, service);
  if (!host.maintenance) {  // somebody wants it back
    start_stopped(sim, service);
    return;
  }
  const std::vector<Index> machines = host.machines;
  for (const Index machine : machines)
    if (never_moves(sim, machine)) stop(sim, service, machine);
  if (!host.machines.empty() || host.moving != 0) return;
  settle_host(sim, service.host);
  host.state = HostState::Off;
  service.off = true;
  refresh_host(sim, service.host);
  tell(sim, What::SwitchedOff, kNone, service.host);
  look_at_pool(sim);
  look_at_disks(sim);
  look_around(sim);
  sim.calendar.add(service.lasts, EventKind::ServiceEnds, place);
}

}  // namespace

Refusal begin_service(Simulation& sim, Index host, Nanoseconds lasts) {
  if (manager_works(sim)) forget_to_save_with(sim, host);
  const Refusal refusal = enter_maintenance(sim, host);
  if (refusal != Refusal::None) return refusal;
  sim.services.push_back({.host = host, .lasts = lasts, .stopped = {}});
  look_at(sim, static_cast<u32>(sim.services.size() - 1));
  return Refusal::None;
}

void go_on_with_services(Simulation& sim) {
  for (u32 place = 0; place < sim.services.size(); ++place) look_at(sim, place);
}

void service_ends(Simulation& sim, u32 place) {
  const Index host = sim.services[place].host;
  if (sim.cluster.hosts[host].state != HostState::Off) return hand_over(sim, sim.services[place]);
  settle_host(sim, host);
  sim.cluster.hosts[host].state = HostState::On;
  leave_maintenance(sim, host);
  refresh_host(sim, host);
  tell(sim, What::SwitchedOn, kNone, host);
  look_at_pool(sim);
  look_at_disks(sim);
  look_around(sim);
  start_stopped(sim, sim.services[place]);
}

size_t waits_for_service(const Simulation& sim, Index machine) {
  size_t lists = 0;
  for (const Service& service : sim.services)
    lists += static_cast<size_t>(std::ranges::count(service.stopped, machine));
  return lists;
}

}  // namespace hvlab::cluster
