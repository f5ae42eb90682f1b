// Runs of one workload side by side, from their directories: what `hvlab demo` and `hvlab compare` print.
#pragma once

#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "sim/analysis/verdict.hpp"
#include "sim/lab/measured_run.hpp"
#include "sim/record/run_reader.hpp"

namespace hvlab::lab {

struct Comparison {
  std::vector<MeasuredRun> runs;
  std::vector<analysis::Verdict> verdicts;  // of the claims that these runs say something of
  std::vector<std::string> missing;         // runs that left no statistics: what they are called, and why
};

/// Runs and cells of runs, each from its directory, checked against each other (check_runs). Throws UserError
/// if a file is damaged.
Comparison read_comparison(const std::vector<record::RunReader>& runs);

/// Makes `way` ("hosted", "apps *2") what the others are compared with: its runs come first. Throws UserError
/// if there is none.
void compare_with(Comparison& comparison, const std::string& way);

/// Whether the workload, or anything that prints its lines, was begun in one of the runs.
bool has_workload(const Comparison& comparison);

/// Whether every run is there and computed the same.
bool all_good(const Comparison& comparison);

/// What is told besides.
struct ComparisonDetail {
  bool exits = false;  // all exits of each virtual machine
  bool hops = false;   // the ways of all kinds of requests hop by hop, with any number of processors
};

/// For people: tables, verdicts, and whether all computed the same. Lines of at most `width` characters.
/// Empty if no run went well.
std::string comparison_text(const Comparison& comparison, const ComparisonDetail& detail, size_t width);

/// What went wrong in each run that did not go well, a line each; empty if all did.
std::string comparison_failures(const Comparison& comparison);

/// {"schema", "ways": [{"name", "processors", "phases": [{"name", "seconds", "ratio", "hash"}], "exits",
/// "ledger", "costs", ...}], "density", "differences" (comparison_differences.hpp), "verdicts", "missing"}.
nlohmann::ordered_json comparison_json(const Comparison& comparison);

}  // namespace hvlab::lab
