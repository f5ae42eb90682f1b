// The host whose room points most in the direction of a need, in the time of a few walks down a tree and not
// of one along all hosts.
#pragma once

#include <functional>
#include <utility>
#include <vector>

#include "sim/cluster/fit_tree.hpp"

namespace hvlab::cluster {

/// What makes megahertz and mebibytes comparable: those of an average host.
struct Average {
  double mhz = 1;
  double memory = 1;
};

/// Hosts in the order of their rooms' directions (how much of a room is memory), as a treap whose nodes have
/// the most of each below them. The nearest direction that holds a need is among the next ones on both sides.
class AngleTree {
 public:
  AngleTree(std::vector<Room> rooms, Average average);

  const Room& room(Index host) const { return nodes_[host].room; }
  void set(Index host, Room room);

  /// The host that holds `need` and whose room has the smallest angle to it, of those that `allowed` does not
  /// refuse; of several alike the lowest. It is asked for one host after the other, best first. kNone if
  /// there is none.
  Index nearest(Room need, const std::function<bool(Index)>& allowed) const;

 private:
  using Key = std::pair<double, Index>;
  struct Node {
    Room room, most;  // most: of the node and what is below it
    double direction = 0;
    u32 priority = 0;
    Index left = kNone, right = kNone;
  };
  class Side;

  Key key(Index host) const { return {nodes_[host].direction, host}; }
  double direction_of(Room room) const;
  /// The square of the cosine of the angle between room and need.
  double closeness(Room room, Room need) const;
  void update(Index node);
  /// What is before `at`, and the rest.
  std::pair<Index, Index> split(Index tree, Key at);
  Index merge(Index before, Index after);
  void insert(Index host);
  void remove(Index host);
  /// The first from `from` on, or the last before `before`, that holds the need.
  Index first(Index tree, Key from, Room need) const;
  Index last(Index tree, Key before, Room need) const;

  std::vector<Node> nodes_;  // by host
  Average average_;
  Index root_ = kNone;
};

}  // namespace hvlab::cluster
