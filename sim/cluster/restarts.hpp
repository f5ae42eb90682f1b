// Machines that high availability starts again: in which order, and where.
#pragma once

#include "sim/cluster/types.hpp"

namespace hvlab::cluster {

struct Simulation;

/// The machines that stopped on `host` are to be started elsewhere (or there, if it is back).
void restart_lost(Simulation& sim, Index host);

/// Tries all that wait, the highest priority first; those that find no host are tried again later.
void restart_machines(Simulation& sim);

/// The machine was started by somebody: it stands in no list any more.
void forget_lost(Simulation& sim, Index machine);

/// Without high availability: a host that is back starts what it lost.
void start_with_host(Simulation& sim, Index host);

}  // namespace hvlab::cluster
