// Exits of virtual machines by reason: of several ways side by side, and of one machine in full.
#pragma once

#include <vector>

#include "sim/lab/measured_run.hpp"
#include "sim/lab/text_table.hpp"

namespace hvlab::lab {

/// For each run that had exits while the workload was in its phases: how many, their share of the cycles that
/// all took, and the mean of each, by reason. The dearest reasons first, those of little weight in one row.
TextTable exits_by_reason(const std::vector<const MeasuredRun*>& runs);

}  // namespace hvlab::lab
