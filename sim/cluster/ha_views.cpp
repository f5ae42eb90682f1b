// What a watcher thinks of the other hosts, and a host of itself.
#include <algorithm>

#include "sim/cluster/ha_parts.hpp"
#include "sim/cluster/life.hpp"
#include "sim/cluster/restarts.hpp"
#include "sim/cluster/simulation.hpp"

namespace hvlab::cluster {

namespace {

Watcher* find_watcher(Simulation& sim, Index host) {
  const auto found = std::ranges::find(sim.ha.watchers, host, &Watcher::host);
  return found == sim.ha.watchers.end() ? nullptr : &*found;
}

bool carry_heartbeats(const Simulation& sim) {
  return sim.ha.datastore_heartbeats && sim.ha.timings.monitors != 0;
}

// On a datastore that both reach. (A host that could be pinged would be heard.)
bool shows_life(const Simulation& sim, Index watcher, Index host) {
  if (!carry_heartbeats(sim)) return false;
  for (Index store = 0; store < sim.cluster.datastores.size(); ++store)
    if (is_shared(sim.cluster.datastores[store]) && reaches_datastore(sim.cluster, host, store) &&
        reaches_datastore(sim.cluster, watcher, store))
      return true;
  return false;
}

// Steps of a silent host, as its watcher takes them.

void monitors(Simulation& sim, Index watcher, Index host) {
  tell(sim, What::HaMonitors, kNone, host, watcher);
}

void unreachable(Simulation& sim, Index watcher, Index host) {
  find_watcher(sim, watcher)->hosts[host].view = View::Unreachable;
  tell(sim, What::HaUnreachable, kNone, host, watcher);
}

void verdict(Simulation& sim, Index watcher, Index host) {
  const bool lives = shows_life(sim, watcher, host);
  find_watcher(sim, watcher)->hosts[host].view = lives ? View::Lives : View::Dead;
  tell(sim, lives ? What::HaLives : What::HaDead, kNone, host, watcher);
  if (!lives) take_over_machines(sim, watcher, host);
  restart_machines(sim);
}

using Steps = std::array<Step<Index, Index>, 3>;

Steps timeline_of(const Simulation& sim, bool was_primary) {
  const HaTimings& t = sim.ha.timings;
  if (was_primary) return {{{t.old_unreachable, unreachable}, {t.old_dead, verdict}, {0, nullptr}}};
  const Nanoseconds dead = sim.ha.datastore_heartbeats ? t.dead_with : t.dead_without;
  const Nanoseconds watches = sim.ha.datastore_heartbeats ? t.monitors : 0;
  return {{{watches, monitors}, {t.unreachable, unreachable}, {dead, verdict}}};
}

void walk_of(Simulation& sim, Index watcher, Index host, const Watch& watch) {
  const Nanoseconds passed = sim.now() - watch.silent_since;
  const u32 version = watch.version;
  const Nanoseconds next = walk(sim, timeline_of(sim, watch.was_primary), passed, watcher, host);
  if (next != 0) sim.calendar.add(next - passed, EventKind::HaStage, host, version);
}

void is_heard(Simulation& sim, Watcher& watcher, Index host) {
  Watch& watch = watcher.hosts[host];
  if (watch.view == View::Heard) return;
  watch = {};
  tell(sim, What::HaBack, kNone, host, watcher.host);
}

// One that was switched off on purpose is not missed.
bool is_missed(const Simulation& sim, Index watcher, Index host) {
  const HostState state = sim.cluster.hosts[host].state;
  if (state == HostState::Off || state == HostState::Booting || host == watcher) return false;
  const u32 part = part_of(sim, host);
  return part == kNoPart || part != part_of(sim, watcher);
}

// Steps of a host that hears nobody, as it takes them.

void says_isolated(Simulation& sim, Index host) {
  sim.ha.hosts[host].isolated = true;
  tell(sim, What::HaIsolated, kNone, host);
}

// In vSphere 5 a machine is not switched off unless somebody else has locked its datastore, and so could
// restart it (yellow-bricks.com, January 2012); in vSphere 4 it is.
bool somebody_could_restart(const Simulation& sim, Index machine, Index host) {
  const Index store = sim.cluster.machines[machine].datastore;
  if (!elects(sim.ha.timings) || store == kNone || !is_shared(sim.cluster.datastores[store])) return true;
  return sim.ha.owners[store] != kNone && sim.ha.owners[store] != host;
}

void switch_machines_off(Simulation& sim, Index host) {
  sim.ha.hosts[host].waits = false;
  const std::vector<Index> machines = sim.cluster.hosts[host].machines;
  for (const Index machine : machines) {
    if (sim.cluster.machines[machine].priority == Priority::Never) continue;
    if (!somebody_could_restart(sim, machine, host)) {
      sim.ha.hosts[host].waits = true;
      continue;
    }
    power_off(sim, machine, false);
    machine_was_lost(sim, machine, host);
  }
  restart_machines(sim);
}

void responds(Simulation& sim, Index host) {
  tell(sim, What::HaResponse, kNone, host);
  if (sim.ha.response == IsolationResponse::PowerOff) switch_machines_off(sim, host);
}

void walk_alone(Simulation& sim, Index host) {
  const Loneliness lonely = sim.ha.hosts[host];
  const HaTimings& t = sim.ha.timings;
  const Nanoseconds isolated = lonely.as_primary ? t.isolated_primary : t.isolated_other;
  const std::array<Step<Index>, 2> timeline = {
      {{isolated, says_isolated}, {isolated + t.response_after, responds}}};
  const Nanoseconds passed = sim.now() - lonely.since;
  const Nanoseconds next = walk(sim, timeline, passed, host);
  if (next != 0) sim.calendar.add(next - passed, EventKind::HaAlone, host, lonely.version);
}

void note_alone(Simulation& sim, Index host, bool alone) {
  Loneliness& lonely = sim.ha.hosts[host];
  if (lonely.waits && alone) switch_machines_off(sim, host);
  if (alone == lonely.alone) return;
  const Index follows = lonely.follows;
  lonely = {};
  lonely.alone = alone;
  lonely.follows = follows;
  lonely.version = ++sim.ha.versions;
  lonely.since = sim.now();
  lonely.as_primary = elects(sim.ha.timings) && is_watcher(sim, host);
  if (alone) walk_alone(sim, host);
}

}  // namespace

void begin_silence(Simulation& sim, Watcher& watcher, Index host, Nanoseconds since, bool was_primary) {
  watcher.hosts[host] = {View::Silent, was_primary, since, ++sim.ha.versions};
  const Watch watch = watcher.hosts[host];
  // Steps that are over by now are not taken again.
  const Nanoseconds passed = sim.now() - since;
  Nanoseconds next = 0;
  for (const auto& step : timeline_of(sim, was_primary))
    if (step.after != 0 && step.after >= passed && (next == 0 || step.after < next)) next = step.after;
  if (next != 0) sim.calendar.add(next - passed, EventKind::HaStage, host, watch.version);
}

void look_at_hosts(Simulation& sim, Index watcher_host) {
  for (Index host = 0; host < sim.cluster.hosts.size(); ++host) {
    Watcher& watcher = *find_watcher(sim, watcher_host);
    const View view = watcher.hosts[host].view;
    if (!is_missed(sim, watcher_host, host)) {
      is_heard(sim, watcher, host);
    } else if (view == View::Heard || (view == View::Lives && !shows_life(sim, watcher_host, host))) {
      begin_silence(sim, watcher, host, sim.now(), false);
    }
  }
}

void look_at_loneliness(Simulation& sim) {
  const size_t hosts = sim.cluster.hosts.size();
  std::vector<u32> parts(hosts), sizes;
  for (Index host = 0; host < hosts; ++host) {
    parts[host] = part_of(sim, host);
    if (parts[host] == kNoPart) continue;
    if (sizes.size() <= parts[host]) sizes.resize(parts[host] + size_t{1});
    ++sizes[parts[host]];
  }
  for (Index host = 0; host < hosts; ++host) {
    const bool hears_nobody = parts[host] == kNoPart || (parts[host] != 0 && sizes[parts[host]] == 1);
    note_alone(sim, host, sim.cluster.hosts[host].state == HostState::On && hears_nobody);
  }
}

void ha_stage(Simulation& sim, Index host, u32 version) {
  for (const Watcher& watcher : sim.ha.watchers) {
    if (watcher.hosts[host].version != version) continue;
    const Watch watch = watcher.hosts[host];
    walk_of(sim, watcher.host, host, watch);
    return;
  }
}

void ha_alone(Simulation& sim, Index host, u32 version) {
  if (sim.ha.hosts[host].version != version) return;
  walk_alone(sim, host);
  look_around(sim);  // it may have been the primary
}

}  // namespace hvlab::cluster
