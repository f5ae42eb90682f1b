#include "sim/cluster/placement.hpp"

#include <algorithm>
#include <numeric>
#include <set>

#include "sim/cluster/angle_tree.hpp"
#include "sim/cluster/cluster.hpp"

namespace hvlab::cluster {

namespace {

Average average_of(std::span<const Room> hosts) {
  Average sum{0, 0};
  for (const Room& host : hosts) sum.mhz += host.mhz, sum.memory += host.memory;
  const double count = std::max<double>(1, static_cast<double>(hosts.size()));
  return {std::max(1.0, sum.mhz / count), std::max(1.0, sum.memory / count)};
}

double larger_part(Room room, Average of) { return std::max(room.mhz / of.mhz, room.memory / of.memory); }
double smaller_part(Room room, Average of) { return std::min(room.mhz / of.mhz, room.memory / of.memory); }

Room without(Room room, Room need) { return {room.mhz - need.mhz, room.memory - need.memory}; }

// Hosts by what they have least of: the best is the first from the need's own measure on that holds it.
class BestFit {
 public:
  BestFit(std::span<const Room> rooms, Average average)
      : rooms_(rooms.begin(), rooms.end()), average_(average) {
    for (Index host = 0; host < rooms_.size(); ++host) order_.insert(key(host));
  }
  Index find(Room need, const std::function<bool(Index)>& allowed) const {
    for (auto it = order_.lower_bound({smaller_part(need, average_), 0}); it != order_.end(); ++it)
      if (rooms_[it->second].holds(need) && allowed(it->second)) return it->second;
    return kNone;
  }
  void take(Index host, Room need) {
    order_.erase(key(host));
    rooms_[host] = without(rooms_[host], need);
    order_.insert(key(host));
  }
  Room room(Index host) const { return rooms_[host]; }

 private:
  std::pair<double, Index> key(Index host) const { return {smaller_part(rooms_[host], average_), host}; }
  std::vector<Room> rooms_;
  Average average_;
  std::set<std::pair<double, Index>> order_;
};

class FirstFit {
 public:
  explicit FirstFit(std::span<const Room> rooms) : tree_({rooms.begin(), rooms.end()}) {}
  Index find(Room need, const std::function<bool(Index)>& allowed) const {
    return tree_.first(need, 0, allowed);
  }
  void take(Index host, Room need) { tree_.set(host, without(tree_.room(host), need)); }
  Room room(Index host) const { return tree_.room(host); }

 private:
  FitTree tree_;
};

class VectorFit {
 public:
  VectorFit(std::span<const Room> rooms, Average average) : tree_({rooms.begin(), rooms.end()}, average) {}
  Index find(Room need, const std::function<bool(Index)>& allowed) const {
    return tree_.nearest(need, allowed);
  }
  void take(Index host, Room need) { tree_.set(host, without(tree_.room(host), need)); }
  Room room(Index host) const { return tree_.room(host); }

 private:
  AngleTree tree_;
};

template <class Finder>
Packed pack_with(Finder finder, size_t hosts, std::span<const Room> needs, std::span<const Index> order,
                 const Allowed& allowed, const Turns& turns) {
  Packed packed;
  packed.host_of.assign(needs.size(), kNone);
  for (const Index machine : order) {
    if (turns.wanted && !turns.wanted(machine)) {
      ++packed.unplaced;
      continue;
    }
    const Index host =
        finder.find(needs[machine], [&](Index at) { return !allowed || allowed(machine, at); });
    packed.host_of[machine] = host;
    if (host == kNone) {
      ++packed.unplaced;
      if (turns.unplaced) turns.unplaced(machine, [&](Index at) { return finder.room(at); });
    } else {
      finder.take(host, needs[machine]);
    }
  }
  for (Index host = 0; host < hosts; ++host) packed.left.push_back(finder.room(host));
  return packed;
}

std::vector<Index> order_of(std::span<const Room> needs, bool largest_first, Average average) {
  std::vector<Index> order(needs.size());
  std::iota(order.begin(), order.end(), 0);
  if (largest_first)
    std::ranges::stable_sort(order, std::greater{}, [&](Index i) { return larger_part(needs[i], average); });
  return order;
}

}  // namespace

Packed pack(std::span<const Room> hosts, std::span<const Room> needs, Packing packing, bool largest_first,
            const Allowed& allowed, const Turns& turns) {
  const Average average = average_of(hosts);
  const std::vector<Index> order = order_of(needs, largest_first, average);
  switch (packing) {
    case Packing::FirstFit: return pack_with(FirstFit(hosts), hosts.size(), needs, order, allowed, turns);
    case Packing::BestFit:
      return pack_with(BestFit(hosts, average), hosts.size(), needs, order, allowed, turns);
    case Packing::VectorFit: break;
  }
  return pack_with(VectorFit(hosts, average), hosts.size(), needs, order, allowed, turns);
}

bool survives_one_failure(std::span<const Room> needs, const Packed& packed) {
  std::vector<std::vector<Room>> homeless(packed.left.size());  // by the host that fails
  for (size_t i = 0; i < needs.size(); ++i)
    if (packed.host_of[i] != kNone) homeless[packed.host_of[i]].push_back(needs[i]);
  std::vector<Room> rooms = packed.left;
  for (Index failed = 0; failed < packed.left.size(); ++failed) {
    rooms[failed] = {};
    if (pack(rooms, homeless[failed], Packing::FirstFit, true).unplaced != 0) return false;
    rooms[failed] = packed.left[failed];
  }
  return true;
}

namespace {

// Fewer hosts have less room together than all needs.
size_t fewest_thinkable(std::span<const Room> hosts, std::span<const Room> needs) {
  u64 mhz = 0, memory = 0;
  for (const Room& need : needs) mhz += need.mhz, memory += need.memory;
  u64 has_mhz = 0, has_memory = 0;
  size_t count = 0;
  while (count < hosts.size() && (count == 0 || has_mhz < mhz || has_memory < memory)) {
    has_mhz += hosts[count].mhz;
    has_memory += hosts[count].memory;
    ++count;
  }
  return count;
}

}  // namespace

std::optional<u32> fewest_hosts(std::span<const Room> hosts, std::span<const Room> needs, Packing packing,
                                bool redundant) {
  for (size_t count = std::max<size_t>(fewest_thinkable(hosts, needs), 1); count <= hosts.size(); ++count) {
    const Packed packed = pack(hosts.first(count), needs, packing, true);
    if (packed.unplaced == 0 && (!redundant || survives_one_failure(needs, packed)))
      return static_cast<u32>(count);
  }
  return std::nullopt;
}

std::vector<Room> rooms_of(const Cluster& cluster) {
  std::vector<Room> rooms;
  rooms.reserve(cluster.hosts.size());
  for (const Host& host : cluster.hosts) rooms.push_back({host.capacity(), host.memory});
  return rooms;
}

std::vector<Room> needs_of(const Cluster& cluster) {
  std::vector<Room> needs;
  needs.reserve(cluster.machines.size());
  for (const VirtualMachine& vm : cluster.machines)
    needs.push_back({vm.size, static_cast<u32>(std::min<u64>(memory_on_host(cluster, vm), kNone))});
  return needs;
}

}  // namespace hvlab::cluster
