// Exits of virtual machines by reason and class: of several ways side by side, and of one machine in full.
#pragma once

#include <vector>

#include "sim/lab/measured_run.hpp"
#include "sim/lab/text_table.hpp"

namespace hvlab::lab {

/// For each run that had exits while the workload was in its phases: how many, their share of the cycles that
/// all took, and the mean of each, by reason. The dearest reasons first, those of little weight in one row.
TextTable exits_by_reason(const std::vector<const MeasuredRun*>& runs);
/// The same by class (observe::ExitClass), which runs on processors of both vendors have in common.
TextTable exits_by_class(const std::vector<const MeasuredRun*>& runs);
bool of_both_vendors(const std::vector<const MeasuredRun*>& runs);

}  // namespace hvlab::lab
