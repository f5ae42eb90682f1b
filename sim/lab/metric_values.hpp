// The numbers of a run under the names of sim/lab/metric_names.hpp.
#pragma once

#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "sim/lab/measured_run.hpp"

namespace hvlab::lab {

/// Metrics with their values in the smallest unit (picoseconds, bytes, cycles), in the order in which they
/// are listed. Those that a run has nothing to say of are not there.
using Metrics = std::vector<std::pair<std::string, double>>;

/// The value of a metric; none if it is not there.
std::optional<double> value_of(const Metrics& metrics, const std::string& name);

/// What a run's stats.json says and what the workload's `instances` said on the console, as a run. 0
/// instances: as many as have said something.
/// Throws UserError if the statistics are none.
MeasuredRun read_run(const std::string& statistics, const std::string& console, unsigned instances);

/// All metrics of a run. `statistics` is the text that `run` was read from.
Metrics metrics_of(const MeasuredRun& run, const std::string& statistics);

}  // namespace hvlab::lab
