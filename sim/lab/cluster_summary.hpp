// What a person reads of a cluster's run.
#pragma once

#include "sim/lab/cluster_metrics.hpp"

namespace hvlab::lab {

/// Hosts, machines, datastores, moves, restarts, energy, costs, what was refused and why, and what else
/// happened. Lines of at most `width` characters, tables of few rows: of many the extremes.
std::string cluster_summary(const ClusterRun& run, const ClusterCase& about, const Metrics& metrics,
                            size_t width);

}  // namespace hvlab::lab
