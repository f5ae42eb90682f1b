// Which machines fit on which hosts, before anything runs: packing, and whether a failed host's machines
// would find room on the others.
#pragma once

#include <functional>
#include <optional>
#include <span>
#include <vector>

#include "sim/cluster/fit_tree.hpp"

namespace hvlab::cluster {

struct Cluster;

enum class Packing : u8 {
  FirstFit,   // the first host with enough room
  BestFit,    // the one that has the least left of what it is short of afterwards
  VectorFit,  // the one whose room points most in the direction of the need (dot product), so that neither
              // processors nor memory are left over alone
};

struct Packed {
  std::vector<Index> host_of;  // each machine's; kNone: it found no place
  std::vector<Room> left;      // of each host
  u32 unplaced = 0;
};

/// Whether a machine may be on a host that has room for it and would be taken: if it says yes, it is.
using Allowed = std::function<bool(Index machine, Index host)>;

/// Who is asked, and told, at each machine's turn.
struct Turns {
  /// Whether a place is looked for at all; if not, it has none, and nothing more is said of it.
  std::function<bool(Index machine)> wanted;
  /// It found no place; `room` is what each host has left then.
  std::function<void(Index machine, const std::function<Room(Index host)>& room)> unplaced;
};

/// Places needs on hosts in the given order; `largest_first`: by their larger part of an average host.
/// `allowed` and what `turns` has may be empty.
Packed pack(std::span<const Room> hosts, std::span<const Room> needs, Packing packing, bool largest_first,
            const Allowed& allowed = {}, const Turns& turns = {});

/// Whether the machines of each single host would all find room on the others (largest first, first fit).
bool survives_one_failure(std::span<const Room> needs, const Packed& packed);

/// The smallest number of the first hosts on which everything fits so that any one of them may fail;
/// `redundant` false: without that. Nothing if all hosts are too few.
std::optional<u32> fewest_hosts(std::span<const Room> hosts, std::span<const Room> needs, Packing packing,
                                bool redundant);

/// Rooms and needs of a cluster: hosts' capacities, machines' planned sizes and memory with overhead.
std::vector<Room> rooms_of(const Cluster& cluster);
std::vector<Room> needs_of(const Cluster& cluster);

}  // namespace hvlab::cluster
