// The ways of requests to disks and cards in several ways of running the workload, side by side.
#pragma once

#include <string>
#include <vector>

#include "sim/lab/measured_run.hpp"
#include "sim/lab/text_table.hpp"

namespace hvlab::lab {

/// All kinds of requests as rows: the mean time of one in microseconds, its exits, and the bytes that were
/// copied for it ("-": not known).
TextTable io_means(const std::vector<const MeasuredRun*>& runs);

/// Hops as rows, runs as columns: a hop's time in the mean of the workload's requests of `operation` ("read",
/// "write", "send", ...), and its share of the whole; below the whole time, and the exits that a request
/// took. Hops that are next to nothing in all columns share a row. Runs of which no request was followed have
/// no column. One scale: microseconds.
TextTable io_hops(const std::vector<const MeasuredRun*>& runs, const std::string& operation);

}  // namespace hvlab::lab
