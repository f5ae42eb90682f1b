// Who watches: the parts of the network, elections, the five primaries, and who is responsible for which
// datastore.
#include "sim/cluster/availability.hpp"

#include <algorithm>

#include "sim/cluster/ha_parts.hpp"
#include "sim/cluster/restarts.hpp"
#include "sim/cluster/simulation.hpp"

namespace hvlab::cluster {

namespace {

constexpr size_t kPrimaries = 5;  // of vSphere 4

bool may_watch(const Simulation& sim, Index host) {
  if (sim.cluster.hosts[host].maintenance || part_of(sim, host) == kNoPart) return false;
  return elects(sim.ha.timings) || sim.ha.primaries[host];
}

// Better than another: with more datastores, then with the higher number (vSphere 5); with the lower one of
// the five primaries, which are alike (assumed).
std::pair<i64, i64> standing(const Simulation& sim, Index host) {
  if (!elects(sim.ha.timings)) return {0, -i64{host}};
  i64 reached = 0;
  for (Index store = 0; store < sim.cluster.datastores.size(); ++store)
    reached += is_shared(sim.cluster.datastores[store]) && reaches_datastore(sim.cluster, host, store);
  return {reached, i64{host}};
}

Index best_in(const Simulation& sim, u32 part) {
  Index best = kNone;
  std::pair<i64, i64> most;
  for (Index host = 0; host < sim.cluster.hosts.size(); ++host) {
    if (part_of(sim, host) != part || !may_watch(sim, host)) continue;
    const std::pair<i64, i64> here = standing(sim, host);
    if (best == kNone || here > most) most = here, best = host;
  }
  return best;
}

// Gone, isolated, to be emptied, or in one part with a better one. A primary without a card watches on until
// it finds that it is isolated.
bool steps_down(const Simulation& sim, Index host) {
  const Host& at = sim.cluster.hosts[host];
  if (at.state != HostState::On || at.maintenance || sim.ha.hosts[host].isolated) return true;
  const u32 part = part_of(sim, host);
  return part != kNoPart && std::ranges::any_of(sim.ha.watchers, [&](const Watcher& other) {
           return other.host != host && part_of(sim, other.host) == part &&
                  standing(sim, other.host) > standing(sim, host);
         });
}

void become_watcher(Simulation& sim, Index host, std::vector<Watch> known) {
  known.resize(sim.cluster.hosts.size());
  Watcher watcher{host, std::move(known)};
  watcher.hosts[host] = {};
  // What it knew of them before goes on.
  for (Index other = 0; other < watcher.hosts.size(); ++other)
    if (const Watch watch = watcher.hosts[other];
        watch.view == View::Silent || watch.view == View::Unreachable)
      begin_silence(sim, watcher, other, watch.silent_since, watch.was_primary);
  sim.ha.watchers.push_back(std::move(watcher));
  tell(sim, What::HaElected, kNone, host);
}

struct Part {
  u32 island = 0;
  Index first = kNone;  // host that may watch
  u32 hosts = 0;        // that may
  bool watched = false;
};

std::vector<Part> parts_of(const Simulation& sim) {
  std::vector<Part> parts;
  const auto find = [&](u32 island) -> Part& {
    const auto found = std::ranges::find(parts, island, &Part::island);
    return found != parts.end() ? *found : parts.emplace_back(Part{island, kNone, 0, false});
  };
  for (Index host = 0; host < sim.cluster.hosts.size(); ++host) {
    if (!may_watch(sim, host)) continue;
    Part& part = find(part_of(sim, host));
    if (part.hosts++ == 0) part.first = host;
  }
  for (const Watcher& watcher : sim.ha.watchers)
    if (const u32 island = part_of(sim, watcher.host); island != kNoPart) find(island).watched = true;
  return parts;
}

// Its hosts heard a primary that tells them that it stops: nobody has to be missed first.
bool is_handed_over(const Simulation& sim, const Part& part) {
  const Index before = sim.ha.hosts[part.first].follows;
  return before != kNone && part_of(sim, before) == part.island && sim.cluster.hosts[before].maintenance;
}

void begin_election(Simulation& sim, const Part& part) {
  const auto island = static_cast<u16>(part.island);
  if (std::ranges::count(sim.ha.elections, island, &Election::island) != 0) return;
  const u32 version = ++sim.ha.versions;
  sim.ha.elections.push_back({island, sim.ha.hosts[part.first].follows, sim.now(), version});
  sim.calendar.add(sim.ha.timings.election, EventKind::HaElection, 0, version);
}

// vSphere 4: another primary takes over at once and knows what the primaries know. One without primaries has
// nobody.
void find_watcher_among_primaries(Simulation& sim, const Part& part, const std::vector<Watch>& known) {
  if (const Index host = best_in(sim, part.island); host != kNone) become_watcher(sim, host, known);
}

// One host that is cut off from all others finds itself isolated; alone at the gateway it is all there is.
bool can_elect(const Part& part) { return part.hosts > 1 || (part.hosts == 1 && part.island == 0); }

void find_watchers(Simulation& sim, bool at_once, const std::vector<Watch>& known) {
  const std::vector<Part> parts = parts_of(sim);
  std::erase_if(sim.ha.elections, [&](const Election& election) {
    return std::ranges::none_of(parts, [&](const Part& part) {
      return part.island == election.island && !part.watched && can_elect(part);
    });
  });
  for (const Part& part : parts) {
    if (part.watched) continue;
    if (!elects(sim.ha.timings)) {
      find_watcher_among_primaries(sim, part, known);
    } else if (at_once || (part.hosts != 0 && is_handed_over(sim, part))) {
      become_watcher(sim, best_in(sim, part.island), {});
    } else if (can_elect(part)) {
      begin_election(sim, part);
    }
  }
}

// vSphere 4: a primary that is emptied or switched off by the manager hands its place to another host, one
// that fails keeps it (VMware: five primaries, promotion when one enters maintenance or is removed).
void keep_five_primaries(Simulation& sim) {
  std::vector<bool>& primaries = sim.ha.primaries;
  for (Index host = 0; host < primaries.size(); ++host) {
    const Host& at = sim.cluster.hosts[host];
    if (at.maintenance || at.state == HostState::Off) primaries[host] = false;
  }
  auto count = static_cast<size_t>(std::ranges::count(primaries, true));
  for (Index host = 0; host < primaries.size() && count < kPrimaries; ++host) {
    if (primaries[host] || !sim.cluster.hosts[host].takes_machines()) continue;
    primaries[host] = true;
    ++count;
  }
}

// A watcher keeps a datastore's machines while it can keep the lock of it; then the oldest other one that
// reaches it gets them.
void lock_datastores(Simulation& sim) {
  sim.ha.owners.resize(sim.cluster.datastores.size(), kNone);
  for (Index store = 0; store < sim.ha.owners.size(); ++store) {
    Index& owner = sim.ha.owners[store];
    const auto can = [&](Index host) { return reaches_datastore(sim.cluster, host, store); };
    if (owner != kNone && is_watcher(sim, owner) && can(owner)) continue;
    const auto next = std::ranges::find_if(sim.ha.watchers, can, &Watcher::host);
    owner = next == sim.ha.watchers.end() ? kNone : next->host;
  }
}

void look(Simulation& sim, bool at_once) {
  if (!elects(sim.ha.timings)) keep_five_primaries(sim);
  const std::vector<Watch> known = sim.ha.watchers.empty() ? std::vector<Watch>{} : sim.ha.watchers[0].hosts;
  std::vector<Index> leave;
  for (const Watcher& watcher : sim.ha.watchers)
    if (steps_down(sim, watcher.host)) leave.push_back(watcher.host);
  std::erase_if(sim.ha.watchers,
                [&](const Watcher& watcher) { return std::ranges::count(leave, watcher.host) != 0; });
  find_watchers(sim, at_once, known);
  lock_datastores(sim);
  for (size_t i = 0; i < sim.ha.watchers.size(); ++i) look_at_hosts(sim, sim.ha.watchers[i].host);
  look_at_loneliness(sim);
  for (Index host = 0; host < sim.ha.hosts.size(); ++host)
    if (const Index watcher = watcher_of(sim, host); watcher != kNone) sim.ha.hosts[host].follows = watcher;
  restart_machines(sim);
}

// What an election does when its time has come.

void election_begins(Simulation& sim, Election election) {
  tell(sim, What::HaElection, kNone, election.missed);
}

void election_ends(Simulation& sim, Election election) {
  const Index winner = best_in(sim, election.island);
  if (winner == kNone) return;
  become_watcher(sim, winner, {});
  Watcher& watcher = sim.ha.watchers.back();
  const Index missed = election.missed;
  if (missed != kNone && missed != watcher.host && part_of(sim, missed) != election.island)
    begin_silence(sim, watcher, missed, election.since, true);
  look(sim, false);
}

}  // namespace

u32 part_of(const Simulation& sim, Index host) {
  const Host& at = sim.cluster.hosts[host];
  return is_connected(sim.cluster, host, Purpose::Management) ? at.island : kNoPart;
}

bool is_watcher(const Simulation& sim, Index host) {
  return std::ranges::count(sim.ha.watchers, host, &Watcher::host) != 0;
}

Index watcher_of(const Simulation& sim, Index host) {
  const u32 part = part_of(sim, host);
  for (const Watcher& watcher : sim.ha.watchers)
    if (watcher.host == host || (part != kNoPart && part_of(sim, watcher.host) == part)) return watcher.host;
  return kNone;
}

void begin_watching(Simulation& sim) {
  sim.ha.hosts.resize(sim.cluster.hosts.size());
  sim.ha.primaries.resize(sim.cluster.hosts.size());
  if (sim.ha.on) look(sim, true);
}

void look_around(Simulation& sim) {
  if (sim.ha.on) look(sim, false);
}

void ha_election(Simulation& sim, u32 version) {
  const auto found = std::ranges::find(sim.ha.elections, version, &Election::version);
  if (found == sim.ha.elections.end()) return;
  const Election election = *found;
  const Nanoseconds passed = sim.now() - election.since;
  const HaTimings& t = sim.ha.timings;
  const std::array<Step<Election>, 2> timeline = {
      {{t.election, election_begins}, {t.elected, election_ends}}};
  if (const Nanoseconds next = walk(sim, timeline, passed, election); next != 0)
    sim.calendar.add(next - passed, EventKind::HaElection, 0, version);
}

}  // namespace hvlab::cluster
