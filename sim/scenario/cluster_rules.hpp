// What does not go together in a cluster, told in the scenario's own terms.
#pragma once

#include "sim/scenario/value.hpp"

namespace hvlab::scenario {

/// Checks a resolved cell with a `cluster`: what else the file says, names, kinds, events. A machine that
/// fits on no host is no mistake: the run refuses it and says so.
void check_cluster(const Value& cell, Problems& problems);

}  // namespace hvlab::scenario
