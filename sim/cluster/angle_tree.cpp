#include "sim/cluster/angle_tree.hpp"

#include <algorithm>

#include "sim/cluster/random.hpp"

namespace hvlab::cluster {

// The candidates on one side of a need's direction, the nearest first, those alike by their number.
class AngleTree::Side {
 public:
  Side(const AngleTree& tree, Room need, bool above) : tree_(tree), need_(need), above_(above) {
    group_ = {tree.direction_of(need), 0};
    if (above) candidate_ = tree.first(tree.root_, group_, need);
    if (!above) step_to_group_below();
  }

  Index candidate() const { return candidate_; }

  void next() {
    const Key after = {tree_.nodes_[candidate_].direction, candidate_ + 1};
    candidate_ = tree_.first(tree_.root_, after, need_);
    if (above_ || (candidate_ != kNone && tree_.nodes_[candidate_].direction == group_.first)) return;
    step_to_group_below();
  }

 private:
  void step_to_group_below() {
    candidate_ = tree_.last(tree_.root_, {group_.first, 0}, need_);
    if (candidate_ == kNone) return;
    group_ = {tree_.nodes_[candidate_].direction, 0};
    candidate_ = tree_.first(tree_.root_, group_, need_);
  }

  const AngleTree& tree_;
  Room need_;
  bool above_;
  Key group_;  // below: the direction of those that are gone through now
  Index candidate_ = kNone;
};

AngleTree::AngleTree(std::vector<Room> rooms, Average average) : nodes_(rooms.size()), average_(average) {
  for (Index host = 0; host < nodes_.size(); ++host) {
    nodes_[host].room = rooms[host];
    nodes_[host].priority = static_cast<u32>(random_bits(0, Draw::Generator, host, 0) >> 32);
    insert(host);
  }
}

double AngleTree::direction_of(Room room) const {
  const double x = room.mhz / average_.mhz, y = room.memory / average_.memory;
  return x + y == 0 ? 0 : y / (x + y);
}

double AngleTree::closeness(Room room, Room need) const {
  const double x = need.mhz / average_.mhz, y = need.memory / average_.memory;
  const double a = room.mhz / average_.mhz, b = room.memory / average_.memory;
  const double length = a * a + b * b;
  return length == 0 ? 0 : (a * x + b * y) * (a * x + b * y) / length;
}

void AngleTree::update(Index place) {
  Node& node = nodes_[place];
  node.most = node.room;
  for (const Index child : {node.left, node.right}) {
    if (child == kNone) continue;
    node.most.mhz = std::max(node.most.mhz, nodes_[child].most.mhz);
    node.most.memory = std::max(node.most.memory, nodes_[child].most.memory);
  }
}

std::pair<Index, Index> AngleTree::split(Index tree, Key at) {
  if (tree == kNone) return {kNone, kNone};
  Node& node = nodes_[tree];
  if (key(tree) < at) {
    const auto [before, after] = split(node.right, at);
    node.right = before;
    update(tree);
    return {tree, after};
  }
  const auto [before, after] = split(node.left, at);
  node.left = after;
  update(tree);
  return {before, tree};
}

Index AngleTree::merge(Index before, Index after) {
  if (before == kNone) return after;
  if (after == kNone) return before;
  if (nodes_[before].priority > nodes_[after].priority) {
    nodes_[before].right = merge(nodes_[before].right, after);
    update(before);
    return before;
  }
  nodes_[after].left = merge(before, nodes_[after].left);
  update(after);
  return after;
}

void AngleTree::insert(Index host) {
  nodes_[host].direction = direction_of(nodes_[host].room);
  nodes_[host].left = nodes_[host].right = kNone;
  update(host);
  const auto [before, after] = split(root_, key(host));
  root_ = merge(merge(before, host), after);
}

void AngleTree::remove(Index host) {
  const auto [before, rest] = split(root_, key(host));
  const auto [itself, after] = split(rest, {nodes_[host].direction, host + 1});
  root_ = merge(before, after);
}

void AngleTree::set(Index host, Room room) {
  remove(host);
  nodes_[host].room = room;
  insert(host);
}

Index AngleTree::first(Index tree, Key from, Room need) const {
  if (tree == kNone || !nodes_[tree].most.holds(need)) return kNone;
  const Node& node = nodes_[tree];
  if (key(tree) < from) return first(node.right, from, need);
  if (const Index left = first(node.left, from, need); left != kNone) return left;
  return node.room.holds(need) ? tree : first(node.right, from, need);
}

Index AngleTree::last(Index tree, Key before, Room need) const {
  if (tree == kNone || !nodes_[tree].most.holds(need)) return kNone;
  const Node& node = nodes_[tree];
  if (!(key(tree) < before)) return last(node.left, before, need);
  if (const Index right = last(node.right, before, need); right != kNone) return right;
  return node.room.holds(need) ? tree : last(node.left, before, need);
}

Index AngleTree::nearest(Room need, const std::function<bool(Index)>& allowed) const {
  Side above(*this, need, true), below(*this, need, false);
  while (above.candidate() != kNone || below.candidate() != kNone) {
    const auto order = [&](Index host) {
      return host == kNone ? std::pair(-1.0, Index{0}) : std::pair(closeness(nodes_[host].room, need), ~host);
    };
    Side& better = order(above.candidate()) > order(below.candidate()) ? above : below;
    if (!allowed || allowed(better.candidate())) return better.candidate();
    better.next();
  }
  return kNone;
}

}  // namespace hvlab::cluster
