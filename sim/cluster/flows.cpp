#include "sim/cluster/flows.hpp"

#include <algorithm>
#include <numeric>

#include "sim/base/check.hpp"
#include "sim/cluster/load.hpp"
#include "sim/cluster/max_min.hpp"
#include "sim/cluster/simulation.hpp"

namespace hvlab::cluster {

namespace {

constexpr u64 kMegabit = 1'000'000 / 8;
constexpr u64 kMegabyte = 1'000'000;

// Resources: both directions of each card, reading and writing of each datastore together, and each host's
// part of a port group that has a limit.
Index direction(Index nic, Way way) { return 2 * nic + way; }
Index copies(const Cluster& cluster, Index datastore) {
  return static_cast<Index>(2 * cluster.nics.size()) + datastore;
}
Index share_of(const Cluster& cluster, Index host, Purpose purpose, Way way) {
  constexpr auto kPurposes = static_cast<Index>(Purpose::Count);
  return copies(cluster, static_cast<Index>(cluster.datastores.size())) +
         2 * (host * kPurposes + static_cast<Index>(purpose)) + way;
}

bool carries(const Cluster& cluster, Index nic) {
  const Nic& card = cluster.nics[nic];
  return card.up && cluster.switches[card.to].up && cluster.hosts[card.host].state == HostState::On;
}

u64 lane_capacity(const Cluster& cluster, Lane lane) {
  const bool joined =
      cluster.hosts[cluster.nics[lane.from].host].island == cluster.hosts[cluster.nics[lane.to].host].island;
  if (!joined || !carries(cluster, lane.from) || !carries(cluster, lane.to)) return 0;
  return std::min(cluster.nics[lane.from].mbps, cluster.nics[lane.to].mbps) * kMegabit;
}

u64 copy_capacity(const Simulation& sim, Index datastore) {
  const Datastore& store = sim.cluster.datastores[datastore];
  return store.up && !lost(store) ? store.bandwidth * kMegabyte * sim.flows.copy_part / 1000 : 0;
}

// The streams of active flows in order, with the resources that they use numbered from 0.
struct Sharing {
  std::vector<Stream> streams;
  std::vector<u64> capacities;
  std::vector<std::pair<Index, Index>> numbers;  // resource, its number; in order of resources
  size_t copying = 0;  // so many streams are flows', those behind them machines' on the same cards

  Index number(Index resource, u64 capacity) {
    const auto found = std::ranges::lower_bound(numbers, std::pair(resource, Index{0}));
    if (found != numbers.end() && found->first == resource) return found->second;
    const auto next = static_cast<Index>(capacities.size());
    numbers.insert(found, {resource, next});
    capacities.push_back(capacity);
    return next;
  }
};

void use_card(const Cluster& cluster, Index nic, Way way, Purpose purpose, Sharing& sharing, Stream& stream) {
  const Nic& card = cluster.nics[nic];
  stream.uses.push_back(sharing.number(direction(nic, way), card.mbps * kMegabit));
  if (const u32 limit = cluster.groups[static_cast<size_t>(purpose)].limit; limit != 0)
    stream.uses.push_back(sharing.number(share_of(cluster, card.host, purpose, way), limit * kMegabit));
}

// On a card that something is copied over the machines' traffic is one more stream in each direction.
void add_machines(const Cluster& cluster, Sharing& sharing) {
  sharing.copying = sharing.streams.size();
  for (const auto& [resource, number] : sharing.numbers) {
    if (resource >= 2 * cluster.nics.size()) break;
    sharing.streams.push_back({{number}, cluster.nics[resource / 2].ways[resource % 2].wanted, 0});
  }
}

void add_streams(const Simulation& sim, const Flow& flow, Sharing& sharing) {
  const Cluster& cluster = sim.cluster;
  const size_t parts = std::max<size_t>(flow.lanes.size(), 1);
  for (size_t part = 0; part < parts; ++part) {
    Stream stream;
    if (flow.limit != 0) stream.limit = flow.limit / parts;
    if (part < flow.lanes.size()) {
      const Lane lane = flow.lanes[part];
      // A dead end is a resource of its own that gives nothing.
      const u64 capacity = lane_capacity(cluster, lane);
      if (capacity == 0) stream.limit = 0;
      use_card(cluster, lane.from, Out, flow.purpose, sharing, stream);
      use_card(cluster, lane.to, In, flow.purpose, sharing, stream);
    }
    for (const Index store : {flow.read_from, flow.write_to})
      if (store != kNone)
        stream.uses.push_back(sharing.number(copies(cluster, store), copy_capacity(sim, store)));
    sharing.streams.push_back(std::move(stream));
  }
}

u64 rate_of(const Flow& flow) { return std::accumulate(flow.rates.begin(), flow.rates.end(), u64{0}); }

void count(Simulation& sim, Flow& flow, size_t part, u64 bytes) {
  flow.done += bytes;
  if (part >= flow.lanes.size()) return;
  sim.cluster.nics[flow.lanes[part].from].sent += bytes;
  sim.cluster.nics[flow.lanes[part].to].received += bytes;
  sim.flows.bytes_on_lanes += bytes;
}

void settle(Simulation& sim, Flow& flow) {
  const Nanoseconds span = sim.now() - flow.settled;
  flow.settled = sim.now();
  for (size_t part = 0; part < flow.rates.size(); ++part)
    count(sim, flow, part, std::min(amount(flow.rates[part], span), flow.total - flow.done));
}

void pace(Simulation& sim, Index place, std::span<const Stream> streams) {
  Flow& flow = sim.flows.all[place];
  settle(sim, flow);
  const bool same = std::ranges::equal(flow.rates, streams, {}, {}, &Stream::rate);
  if (same) return;
  for (size_t part = 0; part < flow.rates.size(); ++part) flow.rates[part] = streams[part].rate;
  ++flow.version;
  sim.calendar.add(duration(flow.total - flow.done, rate_of(flow)), EventKind::FlowEnds, place, flow.version);
}

// Cards that nothing is copied over any more are the machines' again.
void share_with_machines(Simulation& sim, const Sharing& sharing) {
  const auto set = [&](Index resource, u64 copied, u64 given) {
    Nic& card = sim.cluster.nics[resource / 2];
    settle_host(sim, card.host);
    card.ways[resource % 2].copied = copied;
    card.ways[resource % 2].given = given;
  };
  for (const Index resource : sim.flows.busy) {
    const Nic& card = sim.cluster.nics[resource / 2];
    set(resource, 0, std::min(card.ways[resource % 2].wanted, card.mbps * kMegabit));
  }
  sim.flows.busy.clear();
  std::vector<u64> copied(sharing.capacities.size());
  for (const Stream& stream : std::span(sharing.streams).first(sharing.copying))
    for (const Index use : stream.uses) copied[use] += stream.rate;
  for (size_t i = sharing.copying; i < sharing.streams.size(); ++i) {
    const auto& [resource, number] = sharing.numbers[i - sharing.copying];
    set(resource, copied[number], sharing.streams[i].rate);
    sim.flows.busy.push_back(resource);
  }
}

// What copies take of datastores is not there for machines' requests.
void share_with_requests(Simulation& sim, const Sharing& sharing) {
  Cluster& cluster = sim.cluster;
  for (const Index store : sim.flows.busy_stores) cluster.datastores[store].copied = 0;
  sim.flows.busy_stores.clear();
  std::vector<u64> copied(sharing.capacities.size());
  for (const Stream& stream : std::span(sharing.streams).first(sharing.copying))
    for (const Index use : stream.uses) copied[use] += stream.rate;
  const Index first = copies(cluster, 0), end = first + static_cast<Index>(cluster.datastores.size());
  for (const auto& [resource, number] : sharing.numbers) {
    if (resource < first || resource >= end) continue;
    cluster.datastores[resource - first].copied = static_cast<u32>(copied[number] / kMegabyte);
    sim.flows.busy_stores.push_back(resource - first);
  }
}

void stop(Simulation& sim, Index place) {
  Flow& flow = sim.flows.all[place];
  settle(sim, flow);
  flow.active = false;
  ++flow.version;
  std::erase(sim.flows.active, place);
}

}  // namespace

Index start_flow(Simulation& sim, const Flow& flow) {
  std::vector<Flow>& all = sim.flows.all;
  const auto free = std::ranges::find(all, false, &Flow::active);
  const auto place = static_cast<Index>(free - all.begin());
  if (free == all.end()) all.emplace_back();
  const u32 version = all[place].version;
  all[place] = flow;
  all[place].version = version + 1;
  all[place].active = true;
  all[place].settled = sim.now();
  all[place].rates.assign(std::max<size_t>(flow.lanes.size(), 1), 0);
  sim.flows.active.insert(std::ranges::lower_bound(sim.flows.active, place), place);
  if (flow.total == 0) sim.calendar.add(0, EventKind::FlowEnds, place, all[place].version);
  refresh_flows(sim);
  return place;
}

void cancel_flow(Simulation& sim, Index flow) {
  if (!sim.flows.all[flow].active) return;
  stop(sim, flow);
  refresh_flows(sim);
}

u64 possible_rate(const Simulation& sim, const Flow& wanted) {
  Sharing sharing;
  Flow free = wanted;
  free.limit = 0;
  add_streams(sim, free, sharing);
  const size_t own = sharing.streams.size();
  for (const Index place : sim.flows.active)
    if (wanted.migration == kNone || sim.flows.all[place].migration != wanted.migration)
      add_streams(sim, sim.flows.all[place], sharing);
  add_machines(sim.cluster, sharing);
  share_max_min(sharing.streams, sharing.capacities);
  u64 rate = 0;
  for (size_t i = 0; i < own; ++i) rate += sharing.streams[i].rate;
  return rate;
}

void refresh_flows(Simulation& sim) {
  Sharing sharing;
  for (const Index place : sim.flows.active) add_streams(sim, sim.flows.all[place], sharing);
  add_machines(sim.cluster, sharing);
  share_max_min(sharing.streams, sharing.capacities);
  share_with_machines(sim, sharing);
  share_with_requests(sim, sharing);
  size_t next = 0;
  std::vector<Index> stalled, broken;
  for (const Index place : sim.flows.active) {
    const size_t parts = sim.flows.all[place].rates.size();
    pace(sim, place, std::span(sharing.streams).subspan(next, parts));
    next += parts;
    const Flow& flow = sim.flows.all[place];
    if (rate_of(flow) != 0 || flow.total == 0) continue;
    if (flow.migration != kNone) stalled.push_back(flow.migration);
    if (flow.rebuild != kNone) broken.push_back(flow.rebuild);
  }
  // A connection that is broken is not waited for.
  for (const Index migration : stalled) fail_move(sim, migration, Refusal::NoNetwork);
  for (const u32 part : broken) rebuilding_fails(sim, part);
}

void flow_ends(Simulation& sim, Index place, u32 version) {
  Flow& flow = sim.flows.all[place];
  if (!flow.active || flow.version != version) return;
  settle(sim, flow);
  count(sim, flow, 0, flow.total - flow.done);  // what rounding left
  HVLAB_CHECK(flow.done == flow.total);
  const Index migration = flow.migration;
  const u32 rebuild = flow.rebuild;
  stop(sim, place);
  refresh_flows(sim);
  if (migration != kNone) part_is_copied(sim, migration);
  if (rebuild != kNone) part_is_rebuilt(sim, rebuild);
}

}  // namespace hvlab::cluster
