// Groups of machines of a scenario's cluster, and the rules of where they are, as the simulation's plan has
// them.
#pragma once

#include <string>

#include "sim/cluster/plan.hpp"
#include "sim/scenario/cluster_names.hpp"

namespace hvlab::lab {

/// An item of `cluster.vms`. Throws UserError if its trace, a file in `folder`, cannot be read.
cluster::MachinePlan machine_of(const scenario::Value& value, const scenario::ClusterNames& names,
                                const std::string& folder);

/// An item of `cluster.rules`.
cluster::RulePlan rule_of(const scenario::Value& value, const scenario::ClusterNames& names);

}  // namespace hvlab::lab
