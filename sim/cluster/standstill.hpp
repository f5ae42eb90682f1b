// Machines stand still while their host does not reach their disk: what they ask of it hangs, and soon all of
// them does.
#pragma once

#include "sim/cluster/types.hpp"

namespace hvlab::cluster {

struct Simulation;

/// Looks whether the machine's disk is reached from where it is: stops it if not, lets it go on if so. It
/// counts as down meanwhile. A machine that is off does not stand still.
void look_at_disk(Simulation& sim, Index machine);

/// All machines: hosts, network or datastores changed.
void look_at_disks(Simulation& sim);

}  // namespace hvlab::cluster
