#include "sim/lab/sweep_command.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cstdio>
#include <filesystem>
#include <iostream>

#include "sim/base/user_error.hpp"
#include "sim/lab/cost_origins.hpp"
#include "sim/lab/exit_status.hpp"
#include "sim/lab/folder_lock.hpp"
#include "sim/lab/scenario_files.hpp"
#include "sim/lab/sweep_options.hpp"
#include "sim/lab/sweep_report.hpp"
#include "sim/lab/sweep_runner.hpp"
#include "sim/sweep/sensitivity.hpp"
#include "sim/timing/profile.hpp"

namespace hvlab::lab {

namespace {

namespace fs = std::filesystem;

using Settings = std::vector<std::pair<std::string, std::string>>;

/// The scenario with a combination's values over the file's; throws InvalidScenario if they do not fit.
scenario::Scenario scenario_with(const SweepOptions& options, const Settings& settings,
                                 const scenario::Vocabulary& vocabulary) {
  std::vector<std::string> texts = options.settings;
  for (const auto& [path, value] : settings) texts.push_back(path + "=" + value);
  return load_scenario(options.scenario, parse_overrides(texts), vocabulary);
}

/// The axes of the scenario's own `vary`, from its cells.
std::vector<sweep::Axis> own_axes(const scenario::Scenario& scenario) {
  std::vector<sweep::Axis> axes;
  for (const scenario::Cell& cell : scenario.cells) {
    for (const scenario::Setting& setting : cell.settings) {
      auto axis = std::ranges::find(axes, setting.path, &sweep::Axis::path);
      if (axis == axes.end()) axis = axes.insert(axes.end(), {setting.path, {}});
      if (std::ranges::find(axis->values, setting.value) == axis->values.end())
        axis->values.push_back(setting.value);
    }
  }
  return axes;
}

void refuse_varied_twice(const SweepOptions& options, const std::vector<sweep::Axis>& own) {
  for (const sweep::Axis& axis : options.axes) {
    if (std::ranges::find(own, axis.path, &sweep::Axis::path) != own.end())
      throw UserError(
          "--vary " + axis.path +
          ": the scenario varies it itself; take it out of its 'vary', or leave it to the scenario");
  }
}

/// Everything that will run, checked before anything does: a mistake in the last cell should not cost the
/// others' time.
sweep::Question question_of(const SweepOptions& options, const scenario::Vocabulary& vocabulary) {
  const std::vector<sweep::Combination> combinations = sweep::combinations(options.axes);
  sweep::Question question{options.scenario, "", options.axes, {}};
  for (const sweep::Combination& combination : combinations) {
    Settings settings;
    for (size_t i = 0; i < combination.size(); ++i)
      settings.emplace_back(options.axes[i].path, combination[i]);
    const scenario::Scenario scenario = scenario_with(options, settings, vocabulary);
    if (question.cells.empty()) {
      const std::vector<sweep::Axis> own = own_axes(scenario);
      refuse_varied_twice(options, own);
      question.axes.insert(question.axes.end(), own.begin(), own.end());
    }
    for (const scenario::Cell& cell : scenario.cells) {
      sweep::Cell& made =
          question.cells.emplace_back(sweep::Cell{static_cast<u32>(question.cells.size()), "grid", settings});
      for (const scenario::Setting& setting : cell.settings)
        made.settings.emplace_back(setting.path, setting.value);
    }
    if (question.cells.size() > sweep::kMostCells)
      throw UserError(fmt::format("sweep: more than {} cells; vary less at a time", sweep::kMostCells));
  }
  // The scenario as it is now and what is set over it: a sweep of something else is another sweep.
  question.content = read_scenario_file(options.scenario);
  for (const std::string& setting : options.settings) question.content += "\n# --set " + setting;
  return question;
}

/// The label by which `hvlab run` knows the cell among those of its scenario.
std::string label_of(const sweep::Question& question, const sweep::Cell& cell, size_t from_command_line) {
  std::vector<scenario::Setting> settings;
  for (size_t i = from_command_line; i < question.axes.size(); ++i)
    settings.push_back({cell.settings[i].first, cell.settings[i].second});
  return scenario::label_of(settings);
}

std::vector<CellCommand> commands_of(const SweepOptions& options, const sweep::Question& question,
                                     const std::vector<u32>& cells) {
  const std::string scenario = fs::absolute(options.scenario).lexically_normal();
  const std::string directory = fs::absolute(options.directory).lexically_normal();
  std::vector<CellCommand> commands;
  for (const u32 id : cells) {
    const sweep::Cell& cell = question.cells[id];
    CellCommand command{id, {"run", scenario, "--json", "--runs", fmt::format("{}/runs/{}", directory, id)}};
    const auto set = [&](const std::string& text) {
      command.arguments.insert(command.arguments.end(), {"--set", text});
    };
    for (const std::string& text : options.settings) set(text);
    for (size_t i = 0; i < cell.settings.size(); ++i) {
      const bool own = i >= options.axes.size() && i < question.axes.size();
      if (!own) set(cell.settings[i].first + "=" + cell.settings[i].second);
    }
    if (const std::string label = label_of(question, cell, options.axes.size()); !label.empty())
      command.arguments.insert(command.arguments.end(), {"--cell", label});
    commands.push_back(std::move(command));
  }
  return commands;
}

void make_folders(const std::string& directory) {
  for (const char* folder : {"/cells", "/elements", "/runs"}) {
    std::error_code failed;
    fs::create_directories(directory + folder, failed);
    if (failed) throw UserError("--out '" + directory + folder + "': " + failed.message());
  }
}

/// Runs what has no result yet; false if the user stopped it.
bool run_rest(const SweepOptions& options, sweep::Store& store, const sweep::Question& question) {
  const EarlierJob earlier = wait_for_earlier_job(store, options.directory, options.wishes);
  if (earlier != EarlierJob::Over) return earlier == EarlierJob::Stuck;
  collect_cells(store, options.directory);
  const std::vector<CellCommand> commands = commands_of(options, question, store.unfinished());
  for (const CellCommand& command : commands) {
    std::error_code ignored;
    fs::remove_all(fmt::format("{}/runs/{}", options.directory, command.cell),
                   ignored);  // of an attempt that did not end
  }
  if (commands.empty()) return true;
  return options.slurm ? run_cells_by_slurm(store, options.directory, commands, options.wishes)
                       : run_cells_here(store, options.directory, commands, options.at_once);
}

int status_of(sweep::Store& store, const sweep::Question& question, bool whole) {
  if (!whole) return exit_status::kInterrupted;
  int status = 0;
  for (const sweep::Cell& cell : question.cells) {
    const std::optional<sweep::Outcome> outcome = store.outcome(cell.id);
    if (!outcome || outcome->status > exit_status::kNotAsExpected) return exit_status::kGuestFailed;
    // With a cost moved an expectation may well fail: that is no failure of the sweep's.
    if (outcome->status == exit_status::kNotAsExpected && cell.kind == "grid")
      status = exit_status::kNotAsExpected;
  }
  return status;
}

void report(const SweepOptions& options, sweep::Store& store) {
  const SweepFindings findings = findings_of(store, options.directory, options.metrics);
  const std::string complaint = write_sweep_files(store, findings, options.plots);
  if (options.json) {
    sweep_json(findings, std::cout);
  } else {
    std::cout << sweep_table(findings) << "\nResults: " << options.directory << "/sweep.sqlite, results.csv"
              << (options.plots && complaint.empty() ? ", plots/" : "") << '\n';
  }
  std::cout.flush();
  if (!complaint.empty()) fmt::print(stderr, "hvlab: {}\n", complaint);
  if (findings.unfinished != 0)
    fmt::print(stderr, "hvlab: {} cell(s) have no result; the same command with --resume runs them\n",
               findings.unfinished);
}

/// What a sweep has found so far; writes nothing.
int show_sweep(const SweepOptions& options) {
  sweep::Store store = sweep::Store::open(options.show + "/sweep.sqlite");
  const SweepFindings findings = findings_of(store, options.show, options.metrics);
  if (options.json)
    sweep_json(findings, std::cout);
  else
    std::cout << sweep_table(findings);
  if (findings.unfinished != 0)
    fmt::print(stderr, "hvlab: {} cell(s) have no result yet\n", findings.unfinished);
  return 0;
}

}  // namespace

int sweep_command(const std::vector<std::string>& arguments) {
  const std::optional<SweepOptions> options = parse_sweep_options(arguments);
  if (!options) return 0;
  if (!options->show.empty()) return show_sweep(*options);
  const scenario::Vocabulary vocabulary = scenario_vocabulary();
  sweep::Question question = question_of(*options, vocabulary);
  const scenario::Cell first =
      scenario_with(*options,
                    {question.cells[0].settings.begin(),
                     question.cells[0].settings.begin() + static_cast<std::ptrdiff_t>(options->axes.size())},
                    vocabulary)
          .cells.front();
  const std::vector<sweep::Cost> costs = costs_of(first);
  if (options->costs) {
    const std::vector<sweep::Cell> cells =
        sweep::cost_cells(question.cells.front(), costs, static_cast<u32>(question.cells.size()));
    question.cells.insert(question.cells.end(), cells.begin(), cells.end());
  }
  make_folders(options->directory);
  const FolderLock lock(options->directory);
  const std::string file = options->directory + "/sweep.sqlite";
  sweep::Store store =
      options->resume ? sweep::Store::resume(file, question) : sweep::Store::create(file, question);
  store.note_costs(costs);
  const bool whole = run_rest(*options, store, question);
  report(*options, store);
  return status_of(store, question, whole);
}

}  // namespace hvlab::lab
