// Who gets how much of hosts and datastores, and the sums of what was given.
#pragma once

#include "sim/cluster/types.hpp"

namespace hvlab::cluster {

struct Simulation;

/// Adds up what was given on `host` until now, then divides its processors anew. To be called whenever
/// something changed there: before what is given depends on it, and at the latest at the next load step.
void refresh_host(Simulation& sim, Index host);

/// Adds up alone.
void settle_host(Simulation& sim, Index host);
void settle_all(Simulation& sim);

/// All hosts and datastores; then the next step.
void load_step(Simulation& sim);

/// Requests of all machines to each datastore, and what they get.
void refresh_datastores(Simulation& sim);

}  // namespace hvlab::cluster
