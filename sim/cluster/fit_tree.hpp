// The first host with enough room, in the time of a walk down a tree and not of one along all hosts.
#pragma once

#include <functional>
#include <vector>

#include "sim/cluster/types.hpp"

namespace hvlab::cluster {

/// What a host has left, or a virtual machine needs.
struct Room {
  u32 mhz = 0;
  u32 memory = 0;  // MiB
  bool holds(const Room& need) const { return mhz >= need.mhz && memory >= need.memory; }
};

/// Hosts' rooms as leaves of a binary tree whose nodes have the most of each below them.
class FitTree {
 public:
  explicit FitTree(std::vector<Room> rooms);

  const Room& room(Index host) const { return nodes_[leaves_ + host]; }
  void set(Index host, Room room);

  /// The lowest host from `from` on that holds `need` and that `allowed` does not refuse; kNone if there is
  /// none. `allowed` may be empty.
  Index first(Room need, Index from = 0, const std::function<bool(Index)>& allowed = {}) const;

 private:
  Index search(size_t node, size_t low, size_t width, Room need, Index from,
               const std::function<bool(Index)>& allowed) const;

  size_t leaves_ = 1;  // a power of two
  size_t hosts_ = 0;
  std::vector<Room> nodes_;  // 1 is the root; the children of n are 2n and 2n + 1
};

}  // namespace hvlab::cluster
