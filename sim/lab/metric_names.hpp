// The names of everything that a run measures.
#pragma once

#include <string>
#include <vector>

#include "sim/scenario/vocabulary.hpp"

namespace hvlab::lab {

/// All metrics, in the order in which they are listed: totals, the workload's phases, the ledger, exits,
/// events. A '*' stands for any word.
std::vector<scenario::Metric> metric_names();

/// The phases of the workload (workloads/workload/).
const std::vector<std::string>& workload_phases();

/// The names of all exit reasons of both vendors, without those that are one of a numbered series.
std::vector<std::string> exit_reasons();
/// The names of the classes of exits (observe::ExitClass).
std::vector<std::string> exit_classes();

}  // namespace hvlab::lab
