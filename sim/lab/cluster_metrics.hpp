// What a cluster's run measured under the names and in the units of scenarios.
#pragma once

#include "sim/lab/cluster_run.hpp"
#include "sim/lab/metric_values.hpp"

namespace hvlab::lab {

/// All metrics of clusters in the order of their list; "time" is among them.
std::vector<scenario::Metric> cluster_metric_names();

/// Those of a run, costs with what its hosts drew.
Metrics metrics_of(const ClusterRun& run, const ClusterCase& about);

}  // namespace hvlab::lab
