// From the `cluster` of a scenario to the plan that is simulated.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "sim/cluster/cost.hpp"
#include "sim/cluster/plan.hpp"
#include "sim/scenario/scenario.hpp"

namespace hvlab::lab {

/// What servers cost, without what the run has yet to measure: their watts.
struct CostPlan {
  std::vector<cluster::ServerCosts> servers;  // by groups of hosts, as the plan has them
  cluster::CommonCosts common;
  u32 years = 5;
};

/// A figure that a run rests on, and where it comes from.
struct UsedFigure {
  std::string profile, name, value, origin, source;
};

struct ClusterCase {
  cluster::Plan plan;
  cluster::Nanoseconds length = 0;
  std::optional<CostPlan> cost;
  std::vector<UsedFigure> figures;  // of power curves and policies; those of ways are in the simulation
};

/// Of a cell of a cluster that was checked; `folder` is what paths of traces begin from. Throws UserError for
/// a file that cannot be read or is no trace.
ClusterCase case_of(const scenario::Cell& cell, const std::string& folder);

}  // namespace hvlab::lab
