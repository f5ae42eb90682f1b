// The runs of `hvlab demo` side by side, for people.
#pragma once

#include <string>
#include <vector>

#include "sim/lab/measured_run.hpp"

namespace hvlab::lab {

/// For each number of processors: each phase's time in every way with its ratio to the first, the time from
/// start to the workload, memory, the ledger and the exits of the time in phases. Lines of at most `width`
/// characters.
/// With `hops` the ways of all kinds of requests hop by hop.
std::string format_runs(const std::vector<MeasuredRun>& runs, size_t width, bool hops = false);

/// The exits of a whole run, in the columns of `perf kvm stat`: a table for each virtual machine, the reasons
/// that cost most first. Empty if there were none.
std::string format_machine_exits(const MeasuredRun& run, size_t width);

/// "container", or "apps *2" for two instances.
std::string way_title(const MeasuredRun& run);

/// "1 processor", "4 processors".
std::string processors_title(unsigned processors);

}  // namespace hvlab::lab
