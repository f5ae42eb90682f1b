#include "sim/cluster/traffic.hpp"

#include <algorithm>
#include <span>

#include "sim/cluster/simulation.hpp"

namespace hvlab::cluster {

namespace {

constexpr u64 kAll = 1000;
constexpr u64 kKibibyte = 1024;
constexpr u64 kMegabit = 1'000'000 / 8;
constexpr size_t kMostCards = 8;

// The cards of a host that work for a purpose, without asking for memory: this is done for each host each
// minute.
struct Team {
  std::array<Index, kMostCards> cards{};
  u32 count = 0;
  Teaming teaming = Teaming::Failover;

  Team(const Cluster& cluster, const Host& host, Purpose purpose) {
    const PortGroup& group = cluster.groups[static_cast<size_t>(purpose)];
    teaming = group.teaming;
    if (host.island != 0) return;  // outside is not reached
    for (Index card = host.first_nic; card < host.first_nic + host.nics && count < kMostCards; ++card)
      if ((group.cards >> (card - host.first_nic) & 1) != 0 && card_works(cluster, card, purpose))
        cards[count++] = card;
  }
  // That of conversation `number`: with several cards each keeps to one of them.
  Index card(u64 number) const { return teaming == Teaming::Failover ? cards[0] : cards[number % count]; }
};

u64 part_that_runs(const VirtualMachine& vm, u64 amount) {
  return vm.wants == 0 ? 0 : saturated(Sum{amount} * vm.gets / vm.wants);
}

Conversation packets_of(Index machine, const VirtualMachine& vm) {
  const u64 bytes = part_that_runs(vm, u64{vm.packets_wanted} * vm.packet_bytes);
  return {machine, bytes / 2, bytes - bytes / 2};
}

// What its port at the virtual switch lets through.
Conversation by_port(const VirtualMachine& vm, Conversation all) {
  if (vm.port_mbps == 0) return all;
  const u64 most = vm.port_mbps * kMegabit;
  return {all.number, std::min(all.out, most), std::min(all.in, most)};
}

bool is_on_network(const Datastore& store) {
  return store.kind == StorageKind::Iscsi || store.kind == StorageKind::Nfs ||
         store.kind == StorageKind::Pooled;
}

Conversation requests_of(const Cluster& cluster, const VirtualMachine& vm) {
  if (vm.datastore == kNone || vm.io_wants == 0) return {};
  const Datastore& store = cluster.datastores[vm.datastore];
  if (!is_on_network(store)) return {};
  const u64 requests = part_that_runs(vm, vm.io_wants) * store.served / kAll;
  const u64 reads = requests * vm.reads / std::max<u64>(u64{vm.reads} + vm.writes, 1);
  const u64 bytes = vm.request_kib * kKibibyte;
  if (store.kind != StorageKind::Pooled) return {vm.datastore, (requests - reads) * bytes, reads * bytes};
  const u64 both = (reads + (requests - reads) * (cluster.pool.tolerates + 1)) * bytes;
  return {vm.datastore, both, both};
}

// What all want on each card, cut to the port group's limit.
void want(Cluster& cluster, const Team& team, u32 limit, std::span<const Conversation> all) {
  u64 out = 0, in = 0;
  for (const Conversation& each : all) out += each.out, in += each.in;
  const u64 most = limit == 0 ? ~u64{0} : limit * kMegabit;
  const auto cut = [&](u64 amount, u64 of) {
    return of <= most ? amount : saturated(Sum{amount} * most / of);
  };
  for (const Conversation& each : all) {
    Nic& card = cluster.nics[team.card(each.number)];
    card.ways[Out].wanted += cut(each.out, out);
    card.ways[In].wanted += cut(each.in, in);
  }
}

void give(Nic& card) {
  for (Direction& way : card.ways) {
    const u64 capacity = card.mbps * kMegabit;
    way.given = std::min(way.wanted, capacity - std::min(way.copied, capacity));
  }
}

// How much of what is wanted a purpose's cards carry, in thousandths.
u16 part_carried(const Cluster& cluster, const Team& team) {
  u64 part = team.count == 0 ? 0 : kAll;
  for (u32 i = 0; i < team.count; ++i)
    for (const Direction& way : cluster.nics[team.cards[i]].ways)
      if (way.wanted != 0) part = std::min(part, saturated(Sum{way.given} * kAll / way.wanted));
  return static_cast<u16>(part);
}

}  // namespace

void clear_cards(Simulation& sim, Host& host) {
  for (Index card = host.first_nic; card < host.first_nic + host.nics; ++card)
    for (Direction& way : sim.cluster.nics[card].ways) way.wanted = way.given = 0;
  host.traffic = 0;
}

void share_cards(Simulation& sim, Host& host) {
  Cluster& cluster = sim.cluster;
  clear_cards(sim, host);
  host.storage_part = kAll;
  std::vector<Conversation>&packets = sim.packets, &requests = sim.requests;
  packets.clear();
  requests.clear();
  for (const Index machine : host.machines) {
    const VirtualMachine& vm = cluster.machines[machine];
    if (vm.packets_wanted != 0) {
      const Conversation all = packets_of(machine, vm);
      host.traffic += all.all();
      packets.push_back(by_port(vm, all));
    }
    if (const Conversation each = requests_of(cluster, vm); each.all() != 0) requests.push_back(each);
  }
  if (packets.empty() && requests.empty()) return;
  for (const Conversation& each : requests) host.traffic += each.all();
  const auto limit = [&](Purpose purpose) { return cluster.groups[static_cast<size_t>(purpose)].limit; };
  const Team users(cluster, host, Purpose::Machines), disks(cluster, host, Purpose::Storage);
  if (users.count != 0) want(cluster, users, limit(Purpose::Machines), packets);
  if (disks.count != 0) want(cluster, disks, limit(Purpose::Storage), requests);
  for (Index card = host.first_nic; card < host.first_nic + host.nics; ++card) give(cluster.nics[card]);
  if (!requests.empty()) host.storage_part = part_carried(cluster, disks);
}

void settle_cards(Simulation& sim, Host& host, Nanoseconds span) {
  host.traffic_wanted += Sum{host.traffic} * span;
  for (Index card = host.first_nic; card < host.first_nic + host.nics; ++card) {
    for (Direction& way : sim.cluster.nics[card].ways) {
      way.carried += Sum{way.given} * span;
      host.traffic_given += Sum{way.given} * span;
    }
  }
}

}  // namespace hvlab::cluster
