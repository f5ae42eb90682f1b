// Bandwidth shared fairly: nobody can get more without somebody who has less getting less.
#pragma once

#include <span>
#include <vector>

#include "sim/cluster/types.hpp"

namespace hvlab::cluster {

/// One conversation: the resources that it uses (cards, datastores), by their places, and what it gets.
struct Stream {
  std::vector<Index> uses;
  u64 limit = ~u64{0};  // bytes/s
  u64 rate = 0;
};

/// Sets every stream's rate so that no resource gives more than its capacity (bytes/s) and each stream has
/// its limit or goes over a resource that is used up.
void share_max_min(std::span<Stream> streams, std::span<const u64> capacities);

}  // namespace hvlab::cluster
