#include "sim/lab/comparison_beside.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <optional>

#include "sim/analysis/architectures.hpp"
#include "sim/base/types.hpp"
#include "sim/lab/comparison_table.hpp"
#include "sim/lab/io_report.hpp"
#include "sim/lab/text_table.hpp"

namespace hvlab::lab {

using analysis::Counterpart;
using Json = nlohmann::ordered_json;

namespace {

constexpr const char* kBare = "bare";

/// A teaching system and its counterpart with as many processors, and what each is compared with.
struct Pair {
  const Counterpart* counterpart;
  const MeasuredRun* sides[2];  // the teaching system, the real one
  const MeasuredRun* bases[2];
};

const MeasuredRun* run_called(const Comparison& comparison, bool teaching, const std::string& way,
                              unsigned processors) {
  const auto is_it = [&](const MeasuredRun& run) {
    return run.teaching == teaching && run.way == way && run.processors == processors &&
           run.variant.empty() && run.failure.empty();
  };
  const auto found = std::ranges::find_if(comparison.runs, is_it);
  return found == comparison.runs.end() ? nullptr : &*found;
}

std::vector<Pair> pairs_of(const Comparison& comparison, unsigned processors) {
  std::vector<Pair> pairs;
  const MeasuredRun* bases[] = {run_called(comparison, true, kBare, processors),
                                run_called(comparison, false, kBare, processors)};
  if (bases[0] == nullptr || bases[1] == nullptr) return pairs;
  for (const Counterpart& row : analysis::counterparts()) {
    const MeasuredRun* ours = run_called(comparison, true, row.model, processors);
    const MeasuredRun* real = run_called(comparison, false, row.way, processors);
    if (ours != nullptr && real != nullptr) pairs.push_back({&row, {ours, real}, {bases[0], bases[1]}});
  }
  return pairs;
}

std::vector<unsigned> processor_counts(const Comparison& comparison) {
  std::vector<unsigned> counts;
  for (const MeasuredRun& run : comparison.runs) {
    if (std::ranges::count(counts, run.processors) == 0) counts.push_back(run.processors);
  }
  return counts;
}

double phase_exits(const MeasuredRun& run) {
  double exits = 0;
  for (const ExitSum& sum : run.work.exits) exits += static_cast<double>(sum.exits);
  return exits;
}

/// Mean microseconds of a request; 0: none was followed.
double request_microseconds(const MeasuredRun& run, const char* operation) {
  const Json* group = innermost_io(run.io, operation);
  if (group == nullptr) return 0;
  return group->at("picoseconds").get<double>() / std::max(1.0, group->at("requests").get<double>()) /
         static_cast<double>(kMicrosecond);
}

/// What is shown in its unit; 0: not measured, or there is nothing of the kind.
struct Figure {
  const char* name;
  const char* unit;
  double (*value)(const MeasuredRun&);
};

constexpr Figure kFigures[] = {
    {"power-on to start", "ms", [](const MeasuredRun& run) { return power_on_seconds(run) * 1e3; }},
    {"launch to start", "ms", [](const MeasuredRun& run) { return launch_seconds(run) * 1e3; }},
    {"memory each", "MiB", [](const MeasuredRun& run) { return instance_memory(run) / 1048576; }},
    {"exits in phases", "", phase_exits},
    {"a write", "us", [](const MeasuredRun& run) { return request_microseconds(run, "write"); }},
    {"a round trip", "us", [](const MeasuredRun& run) { return request_microseconds(run, "round-trip"); }},
};

/// Of a phase, or without a name of all: seconds of a bare run, else the ratio to its own side's.
double relative(const Pair& pair, int side, const std::string& phase) {
  const auto seconds = [&](const MeasuredRun& run) {
    return phase.empty() ? workload_seconds(run) : phase_seconds(run, phase);
  };
  const double base = seconds(*pair.bases[side]), own = seconds(*pair.sides[side]);
  if (pair.sides[side] == pair.bases[side]) return own;
  return base > 0 ? own / base : 0;
}

std::string phase_cell(const Pair& pair, int side, const std::string& phase) {
  const double value = relative(pair, side, phase);
  if (value <= 0) return "";
  return pair.sides[side] == pair.bases[side] ? fmt::format("{:.2f} ms", value * 1e3)
                                              : fmt::format("x{:.2f}", value);
}

std::string figure_cell(const Figure& figure, const MeasuredRun& run) {
  const double value = figure.value(run);
  if (value <= 0) return "-";
  return *figure.unit == 0 ? fmt::format("{:.0f}", value) : fmt::format("{:.1f} {}", value, figure.unit);
}

TextTable table_of(const std::vector<Pair>& pairs) {
  TextTable table{"phase", {}, {}};
  const std::vector<PhaseResult>& phases = pairs.front().bases[0]->log.phases;
  for (const PhaseResult& phase : phases) table.labels.push_back(phase.name);
  table.labels.push_back("all phases");
  for (const Figure& figure : kFigures) table.labels.push_back(figure.name);
  for (const Pair& pair : pairs) {
    for (const int side : {0, 1}) {
      const MeasuredRun& run = *pair.sides[side];
      TextTable::Column column{fmt::format("{} {}", side == 0 ? "our" : "Debian's", way_title(run)), {}};
      for (const PhaseResult& phase : phases) column.cells.push_back(phase_cell(pair, side, phase.name));
      column.cells.push_back(phase_cell(pair, side, ""));
      for (const Figure& figure : kFigures) column.cells.push_back(figure_cell(figure, run));
      table.columns.push_back(std::move(column));
    }
  }
  return table;
}

Json pair_json(const Pair& pair, unsigned processors) {
  Json phases = Json::array(), figures = Json::array();
  for (const PhaseResult& phase : pair.bases[0]->log.phases) {
    phases.push_back({{"name", phase.name},
                      {"teaching", relative(pair, 0, phase.name)},
                      {"real", relative(pair, 1, phase.name)}});
  }
  const auto figure_value = [](const Figure& figure, const MeasuredRun& run) {
    const double value = figure.value(run);
    return value > 0 ? Json(value) : Json();
  };
  for (const Figure& figure : kFigures) {
    figures.push_back({{"name", figure.name},
                       {"unit", figure.unit},
                       {"teaching", figure_value(figure, *pair.sides[0])},
                       {"real", figure_value(figure, *pair.sides[1])}});
  }
  return {{"model", pair.counterpart->model},
          {"way", pair.counterpart->way},
          {"processors", processors},
          {"differs", pair.counterpart->differs},
          {"phases", phases},
          {"figures", figures}};
}

}  // namespace

bool has_counterparts(const Comparison& comparison) {
  return std::ranges::any_of(processor_counts(comparison),
                             [&](unsigned processors) { return !pairs_of(comparison, processors).empty(); });
}

std::string beside_text(const Comparison& comparison, size_t width) {
  std::string text;
  std::vector<const Counterpart*> shown;
  for (const unsigned processors : processor_counts(comparison)) {
    const std::vector<Pair> pairs = pairs_of(comparison, processors);
    if (pairs.empty()) continue;
    text += fmt::format("== {} ==\n{}\n", processors_title(processors),
                        format_text_table(table_of(pairs), width));
    for (const Pair& pair : pairs) {
      if (std::ranges::count(shown, pair.counterpart) == 0) shown.push_back(pair.counterpart);
    }
  }
  if (text.empty()) return text;
  text = fold_text(
             "Teaching systems beside their counterparts. x: ratio to the own side's bare system; the two "
             "kernels differ, so compare ratios, not times.",
             width) +
         "\n" + text;
  text += "Where the small one differs (docs/beside-real.md tells all)\n";
  for (const Counterpart* row : shown)
    text += fold_text(fmt::format("{} and {}: {}", row->model, row->way, row->differs), width, 2);
  return text;
}

Json beside_json(const Comparison& comparison) {
  Json pairs = Json::array();
  for (const unsigned processors : processor_counts(comparison)) {
    for (const Pair& pair : pairs_of(comparison, processors)) pairs.push_back(pair_json(pair, processors));
  }
  return {{"schema", "hvlab.beside/1"}, {"pairs", pairs}};
}

}  // namespace hvlab::lab
