#include "sim/cluster/availability.hpp"

#include <algorithm>
#include <array>

#include "sim/cluster/life.hpp"
#include "sim/cluster/restarts.hpp"
#include "sim/cluster/simulation.hpp"

namespace hvlab::cluster {

namespace {

/// A step of a timeline: after so long, this; 0: it has no such step.
struct Step {
  Nanoseconds after;
  void (*act)(Simulation&, Index host);
};

constexpr size_t kMostSteps = 5;
using Timeline = std::array<Step, kMostSteps>;

// Does what is due after `passed`; when the next step is, 0 if that was the last.
Nanoseconds walk(Simulation& sim, Index host, const Timeline& timeline, Nanoseconds passed) {
  for (const Step& step : timeline)
    if (step.after != 0 && step.after == passed) step.act(sim, host);
  Nanoseconds next = 0;
  for (const Step& step : timeline)
    if (step.after > passed && (next == 0 || step.after < next)) next = step.after;
  return next;
}

bool heartbeats_on_datastores(const Simulation& sim, Index host) {
  if (!sim.ha.datastore_heartbeats || sim.ha.timings.monitors == 0) return false;
  for (Index store = 0; store < sim.cluster.datastores.size(); ++store)
    if (is_shared(sim.cluster.datastores[store]) && reaches_datastore(sim.cluster, host, store)) return true;
  return false;
}

bool has_primary(const HaTimings& timings) { return timings.elected != 0; }

// Steps of what the others think of a host.

void monitors(Simulation& sim, Index host) { tell(sim, What::HaMonitors, kNone, host); }

void unreachable(Simulation& sim, Index host) {
  sim.ha.hosts[host].view = View::Unreachable;
  tell(sim, What::HaUnreachable, kNone, host);
}

void election(Simulation& sim, Index host) { tell(sim, What::HaElection, kNone, host); }

// The most datastores win, then the highest number.
Index winner(const Simulation& sim) {
  Index best = kNone;
  int most = -1;
  for (Index host = 0; host < sim.cluster.hosts.size(); ++host) {
    if (sim.cluster.hosts[host].maintenance || !reaches_core(sim.cluster, host, Purpose::Management))
      continue;
    int reached = 0;
    for (Index store = 0; store < sim.cluster.datastores.size(); ++store)
      reached += is_shared(sim.cluster.datastores[store]) && reaches_datastore(sim.cluster, host, store);
    if (reached >= most) most = reached, best = host;
  }
  return best;
}

void become_primary(Simulation& sim, Index host) {
  sim.ha.primary = host;
  if (host != kNone) tell(sim, What::HaElected, kNone, host);
}

void elect(Simulation& sim, Index) {
  become_primary(sim, winner(sim));
  look_around(sim);
}

void verdict(Simulation& sim, Index host) {
  // A host that answers a ping is cut off from its agent's network alone.
  const bool lives =
      heartbeats_on_datastores(sim, host) || reaches_core(sim.cluster, host, Purpose::Management);
  sim.ha.hosts[host].view = lives ? View::Lives : View::Dead;
  tell(sim, lives ? What::HaLives : What::HaDead, kNone, host);
  restart_lost(sim, host);
}

Timeline timeline_of(const Simulation& sim, Index host) {
  const HaTimings& t = sim.ha.timings;
  if (sim.ha.hosts[host].was_primary)
    return {{{t.election, election},
             {t.elected, elect},
             {t.old_unreachable, unreachable},
             {t.old_dead, verdict}}};
  const Nanoseconds dead = sim.ha.datastore_heartbeats ? t.dead_with : t.dead_without;
  const Nanoseconds watches = sim.ha.datastore_heartbeats ? t.monitors : 0;
  return {{{watches, monitors}, {t.unreachable, unreachable}, {dead, verdict}}};
}

void walk_of_others(Simulation& sim, Index host) {
  const Watch& watch = sim.ha.hosts[host];
  const Nanoseconds passed = sim.now() - watch.silent_since;
  const u32 version = watch.version;
  const Nanoseconds next = walk(sim, host, timeline_of(sim, host), passed);
  if (next != 0) sim.calendar.add(next - passed, EventKind::HaStage, host, version);
}

// Steps of what a host thinks of itself.

void says_isolated(Simulation& sim, Index host) {
  sim.ha.hosts[host].isolated = true;
  tell(sim, What::HaIsolated, kNone, host);
}

void responds(Simulation& sim, Index host) {
  tell(sim, What::HaResponse, kNone, host);
  if (sim.ha.response == IsolationResponse::LeaveOn) return;
  const std::vector<Index> machines = sim.cluster.hosts[host].machines;
  for (const Index machine : machines) {
    if (sim.cluster.machines[machine].priority == Priority::Never) continue;
    power_off(sim, machine, false);
    machine_was_lost(sim, machine, host);
  }
}

void walk_alone(Simulation& sim, Index host) {
  const Watch& watch = sim.ha.hosts[host];
  const HaTimings& t = sim.ha.timings;
  const Nanoseconds isolated = watch.alone_as_primary ? t.isolated_primary : t.isolated_other;
  const Timeline timeline = {{{isolated, says_isolated}, {isolated + t.response_after, responds}}};
  const Nanoseconds passed = sim.now() - watch.alone_since;
  const u32 version = watch.alone_version;
  const Nanoseconds next = walk(sim, host, timeline, passed);
  if (next != 0) sim.calendar.add(next - passed, EventKind::HaAlone, host, version);
}

// Who hears whom.

bool heard_by_another(const Simulation& sim, Index host) {
  bool others = false;
  for (Index other = 0; other < sim.cluster.hosts.size(); ++other) {
    if (other == host || !reaches_core(sim.cluster, other, Purpose::Management)) continue;
    others = true;
    if (reach_each_other(sim.cluster, other, host, Purpose::Management)) return true;
  }
  // Nobody is left to miss it, if it is on itself.
  return !others && sim.cluster.hosts[host].state == HostState::On;
}

bool is_alone(const Simulation& sim, Index host) {
  if (sim.cluster.hosts[host].state != HostState::On || reaches_core(sim.cluster, host, Purpose::Management))
    return false;
  for (Index other = 0; other < sim.cluster.hosts.size(); ++other)
    if (other != host && reach_each_other(sim.cluster, other, host, Purpose::Management)) return false;
  return true;
}

void note_heard(Simulation& sim, Index host, bool heard) {
  Watch& watch = sim.ha.hosts[host];
  if (heard == (watch.view == View::Heard)) return;
  ++watch.version;
  if (heard) {
    watch.view = View::Heard;
    tell(sim, What::HaBack, kNone, host);
    restart_lost(sim, host);
    return;
  }
  watch.view = View::Silent;
  watch.silent_since = sim.now();
  watch.was_primary = has_primary(sim.ha.timings) && sim.ha.primary == host;
  walk_of_others(sim, host);
}

void note_alone(Simulation& sim, Index host) {
  Watch& watch = sim.ha.hosts[host];
  const bool alone = is_alone(sim, host);
  if (alone == watch.alone) return;
  watch.alone = alone;
  watch.isolated = false;
  ++watch.alone_version;
  if (!alone) return;
  watch.alone_since = sim.now();
  watch.alone_as_primary = sim.ha.primary == host;
  walk_alone(sim, host);
}

}  // namespace

void begin_watching(Simulation& sim) {
  sim.ha.hosts.resize(sim.cluster.hosts.size());
  look_around(sim);
}

void look_around(Simulation& sim) {
  if (!sim.ha.on) return;
  if (sim.ha.primary == kNone) become_primary(sim, winner(sim));
  const Index primary = sim.ha.primary;
  if (primary != kNone) note_heard(sim, primary, heard_by_another(sim, primary));
  const bool watched = primary != kNone && sim.ha.hosts[primary].view == View::Heard;
  for (Index host = 0; host < sim.cluster.hosts.size(); ++host) {
    note_alone(sim, host);
    if (host == primary || sim.cluster.hosts[host].state == HostState::Off) continue;
    if (!has_primary(sim.ha.timings)) note_heard(sim, host, heard_by_another(sim, host));
    // While the hosts have no primary, nobody's silence is noticed.
    if (has_primary(sim.ha.timings) && watched)
      note_heard(sim, host, reach_each_other(sim.cluster, primary, host, Purpose::Management));
  }
  restart_machines(sim);
}

void ha_stage(Simulation& sim, Index host, u32 version) {
  if (sim.ha.hosts[host].version == version) walk_of_others(sim, host);
}

void ha_alone(Simulation& sim, Index host, u32 version) {
  if (sim.ha.hosts[host].alone_version == version) walk_alone(sim, host);
}

}  // namespace hvlab::cluster
