// What does not go together in groups of machines, and in the rules of where these may be.
#pragma once

#include "sim/scenario/cluster_names.hpp"
#include "sim/scenario/problems.hpp"
#include "sim/scenario/value.hpp"

namespace hvlab::scenario {

/// Checks `cluster.vms` and `cluster.rules`.
void check_machines(const Value& cluster, const ClusterNames& names, Problems& problems);

}  // namespace hvlab::scenario
