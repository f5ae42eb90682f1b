// What an event of a cluster may say.
#pragma once

#include "sim/scenario/cluster_names.hpp"

namespace hvlab::scenario {

/// Notes if an event is not exactly one thing, or is about things that there are not.
void check_cluster_event(const Value& event, const Value& cluster, const ClusterNames& names,
                         Problems& problems);

}  // namespace hvlab::scenario
