// stats.json of a cluster's run: what it measured, and every figure that this rests on.
#pragma once

#include <nlohmann/json.hpp>

#include "sim/lab/cluster_metrics.hpp"

namespace hvlab::lab {

inline constexpr const char* kClusterStatistics = "hvlab.cluster-stats/1";
/// The log, a line of JSON for each occurrence.
inline constexpr const char* kClusterLog = "cluster.jsonl";

/// {"schema", "seconds", "whole", "metrics": {NAME: {"value", "unit"}}, "occurrences": {WHAT: how many},
/// "refusals": {WHY: how many}, "figures": [{"profile", "name", "value", "origin", "source"}]}.
nlohmann::ordered_json statistics_json(const ClusterRun& run, const ClusterCase& about,
                                       const Metrics& metrics);

/// Metrics of such a file. Throws UserError if it is none.
Metrics read_cluster_metrics(const std::string& statistics);

/// Figures that a run rests on: power, policies, ways.
std::vector<UsedFigure> figures_of(const ClusterCase& about);

}  // namespace hvlab::lab
