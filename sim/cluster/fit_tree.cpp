#include "sim/cluster/fit_tree.hpp"

#include <algorithm>

#include "sim/base/check.hpp"

namespace hvlab::cluster {

namespace {

Room most(const Room& one, const Room& other) {
  return {std::max(one.mhz, other.mhz), std::max(one.memory, other.memory)};
}

}  // namespace

FitTree::FitTree(std::vector<Room> rooms) : hosts_(rooms.size()) {
  while (leaves_ < hosts_) leaves_ *= 2;
  nodes_.resize(2 * leaves_);
  std::ranges::copy(rooms, nodes_.begin() + static_cast<std::ptrdiff_t>(leaves_));
  for (size_t node = leaves_ - 1; node > 0; --node)
    nodes_[node] = most(nodes_[2 * node], nodes_[2 * node + 1]);
}

void FitTree::set(Index host, Room room) {
  HVLAB_CHECK(host < hosts_);
  size_t node = leaves_ + host;
  nodes_[node] = room;
  for (node /= 2; node > 0; node /= 2) nodes_[node] = most(nodes_[2 * node], nodes_[2 * node + 1]);
}

Index FitTree::search(size_t node, size_t low, size_t width, Room need, Index from,
                      const std::function<bool(Index)>& allowed) const {
  if (low + width <= from || low >= hosts_ || !nodes_[node].holds(need)) return kNone;
  const auto host = static_cast<Index>(low);
  if (width == 1) return allowed && !allowed(host) ? kNone : host;
  const size_t half = width / 2;
  const Index left = search(2 * node, low, half, need, from, allowed);
  return left != kNone ? left : search(2 * node + 1, low + half, half, need, from, allowed);
}

Index FitTree::first(Room need, Index from, const std::function<bool(Index)>& allowed) const {
  return search(1, 0, leaves_, need, from, allowed);
}

}  // namespace hvlab::cluster
