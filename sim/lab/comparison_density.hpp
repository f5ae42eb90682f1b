// How many instances of the workload fit, in several ways of running it, side by side.
#pragma once

#include <vector>

#include "sim/lab/measured_run.hpp"
#include "sim/lab/text_table.hpp"

namespace hvlab::lab {

/// Of each way the runs with fewest instances, for tables of one instance; the others are in density().
std::vector<MeasuredRun> without_further_instances(const std::vector<MeasuredRun>& runs);

/// The mean time of all phases with each number of instances, and how many fit until it passes the service
/// level (analysis::kServiceLevel), and into the machine's memory. Ways as columns, of those that were run
/// with one instance and with more; empty without a container that is alone.
TextTable density(const std::vector<MeasuredRun>& runs, unsigned processors);

/// {"processors", "level_seconds", "ways": [{"name", "by_time", "passed", "by_memory"}]} for each number of
/// processors of which density() says something.
nlohmann::ordered_json density_json(const std::vector<MeasuredRun>& runs);

}  // namespace hvlab::lab
