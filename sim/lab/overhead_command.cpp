#include "sim/lab/overhead_command.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cstdio>
#include <filesystem>
#include <iostream>

#include "sim/base/data_path.hpp"
#include "sim/base/user_error.hpp"
#include "sim/lab/arguments.hpp"
#include "sim/lab/cluster_trace.hpp"
#include "sim/lab/overhead_figures.hpp"
#include "sim/lab/overhead_files.hpp"
#include "sim/lab/result_files.hpp"
#include "sim/lab/scenario_commands.hpp"
#include "sim/lab/scenario_files.hpp"
#include "sim/lab/scenario_run.hpp"
#include "sim/lab/text_table.hpp"
#include "sim/record/run_files.hpp"
#include "sim/record/run_reader.hpp"

namespace hvlab::lab {

namespace {

namespace fs = std::filesystem;
namespace po = boost::program_options;
using record::RunReader;

constexpr const char* kScenarios = "scenarios/overhead";

po::options_description describe() {
  po::options_description options("Options", 110, 60);
  // clang-format off
  options.add_options()
      ("write", po::value<std::string>()->value_name("FOLDER"),
       "write the figures into the profiles of this folder (profiles/overhead); what runs do not measure stays there as it is")
      ("refresh", "ask the Debian mirror for newer packages first")
      ("runs", po::value<std::string>()->value_name("FOLDER")->default_value("runs"), "where run directories go")
      ("jobs,j", po::value<std::string>()->value_name("N"), "runs at a time (default: the host's processors)")
      ("help", "show this");
  // clang-format on
  return options;
}

int print_help(const po::options_description& options) {
  std::cout
      << "usage: hvlab overhead [RUN]... [OPTION]...\n\n"
         "What each way of virtualizing costs, told from runs, as figures for the models of many hosts "
         "(docs/cluster.md):\nprocessor time by kind of work, cost of a request and of a packet, memory, "
         "start-up, live migration.\nWithout a RUN, runs the scenarios of scenarios/overhead first.\n\n"
      << options << kStatuses;
  return 0;
}

/// The first word that a console says after `what`; empty if it does not.
std::string said(const std::string& console, const std::string& what) {
  const size_t at = console.find(what);
  if (at == std::string::npos) return "";
  const size_t begin = at + what.size();
  return console.substr(begin, console.find_first_of(" \r\n", begin) - begin);
}

/// What ran, with its version: Xen says so itself, Debian's kernel by its file's name, a teaching system is
/// HVLab's own.
std::string software_of(const RunReader& run, const MeasuredRun& measured) {
  constexpr const char* kConsole = "console/com1.txt";
  const std::string xen = run.has(kConsole) ? said(run.content(kConsole), "Xen version ") : "";
  if (!xen.empty()) return ", Xen " + xen;
  return measured.teaching || measured.kernel.empty() ? "" : ", " + measured.kernel;
}

/// What the run is called in a figure's source.
std::string origin_of(const RunReader& run, const MeasuredRun& measured, const std::string& scenario) {
  const record::Json& facts = run.run();
  return fmt::format("{}, {}, {}{}, HVLab {}, {}", scenario, measured.way, measured.processor,
                     software_of(run, measured), facts.value("hvlab", "?"),
                     facts.value("started", "?").substr(0, 10));
}

/// The scenario that ran, by the folder of its runs (runs/NAME/STAMP).
std::string scenario_of(const RunReader& run) {
  std::error_code ignored;
  return fs::canonical(run.path(), ignored).parent_path().filename().string();
}

void add_run(const RunReader& run, const std::string& scenario, std::vector<MeasuredRun>& runs,
             std::vector<std::string>& origins) {
  refuse_cluster("overhead", run);
  if (!run.has(record::kStatsFile)) {
    std::cerr << "hvlab: " << scenario << ", " << run.title() << ": left no statistics\n";
    return;
  }
  runs.push_back(read_run_directory(run));
  origins.push_back(origin_of(run, runs.back(), scenario));
}

/// Runs of several cells as their cells; what failed, or computed something else, says so.
std::vector<SourceRun> read_runs(const std::vector<std::string>& names) {
  std::vector<MeasuredRun> runs;
  std::vector<std::string> origins;
  for (const std::string& name : names) {
    const RunReader run(name);
    if (!run.has_cells()) {
      add_run(run, scenario_of(run), runs, origins);
      continue;
    }
    for (const RunReader& cell : run.cells()) add_run(cell, scenario_of(run), runs, origins);
  }
  std::vector<SourceRun> sources;
  for (size_t i = 0; i < runs.size(); ++i) sources.push_back({runs[i], origins[i]});
  return sources;
}

/// Runs the scenarios; where their runs are. Throws UserError if one has left none.
std::vector<std::string> run_all(const po::variables_map& values, const std::vector<std::string>& arguments) {
  const RunWishes wishes{.at_once = jobs("overhead", values),
                         .folder = values["runs"].as<std::string>(),
                         .refresh = values.count("refresh") != 0,
                         .command = command_words("overhead", arguments)};
  const scenario::Vocabulary words = scenario_vocabulary();
  std::vector<scenario::Scenario> scenarios;
  for (const std::string& file : scenario_files(data_folder(kScenarios).string()))
    scenarios.push_back(load_scenario(file, {}, words));
  std::vector<std::string> folders;
  for (const ScenarioResult& result : run_scenarios(std::move(scenarios), wishes)) {
    if (result.status != 0) std::cerr << result_text(result, false, false);
    if (result.directory.empty()) throw UserError("overhead: " + result.scenario.name + " could not be run");
    std::cerr << "hvlab: runs in " << result.directory << '\n';
    folders.push_back(result.directory);
  }
  return folders;
}

/// A figure a line, with how far it can be believed.
std::string table_of(const cluster::Overhead& overhead) {
  std::string text = fmt::format("{}: {}\n", overhead.name, overhead.title);
  for (const media::Figure& figure : overhead.figures)
    text += fmt::format("  {:<22}{:>10}  {}\n", figure.name, figure.value, figure.source);
  return text;
}

/// All texts first: nothing is written if one of them cannot be made.
int write_all(const std::string& folder, const std::vector<MeasuredOverhead>& measured) {
  std::vector<std::pair<std::string, std::string>> files;
  for (const MeasuredOverhead& each : measured) {
    cluster::Overhead overhead = overhead_file(folder, each.name);
    take_measured(overhead, each);
    files.emplace_back((fs::path(folder) / (each.name + ".yaml")).string(), overhead_text(overhead));
  }
  for (const auto& [path, text] : files) {
    write_result_file(path, text);
    std::cout << path << '\n';
  }
  return 0;
}

int print_all(const std::vector<MeasuredOverhead>& measured) {
  const std::string folder = data_folder("profiles/overhead").string();
  std::string text;
  for (const MeasuredOverhead& each : measured) {
    cluster::Overhead overhead = overhead_file(folder, each.name);
    take_measured(overhead, each);
    text += (text.empty() ? "" : "\n") + table_of(overhead);
  }
  std::cout << text << std::flush;
  return 0;
}

}  // namespace

int overhead_command(const std::vector<std::string>& arguments) {
  const po::options_description described = describe();
  po::options_description options;
  options.add(described).add_options()("run", po::value<std::vector<std::string>>());
  const po::variables_map values = parse_arguments("overhead", arguments, options, "run");
  if (values.count("help") != 0) return print_help(described);
  std::vector<std::string> names = texts_of(values, "run");
  if (names.empty()) names = run_all(values, arguments);
  const std::vector<SourceRun> runs = read_runs(names);
  for (const SourceRun& each : runs)
    if (!each.run.failure.empty()) std::cerr << "hvlab: " << each.origin << ": " << each.run.failure << '\n';
  const std::vector<MeasuredOverhead> measured = measured_overheads(runs);
  return values.count("write") != 0 ? write_all(values["write"].as<std::string>(), measured)
                                    : print_all(measured);
}

}  // namespace hvlab::lab
