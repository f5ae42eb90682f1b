#include "sim/lab/report_input.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <map>

#include "sim/base/user_error.hpp"
#include "sim/lab/comparison_density.hpp"
#include "sim/lab/explain_data.hpp"

namespace hvlab::lab {

namespace {

std::string title_of(const ReportInput& input, const MeasuredRun& run) {
  const std::string name = run.variant.empty() ? run.way : run.way + " " + run.variant;
  return instances(run) == 1 ? name
                             : input.say("report.times_instances", {name, std::to_string(instances(run))});
}

void note_state(ReportInput& input, const views::OpenRun& run) {
  const record::RunState state = run.reader().state();
  if (state != record::RunState::Complete)
    input.notes.push_back(input.say(std::string("report.state.") + record::name(state), {run.name()}));
  if (!run.problem().empty())
    input.notes.push_back(input.say("report.no_trace", {run.name(), run.problem()}));
}

/// The entries, and what of them has statistics that can be read.
std::vector<record::RunReader> readable(ReportInput& input) {
  std::vector<record::RunReader> good;
  for (size_t i = 0; i < input.runs.runs.size(); ++i) {
    const views::OpenRun& run = *input.runs.runs[i];
    ReportRun entry{.title = run.name(), .open = i};
    note_state(input, run);
    if (run.cluster() != nullptr) {  // it has sections of its own and nothing of a machine
      input.entries.push_back(std::move(entry));
      continue;
    }
    try {
      if (run.reader().has(record::kStatsFile)) {
        read_run_directory(run.reader());
        entry.way = good.size();
        good.push_back(run.reader());
      } else {
        input.notes.push_back(input.say("report.no_statistics", {run.name()}));
      }
    } catch (const UserError& error) {
      input.notes.push_back(input.say("report.damaged", {run.name(), error.what()}));
    }
    input.entries.push_back(std::move(entry));
  }
  return good;
}

void describe_entries(ReportInput& input) {
  for (ReportRun& entry : input.entries) {
    if (entry.way == kNotCompared) continue;
    const MeasuredRun& run = input.comparison.runs[entry.way];
    entry.title = title_of(input, run);
    entry.processors = run.processors;
    entry.instances = instances(run);
    if (!run.failure.empty()) input.notes.push_back(input.say("report.failed", {entry.title, run.failure}));
  }
}

void add_to_block(std::vector<ReportBlock>& blocks, const std::string& title, size_t entry) {
  auto block = std::ranges::find(blocks, title, &ReportBlock::title);
  if (block == blocks.end()) block = blocks.insert(blocks.end(), {title, {}});
  block->runs.push_back(entry);
}

/// A way with more instances than it has elsewhere among the runs.
bool has_fewer_elsewhere(const ReportInput& input, const MeasuredRun& run) {
  return std::ranges::any_of(input.comparison.runs, [&](const MeasuredRun& other) {
    return other.way == run.way && other.variant == run.variant && other.processors == run.processors &&
           instances(other) < instances(run);
  });
}

void make_blocks(ReportInput& input) {
  for (size_t i = 0; i < input.entries.size(); ++i) {
    const ReportRun& entry = input.entries[i];
    if (input.runs.runs[entry.open]->cluster() != nullptr) continue;
    if (entry.way == kNotCompared) {
      add_to_block(input.apart, input.say("report.without_statistics"), i);
      continue;
    }
    const std::string key = entry.processors == 1 ? "report.one_processor" : "report.processors";
    const std::string title = input.say(key, {std::to_string(entry.processors)});
    if (has_fewer_elsewhere(input, input.measured(i)))
      add_to_block(input.further, input.say("report.several_instances", {title}), i);
    else
      add_to_block(input.blocks, title, i);
  }
}

/// The title of the first run's scenario; without one the run's name.
std::string own_title(const ReportInput& input) {
  for (const MeasuredRun& run : input.comparison.runs) {
    if (const std::string& title = input.scenario(run); !title.empty()) return title;
  }
  return input.entries.empty() ? "" : input.entries.front().title;
}

const std::vector<Explanation>& entries_of(const std::string& list) {
  static std::map<std::string, std::vector<Explanation>> read;
  const auto found = read.find(list);
  return found != read.end() ? found->second : read.emplace(list, explanations(list)).first->second;
}

}  // namespace

const std::string& ReportInput::scenario(const MeasuredRun& run) const {
  return say.language() == "ja" && !run.title_ja.empty() ? run.title_ja : run.title;
}

std::string ReportInput::meaning(const std::string& list, const std::string& name) const {
  std::vector<Explanation> fit;
  for (const Explanation& entry : entries_of(list)) {
    if (explains(entry, name)) fit.push_back(entry);
  }
  fit = best_of(std::move(fit));
  if (fit.empty()) return "";
  return say.language() == "ja" && !fit.front().ja.empty() ? fit.front().ja : fit.front().en;
}

ReportInput read_report_input(const std::vector<std::string>& names, const std::string& language,
                              const std::string& title) {
  ReportInput input;
  input.say = views::Messages::load(language);
  for (const std::string& name : names)
    record::find_run(name);  // the one that is missing has its exit status
  input.runs = views::open_runs(names);
  input.comparison = read_comparison(readable(input));
  input.document = comparison_json(input.comparison);
  describe_entries(input);
  make_blocks(input);
  input.title = title.empty() ? own_title(input) : title;
  return input;
}

}  // namespace hvlab::lab
