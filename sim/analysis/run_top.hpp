// What each processor, virtual processor and device did around a moment: the tables of `hvlab top`.
#pragma once

#include <vector>

#include "sim/analysis/table.hpp"
#include "sim/record/trace_reader.hpp"

namespace hvlab::analysis {

/// States at `at`, and over `window` picoseconds around it: shares of states, exits by reason, requests.
std::vector<Table> run_top(const record::TraceReader& trace, Picoseconds at, Picoseconds window);

}  // namespace hvlab::analysis
