#include "sim/cluster/max_min.hpp"

#include <algorithm>

namespace hvlab::cluster {

namespace {

constexpr u64 kNoLimit = ~u64{0};

struct Filling {
  std::span<Stream> streams;
  std::vector<u64> left;   // of each resource
  std::vector<u32> users;  // streams on it that have no rate yet
  std::vector<bool> done;  // of each stream

  u64 level_of(const Stream& stream) const {
    u64 level = stream.limit;
    for (const Index use : stream.uses) level = std::min(level, left[use] / users[use]);
    return level;
  }
  void fix(size_t i, u64 rate) {
    streams[i].rate = rate;
    done[i] = true;
    for (const Index use : streams[i].uses) {
      left[use] -= rate;
      --users[use];
    }
  }
};

}  // namespace

void share_max_min(std::span<Stream> streams, std::span<const u64> capacities) {
  Filling filling{streams,
                  {capacities.begin(), capacities.end()},
                  std::vector<u32>(capacities.size()),
                  std::vector<bool>(streams.size())};
  for (const Stream& stream : streams)
    for (const Index use : stream.uses) ++filling.users[use];
  // The level rises until it meets a limit or a used-up resource; who is met there is done.
  for (size_t open = streams.size(); open > 0; --open) {
    u64 lowest = kNoLimit;
    size_t who = 0;
    for (size_t i = 0; i < streams.size(); ++i) {
      if (filling.done[i]) continue;
      const u64 level = filling.level_of(streams[i]);
      if (level <= lowest) lowest = level, who = i;
    }
    filling.fix(who, lowest);
  }
}

}  // namespace hvlab::cluster
