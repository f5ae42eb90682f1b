// What breaks and is mended, and when.
#pragma once

#include <string_view>
#include <vector>

#include "sim/cluster/types.hpp"

namespace hvlab::cluster {

struct Simulation;

enum class FaultKind : u8 { Host, Card, Switch, Datastore, Disk, Manager, Partition, PoolDisks, Count };

std::string_view name(FaultKind kind);

struct Fault {
  Nanoseconds at = 0;
  FaultKind kind = FaultKind::Host;
  bool mended = false;  // it is mended, not broken
  // Host (of PoolDisks too), card with its cable (of the cluster's list), switch, datastore; of Partition a
  // number: hosts cut off under different numbers do not hear each other either.
  Index subject = 0;
  // Of Partition: those that are cut off from the others, together. (Said to be empty, since most are written
  // without it.)
  std::vector<Index> hosts = {};  // NOLINT(readability-redundant-member-init)
};

/// Carries it out now.
void happens(Simulation& sim, const Fault& fault);

}  // namespace hvlab::cluster
