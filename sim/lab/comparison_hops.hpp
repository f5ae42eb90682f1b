// The way of a disk request in several ways of running the workload, side by side.
#pragma once

#include <string>
#include <vector>

#include "sim/lab/measured_run.hpp"
#include "sim/lab/text_table.hpp"

namespace hvlab::lab {

/// Hops as rows, runs as columns: a hop's time in the mean of the workload's requests of `operation` ("read",
/// "write", "flush"), and its share of the whole; below the whole time, and the exits that a request took.
/// Runs of which no request was followed have no column. One scale: microseconds.
TextTable io_hops(const std::vector<const MeasuredRun*>& runs, const std::string& operation);

}  // namespace hvlab::lab
