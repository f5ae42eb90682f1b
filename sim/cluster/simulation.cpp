#include "sim/cluster/simulation.hpp"

#include <array>

#include "sim/cluster/kernel.hpp"
#include "sim/cluster/life.hpp"
#include "sim/cluster/load.hpp"

namespace hvlab::cluster {

namespace {

constexpr std::array<std::string_view, static_cast<size_t>(What::Count)> kNames = {
    "power-on",     "serves",      "power-off",      "died",        "refused",    "move-began", "round",
    "move-stopped", "moved",       "disk-moved",     "move-failed", "evacuated",  "fault",      "repair",
    "data-lost",    "ha-monitors", "ha-unreachable", "ha-election", "ha-elected", "ha-dead",    "ha-lives",
    "ha-back",      "ha-isolated", "ha-response",    "ha-no-host",  "balanced",   "no-manager", "disk-away",
    "disk-back",    "rebuilt",     "switched-off",   "switched-on", "snapshot"};

using Happens = void (*)(Simulation&, const Event&);

// One line for each kind of event, in its order.
constexpr std::array<Happens, static_cast<size_t>(EventKind::Count)> kHappens = {
    [](Simulation& sim, const Event&) { load_step(sim); },
    [](Simulation& sim, const Event& event) { task_ends(sim, event.subject, event.version); },
    [](Simulation& sim, const Event& event) { flow_ends(sim, event.subject, event.version); },
    [](Simulation& sim, const Event& event) { move_step(sim, event.subject, event.version); },
    [](Simulation& sim, const Event& event) { start_up_ends(sim, event.subject, event.version); },
    [](Simulation& sim, const Event& event) { ha_stage(sim, event.subject, event.version); },
    [](Simulation& sim, const Event& event) { ha_alone(sim, event.subject, event.version); },
    [](Simulation& sim, const Event&) { ha_retry(sim); },
    [](Simulation& sim, const Event&) { balance(sim); },
    [](Simulation& sim, const Event& event) { happens(sim, sim.faults[event.subject]); },
    [](Simulation& sim, const Event& event) { carry_out(sim, sim.orders[event.subject]); },
    [](Simulation& sim, const Event& event) { repair_part(sim, event.subject, event.version); },
    [](Simulation& sim, const Event& event) { host_has_booted(sim, event.subject); },
    [](Simulation& sim, const Event& event) { ha_election(sim, event.version); },
    [](Simulation& sim, const Event& event) { window_edge(sim, event.subject); },
    [](Simulation& sim, const Event& event) { service_ends(sim, event.subject); },
    [](Simulation& sim, const Event& event) { move_takes_too_long(sim, event.subject); },
    [](Simulation& sim, const Event& event) {
      const Assignment& given = sim.assignments[event.subject];
      add_task(sim, given.machine, given.megacycles, given.count);
    },
};

}  // namespace

std::string_view name(What what) { return kNames[static_cast<size_t>(what)]; }

void tell(Simulation& sim, What what, Index machine, Index host, Index other, u64 value) {
  sim.log.push_back({sim.now(), what, machine, host, other, value});
}

bool manager_works(const Simulation& sim) {
  if (!sim.manager.up || sim.now() < sim.manager.back_at) return false;
  if (sim.manager.machine == kNone) return true;
  const VirtualMachine& vm = sim.cluster.machines[sim.manager.machine];
  return vm.state == VmState::Running && !vm.frozen;
}

bool manager_reaches(const Simulation& sim, Index host) {
  if (!manager_works(sim)) return false;
  const Index own = sim.manager.machine == kNone ? kNone : sim.cluster.machines[sim.manager.machine].host;
  if (own == kNone) return reaches_core(sim.cluster, host, Purpose::Management);
  return own == host || reach_each_other(sim.cluster, own, host, Purpose::Management);
}

void prepare(Simulation& sim) {
  begin_watching(sim);
  begin_account(sim);
  for (Index host = 0; host < sim.cluster.hosts.size(); ++host) refresh_host(sim, host);
  if (sim.load_step != 0) sim.calendar.add(0, EventKind::LoadStep);
  if (sim.balancer.on) sim.calendar.add(sim.balancer.period, EventKind::Balance);
  for (Index fault = 0; fault < sim.faults.size(); ++fault)
    sim.calendar.add(sim.faults[fault].at - sim.now(), EventKind::FaultHappens, fault);
  for (Index i = 0; i < sim.assignments.size(); ++i)
    sim.calendar.add(sim.assignments[i].at - sim.now(), EventKind::TasksCome, i);
  for (Index order = 0; order < sim.orders.size(); ++order)
    sim.calendar.add(sim.orders[order].at - sim.now(), EventKind::OrderComes, order);
}

void happen(Simulation& sim, const Event& event) { kHappens[static_cast<size_t>(event.kind)](sim, event); }

void run(Simulation& sim, Nanoseconds until, const std::function<void(const Event&)>& after) {
  carry(sim.calendar, until, [&](const Event& event) {
    happen(sim, event);
    if (after) after(event);
  });
  settle_all(sim);
  account_rest(sim);
}

}  // namespace hvlab::cluster
