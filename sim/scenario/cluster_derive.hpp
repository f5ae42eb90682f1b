// What keys of a cluster say of others that the file is silent about.
#pragma once

#include "sim/scenario/value.hpp"

namespace hvlab::scenario {

/// Adds to a resolved cell with a `cluster` what other keys decide, and takes away the defaults of what is
/// not a cluster's (machine, limits, ...).
void derive_cluster(Value& cell);

}  // namespace hvlab::scenario
