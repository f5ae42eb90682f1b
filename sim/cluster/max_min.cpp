#include "sim/cluster/max_min.hpp"

#include <algorithm>
#include <functional>
#include <numeric>
#include <queue>

namespace hvlab::cluster {

namespace {

// Water rises at the same speed for all; who meets a limit or a used-up resource is done. Each stream is met
// once and each resource's level only rises, so a heap of levels is looked at a few times for each use.
class Filling {
 public:
  Filling(std::span<Stream> streams, std::span<const u64> capacities)
      : streams_(streams),
        left_(capacities.begin(), capacities.end()),
        users_(capacities.size()),
        first_(capacities.size() + 1),
        done_(streams.size()) {
    for (const Stream& stream : streams)
      for (const Index use : stream.uses) ++users_[use], ++first_[use + 1];
    std::partial_sum(first_.begin(), first_.end(), first_.begin());
    members_.resize(first_.back());
    std::vector<size_t> next(first_.begin(), first_.end() - 1);
    for (Index i = 0; i < streams.size(); ++i)
      for (const Index use : streams[i].uses) members_[next[use]++] = i;
    for (Index resource = 0; resource < users_.size(); ++resource)
      if (users_[resource] != 0) levels_.emplace(level(resource), resource);
  }

  void run() {
    std::vector<Index> by_limit(streams_.size());
    std::iota(by_limit.begin(), by_limit.end(), 0);
    std::ranges::stable_sort(by_limit, {}, [&](Index i) { return streams_[i].limit; });
    for (const Index i : by_limit) {
      // Resources that are used up below this limit come first.
      while (!done_[i] && next_level() < streams_[i].limit) fill(levels_.top().second);
      if (!done_[i]) fix(i, streams_[i].limit);
    }
  }

 private:
  u64 level(Index resource) const { return left_[resource] / users_[resource]; }

  // Brings the lowest level to the top of the heap, which may have it from before.
  u64 next_level() {
    while (!levels_.empty()) {
      const auto [known, resource] = levels_.top();
      if (users_[resource] != 0 && level(resource) == known) return known;
      levels_.pop();
      if (users_[resource] != 0) levels_.emplace(level(resource), resource);
    }
    return ~u64{0};
  }

  void fill(Index resource) {
    const u64 rate = level(resource);
    for (size_t i = first_[resource]; i < first_[resource + 1]; ++i)
      if (!done_[members_[i]]) fix(members_[i], rate);
  }

  void fix(Index i, u64 rate) {
    streams_[i].rate = rate;
    done_[i] = true;
    for (const Index use : streams_[i].uses) {
      left_[use] -= rate;
      --users_[use];
    }
  }

  using Level = std::pair<u64, Index>;
  std::span<Stream> streams_;
  std::vector<u64> left_;      // of each resource
  std::vector<u32> users_;     // streams on it that have no rate yet
  std::vector<size_t> first_;  // of its streams among the members
  std::vector<Index> members_;
  std::vector<bool> done_;  // of each stream
  std::priority_queue<Level, std::vector<Level>, std::greater<>> levels_;
};

}  // namespace

void share_max_min(std::span<Stream> streams, std::span<const u64> capacities) {
  Filling(streams, capacities).run();
}

}  // namespace hvlab::cluster
