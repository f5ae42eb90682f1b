#include "sim/cluster/network.hpp"

#include "sim/cluster/cluster.hpp"

namespace hvlab::cluster {

namespace {

constexpr size_t kMostLanes = 4;

}  // namespace

bool card_works(const Cluster& cluster, Index card, Purpose purpose) {
  const Nic& nic = cluster.nics[card];
  const u8 vlan = cluster.groups[static_cast<size_t>(purpose)].vlan;
  return nic.up && cluster.switches[nic.to].up && (nic.vlans >> vlan & 1) != 0;
}

bool is_connected(const Cluster& cluster, Index host, Purpose purpose) {
  const Host& at = cluster.hosts[host];
  const PortGroup& group = cluster.groups[static_cast<size_t>(purpose)];
  if (at.state != HostState::On) return false;
  for (Index card = 0; card < at.nics && card < 8; ++card)
    if ((group.cards >> card & 1) != 0 && card_works(cluster, at.first_nic + card, purpose)) return true;
  return false;
}

std::vector<Index> working_cards(const Cluster& cluster, Index host, Purpose purpose) {
  const Host& at = cluster.hosts[host];
  const PortGroup& group = cluster.groups[static_cast<size_t>(purpose)];
  std::vector<Index> cards;
  for (Index card = 0; card < at.nics && card < 8; ++card) {
    const Index nic = at.first_nic + card;
    if ((group.cards >> card & 1) != 0 && card_works(cluster, nic, purpose)) cards.push_back(nic);
  }
  return cards;
}

std::vector<Lane> lanes(const Cluster& cluster, Index from, Index to, Purpose purpose) {
  const Host& sender = cluster.hosts[from];
  const Host& receiver = cluster.hosts[to];
  if (sender.state != HostState::On || receiver.state != HostState::On) return {};
  if (sender.island != receiver.island) return {};
  const std::vector<Index> out = working_cards(cluster, from, purpose);
  const std::vector<Index> in = working_cards(cluster, to, purpose);
  if (out.empty() || in.empty()) return {};
  switch (cluster.groups[static_cast<size_t>(purpose)].teaming) {
    case Teaming::Failover: return {{out.front(), in.front()}};
    case Teaming::Aggregate: return {{out[(from ^ to) % out.size()], in[(from ^ to) % in.size()]}};
    case Teaming::Several: break;
  }
  std::vector<Lane> all;
  for (size_t i = 0; i < std::min({std::max(out.size(), in.size()), kMostLanes}); ++i)
    all.push_back({out[i % out.size()], in[i % in.size()]});
  return all;
}

bool reach_each_other(const Cluster& cluster, Index one, Index other, Purpose purpose) {
  return cluster.hosts[one].island == cluster.hosts[other].island && is_connected(cluster, one, purpose) &&
         is_connected(cluster, other, purpose);
}

bool reaches_core(const Cluster& cluster, Index host, Purpose purpose) {
  return cluster.hosts[host].island == 0 && is_connected(cluster, host, purpose);
}

bool reaches_datastore(const Cluster& cluster, Index host, Index datastore) {
  if (datastore == kNone) return true;
  const Datastore& store = cluster.datastores[datastore];
  if (!store.up || lost(store) || cluster.hosts[host].state != HostState::On) return false;
  switch (store.kind) {
    case StorageKind::Local: return store.host == host;
    case StorageKind::FibreChannel: return true;
    case StorageKind::Pooled:
    case StorageKind::Iscsi:
    case StorageKind::Nfs: return reaches_core(cluster, host, Purpose::Storage);
  }
  return false;
}

}  // namespace hvlab::cluster
