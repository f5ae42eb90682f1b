// How much each thing that a sweep varied moves each metric.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "sim/sweep/store.hpp"

namespace hvlab::sweep {

/// Finished cells with their outcomes, by cell id.
using Results = std::map<u32, Outcome>;

/// Those of all cells that have ended with status 0 (all well) or 1 (an expectation failed: its numbers
/// count).
Results results_of(Store& store, const Question& question);

/// The value of `metric` in an outcome.
std::optional<double> metric_of(const Outcome& outcome, const std::string& metric);

/// Names and units of all metrics of `results`, in alphabetical order, without values.
std::vector<Metric> metrics_of(const Results& results);

/// What an axis does to a metric: the means over all other axes at each of its values.
struct Influence {
  std::string metric, path;
  std::vector<std::string> values;  // of the axis, those with results
  std::vector<double> means;        // of the metric, one for each value
  double range = 0;                 // (most - least) of the means / |mean of means|; 0 if that is zero
  std::optional<double>
      elasticity;  // per cent of change for one per cent: slope of a line through the logarithms
};

/// Every metric and axis, the largest range first; equal ones by metric, then path.
std::vector<Influence> influences(const Question& question, const Results& results);

/// What an assumed cost does to a metric: the grid's first cell with the cost a quarter lower and higher.
struct CostInfluence {
  std::string metric, path;  // path of the cost in the scenario
  double base = 0;
  std::optional<double> lower, higher;  // the metric with the cost at 75 and 125 per cent
  double range = 0;                     // largest distance from base / |base|; 0 if that is zero
};

/// By metric, the largest range first. `base` of a cost is what `costs` says.
std::vector<CostInfluence> cost_influences(const Question& question, const Results& results,
                                           const std::vector<Cost>& costs);

/// The path by which a scenario overrides the cost called `name`, and back: of a processor's "vm_exit" it is
/// machine.costs.vm_exit; those of ways in clusters are called by their paths.
std::string path_of_cost(const std::string& name);
std::optional<std::string> cost_of_path(const std::string& path);

/// The cells that answer how far results move when each assumed cost moves by a quarter: `base` with the cost
/// at 75 and at 125 per cent, rounded to whole cycles; a cost that rounding leaves as it was gets one cycle
/// less or more. Ids go on from `next_id`.
std::vector<Cell> cost_cells(const Cell& base, const std::vector<Cost>& costs, u32 next_id);

}  // namespace hvlab::sweep
