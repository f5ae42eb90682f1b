// How long it took from one occurrence in a run's log to another.
#pragma once

#include <vector>

#include "sim/cluster/types.hpp"

namespace hvlab::cluster {

struct Simulation;

/// From a host's fault until the others took it for dead, of each time that happened.
std::vector<Nanoseconds> detection_times(const Simulation& sim);

/// From a machine's end with its host until its users saw it again, of each machine that was started again.
std::vector<Nanoseconds> restart_times(const Simulation& sim);

}  // namespace hvlab::cluster
