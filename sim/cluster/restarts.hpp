// Machines that high availability starts again: in which order, by whom, and where.
#pragma once

#include "sim/cluster/types.hpp"

namespace hvlab::cluster {

struct Simulation;

/// A machine that is to run stopped on `host` by the host's fault or decision: it is started again when
/// somebody knows.
void machine_was_lost(Simulation& sim, Index machine, Index host);

/// The watcher takes `host` for dead. Machines that stand still there since it does not reach their disks
/// have lost their locks: if there is room they are started elsewhere, and are gone there.
void take_over_machines(Simulation& sim, Index watcher, Index host);

/// Tries all that are lost, the highest priority first; those that find no host are tried again later.
void restart_machines(Simulation& sim);

/// The machine was started by somebody, or is not to run any more: it is not lost.
void forget_lost(Simulation& sim, Index machine);

/// Without high availability: a host that is back starts what it lost.
void start_with_host(Simulation& sim, Index host);

}  // namespace hvlab::cluster
