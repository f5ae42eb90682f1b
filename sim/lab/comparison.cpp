#include "sim/lab/comparison.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "sim/base/user_error.hpp"
#include "sim/lab/claims.hpp"
#include "sim/lab/comparison_differences.hpp"
#include "sim/lab/comparison_table.hpp"
#include "sim/lab/cost_origins.hpp"
#include "sim/lab/text_table.hpp"

namespace hvlab::lab {

namespace {

/// Runs without cells of their own; a run of several stands for its cells.
std::vector<record::RunReader> single_runs(const std::vector<record::RunReader>& runs) {
  std::vector<record::RunReader> singles;
  for (const record::RunReader& run : runs) {
    if (!run.has_cells()) {
      singles.push_back(run);
      continue;
    }
    for (record::RunReader& cell : run.cells()) singles.push_back(std::move(cell));
  }
  return singles;
}

/// Each of what `text_of` says of the runs, once.
template <class TextOf>
std::string each_once(const std::vector<MeasuredRun>& runs, TextOf text_of) {
  std::vector<std::string> texts;
  for (const MeasuredRun& run : runs) {
    if (const std::string text = text_of(run); !text.empty() && std::ranges::count(texts, text) == 0)
      texts.push_back(text);
  }
  return fmt::format("{}", fmt::join(texts, ", "));
}

std::string costs_of(const MeasuredRun& run) {
  return run.costs.empty() ? "" : fmt::format("{} of {}", count_costs(run.costs), run.processor);
}

std::string heading(const std::vector<MeasuredRun>& runs, size_t width) {
  const auto line = [&](const char* what, const std::string& text) {
    return text.empty() ? "" : fold_text(what + text, width);
  };
  return line("", each_once(runs, [](const MeasuredRun& run) { return run.title; })) +
         line("Kernel: ", each_once(runs, [](const MeasuredRun& run) { return run.kernel; })) +
         line("Costs: ", each_once(runs, costs_of)) +
         fmt::format("Times are simulated; x: ratio to {}; * several instances side by side\n\n",
                     runs.front().way);
}

}  // namespace

Comparison read_comparison(const std::vector<record::RunReader>& runs) {
  Comparison comparison;
  size_t place = 0;
  for (const record::RunReader& run : single_runs(runs)) {
    ++place;
    if (!run.has(record::kStatsFile)) {
      comparison.missing.push_back(
          fmt::format("{}: no statistics; the run is {}", run.title(), record::name(run.state())));
      continue;
    }
    comparison.runs.push_back(read_run_directory(run));
    comparison.runs.back().place = place - 1;
  }
  check_runs(comparison.runs);
  // Claims are about ways; of several variants of one they cannot tell which is meant.
  if (std::ranges::any_of(comparison.runs, [](const MeasuredRun& run) { return !run.variant.empty(); }))
    return comparison;
  const std::vector<analysis::Measurement> measured = measurements_of(comparison.runs);
  for (const Claim& claim : claims()) {
    analysis::Verdict verdict = claim.judge(measured);
    if (verdict.word != analysis::Word::CannotBeTested) comparison.verdicts.push_back(std::move(verdict));
  }
  return comparison;
}

void compare_with(Comparison& comparison, const std::string& way) {
  const auto is_it = [&](const MeasuredRun& run) { return run.way == way || way_title(run) == way; };
  if (std::ranges::stable_partition(comparison.runs, is_it).begin() == comparison.runs.begin()) {
    throw UserError("--baseline '" + way + "': give one of " +
                    each_once(comparison.runs, [](const MeasuredRun& run) { return way_title(run); }));
  }
}

bool has_workload(const Comparison& comparison) {
  return std::ranges::any_of(comparison.runs, [](const MeasuredRun& run) { return !run.log.phases.empty(); });
}

bool all_good(const Comparison& comparison) {
  return comparison.missing.empty() &&
         std::ranges::all_of(comparison.runs, [](const MeasuredRun& run) { return run.failure.empty(); });
}

std::string comparison_text(const Comparison& comparison, const ComparisonDetail& detail, size_t width) {
  const std::vector<MeasuredRun>& runs = comparison.runs;
  // Of nothing that went well there is nothing to compare.
  if (std::ranges::none_of(runs, [](const MeasuredRun& run) { return run.failure.empty(); })) return "";
  std::string text =
      heading(runs, width) + format_runs(runs, width, detail.hops) + differences_text(runs, width);
  if (detail.exits) {
    for (const MeasuredRun& run : runs) text += format_machine_exits(run, width);
  }
  if (!comparison.verdicts.empty())
    text += "\nWhat these runs say of claims (hvlab claims tells all, with their numbers)\n";
  for (const analysis::Verdict& verdict : comparison.verdicts) text += format_verdict(verdict, false, width);
  u64 instructions = 0;
  for (const MeasuredRun& run : runs) instructions += run.instructions;
  text += fmt::format("\n{} run{}, {:.2f} billion instructions\n", runs.size(), runs.size() == 1 ? "" : "s",
                      static_cast<double>(instructions) / 1e9);
  if (all_good(comparison) && runs.size() > 1)
    text += fmt::format("All {} runs computed the same in all {} phases.\n", runs.size(),
                        runs.front().log.phases.size());
  return text;
}

std::string comparison_failures(const Comparison& comparison) {
  std::string text;
  for (const MeasuredRun& run : comparison.runs) {
    if (!run.failure.empty())
      text += fmt::format("{} with {}: {}\n", way_title(run), processors_title(run.processors), run.failure);
  }
  for (const std::string& missing : comparison.missing) text += missing + "\n";
  return text;
}

}  // namespace hvlab::lab
