#include "sim/lab/demo.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cstdio>
#include <iostream>
#include <optional>
#include <sstream>

#include "sim/base/data_path.hpp"
#include "sim/base/user_error.hpp"
#include "sim/board/machine_config.hpp"
#include "sim/lab/arguments.hpp"
#include "sim/lab/cell_boot.hpp"
#include "sim/lab/comparison.hpp"
#include "sim/lab/debian_systems.hpp"
#include "sim/lab/exit_status.hpp"
#include "sim/lab/models.hpp"
#include "sim/lab/numbers.hpp"
#include "sim/lab/report_page.hpp"
#include "sim/lab/result_files.hpp"
#include "sim/lab/scenario_commands.hpp"
#include "sim/lab/scenario_files.hpp"
#include "sim/lab/scenario_run.hpp"
#include "sim/lab/text_table.hpp"

namespace hvlab::lab {

namespace {

namespace po = boost::program_options;
using scenario::Override;
using scenario::Scenario;

constexpr const char* kFolder = "scenarios/demo";
constexpr const char* kReal = "real.yaml";          // the ways of Debian's kernel
constexpr const char* kTeaching = "teaching.yaml";  // systems of our own, for which nothing is fetched
constexpr const char* kDensity = "density.yaml";    // several instances on each

po::options_description describe() {
  po::options_description options("Options", 110, 60);
  // clang-format off
  options.add_options()
      ("real", "the ways of Debian's kernel, instead of the teaching systems")
      ("quick", "the short form of the workload, without density: its instances would hardly meet")
      ("ways", po::value<std::string>()->value_name("NAME,..."),
       "only these; the others are compared with the first")
      ("processors", po::value<std::string>()->value_name("N,..."), "each on machines with so many")
      ("instances", po::value<std::string>()->value_name("N"),
       "so many of the workload side by side, in every way but bare")
      ("set", po::value<std::vector<std::string>>()->value_name("PATH=VALUE"),
       "anything else of the scenario; may be repeated")
      ("exits", "list all exits of each virtual machine too, in the columns of perf kvm stat")
      ("hops", "the ways of all kinds of requests hop by hop, with any number of processors")
      ("json", "print the results as JSON")
      ("live", po::value<std::string>()->value_name("wait")->implicit_value(""), kLiveHelp)
      ("refresh", "ask the Debian mirror for newer packages first")
      ("prepare", "only fetch and assemble; print the paths of what would be booted")
      ("runs", po::value<std::string>()->value_name("FOLDER")->default_value("runs"), "where run directories go")
      ("jobs,j", po::value<std::string>()->value_name("N"), "runs at a time (default: the host's processors)")
      ("help", "show this");
  // clang-format on
  return options;
}

std::string file_of(const po::variables_map& values) {
  return (data_folder(kFolder) / (values.count("real") != 0 ? kReal : kTeaching)).string();
}

std::vector<std::string> items_of(const std::string& option, const std::string& text) {
  std::vector<std::string> items;
  std::istringstream list(text);
  for (std::string item; std::getline(list, item, ',');) items.push_back(item);
  if (items.empty()) throw UserError(option + ": name at least one; see 'hvlab demo --help'");
  return items;
}

/// What the cells are told apart by: ways, or teaching systems.
const char* way_axis(const Scenario& scenario) {
  const bool models = std::ranges::count(scenario.cells.front().settings, std::string("software.model"),
                                         &scenario::Setting::path) != 0;
  return models ? "software.model" : "software.way";
}

/// The values that the scenario gives an axis, in its order.
std::vector<std::string> values_of(const Scenario& scenario, const std::string& axis) {
  std::vector<std::string> values;
  for (const scenario::Cell& cell : scenario.cells) {
    for (const scenario::Setting& setting : cell.settings) {
      if (setting.path == axis && std::ranges::count(values, setting.value) == 0)
        values.push_back(setting.value);
    }
  }
  return values;
}

void check_names(const std::vector<std::string>& names, const std::string& axis,
                 const scenario::Vocabulary& words) {
  for (const std::string& name : names) {
    if ((axis == "software.way" ? words.way(name) : words.model(name)) == nullptr)
      throw UserError("there is no way '" + name + "' among the " +
                      (axis == "software.way"
                           ? "ways of Debian's kernel"
                           : "teaching systems; those of Debian's kernel are in 'hvlab demo --real'") +
                      "; see 'hvlab demo --help'");
  }
}

/// The command line as what it sets over the scenario.
std::vector<Override> overrides_of(const po::variables_map& values, const std::string& axis,
                                   const scenario::Vocabulary& words) {
  std::vector<Override> overrides = parse_overrides(texts_of(values, "set"));
  if (values.count("quick") != 0) overrides.push_back({"workload.size", "quick"});
  if (values.count("ways") != 0) {
    const std::vector<std::string> names = items_of("--ways", values["ways"].as<std::string>());
    check_names(names, axis, words);
    overrides.push_back({"vary." + axis, fmt::format("[{}]", fmt::join(names, ", "))});
  }
  if (values.count("processors") != 0) {
    const std::vector<std::string> counts = items_of("--processors", values["processors"].as<std::string>());
    for (const std::string& count : counts) parse_count("--processors", count, 1, board::kMaxProcessors);
    overrides.push_back({"vary.machine.cores", fmt::format("[{}]", fmt::join(counts, ", "))});
  }
  return overrides;
}

/// The scenario with so many instances in all cells but those of the bare machine, which has one.
void set_instances(Scenario& scenario, const std::string& file, std::vector<Override> overrides,
                   const std::string& count, const scenario::Vocabulary& words) {
  parse_count("--instances", count, 1, kMostInstances);
  overrides.push_back({"workload.instances", count});
  const Scenario several = load_scenario(file, overrides, words);
  for (size_t i = 0; i < scenario.cells.size(); ++i) {
    const scenario::Software& software = scenario.cells[i].software;
    if (software.way != "bare" && software.model != "bare") scenario.cells[i] = several.cells[i];
  }
  // The file's figures are those of instances that have the machine for themselves.
  std::erase_if(scenario.expectations, [](const scenario::Expectation& expectation) {
    return expectation.subject == scenario::Subject::Metric;
  });
}

Scenario load(const po::variables_map& values) {
  const scenario::Vocabulary words = scenario_vocabulary();
  const std::string file = file_of(values);
  const std::vector<Override> overrides =
      overrides_of(values, way_axis(load_scenario(file, {}, words)), words);
  Scenario scenario = load_scenario(file, overrides, words);
  if (values.count("instances") != 0)
    set_instances(scenario, file, overrides, values["instances"].as<std::string>(), words);
  return scenario;
}

/// The cells with several instances, which density takes: of the teaching systems that are shown, with most
/// of the machine's processors. Nothing if there are none, or if the numbers of instances are given.
std::optional<Scenario> density_of(const Scenario& shown, const po::variables_map& values) {
  for (const char* without : {"real", "instances", "quick"})
    if (values.count(without) != 0) return std::nullopt;
  const scenario::Vocabulary words = scenario_vocabulary();
  const std::string file = (data_folder(kFolder) / kDensity).string();
  unsigned processors = 1;
  for (const scenario::Cell& cell : shown.cells) processors = std::max(processors, cell.machine.cores);
  std::vector<std::string> names;
  const std::vector<std::string> all = values_of(shown, "software.model");
  for (const std::string& name : values_of(load_scenario(file, {}, words), "software.model"))
    if (std::ranges::count(all, name) != 0) names.push_back(name);
  if (std::ranges::count(names, std::string("container")) == 0)
    return std::nullopt;  // what it is measured by
  std::vector<Override> overrides = parse_overrides(texts_of(values, "set"));
  overrides.push_back({"machine.cores", std::to_string(processors)});
  overrides.push_back({"vary.software.model", fmt::format("[{}]", fmt::join(names, ", "))});
  return load_scenario(file, overrides, words);
}

/// Rows of ways or teaching systems; those that the scenario does not show are only run when named.
template <typename Rows>
void print_rows(const char* file, const char* axis, const Rows& rows) {
  const std::string path = (data_folder(kFolder) / file).string();
  const std::vector<std::string> shown = values_of(load_scenario(path, {}, scenario_vocabulary()), axis);
  for (const auto& row : rows) {
    const bool standard = std::ranges::count(shown, row.name) != 0;
    fmt::print("  {:<15} {}{}\n", row.name, row.summary, standard ? "" : " (only when named)");
  }
}

int print_help(const po::options_description& options) {
  fmt::print(
      "usage: hvlab demo [OPTION]...\n\nRuns one workload in several ways, each on a simulated PC, and "
      "compares them. It is the "
      "scenario\nscenarios/demo/{}, run as 'hvlab run' runs it; 'hvlab compare RUN' prints the "
      "tables\nagain. Teaching systems "
      "of our own, small enough to read (docs/teaching-hypervisors.md):\n",
      kTeaching);
  print_rows(kTeaching, "software.model", models());
  fmt::print(
      "\nWith --real (scenarios/demo/{}) the kernel and all programs are Debian packages, taken from "
      "this\nhost's apt mirror "
      "into $XDG_CACHE_HOME/hvlab (else ~/.cache/hvlab); nothing is installed. The ways:\n",
      kReal);
  print_rows(kReal, "software.way", all_ways());
  std::fflush(stdout);
  std::cout << '\n' << options << kStatuses;
  return 0;
}

/// What would be booted: the kernel, and each way's archive once.
void print_paths(const Scenario& scenario) {
  std::vector<std::string> lines;
  for (const scenario::Cell& cell : scenario.cells) {
    std::vector<std::string> own;
    if (const Model* model = find_model(cell.software.model); model != nullptr) {
      own = {model->name + (" " + model_image(*model))};
    } else if (!cell.software.way.empty()) {
      own = {"kernel " + debian_kernel_file(),
             cell.software.way + " " + initrd_path(find_way(cell.software.way))};
    }
    for (const std::string& line : own) {
      if (std::ranges::count(lines, line) == 0) lines.push_back(line);
    }
  }
  fmt::print("{}\n", fmt::join(lines, "\n"));
}

int prepare(const Scenario& scenario, bool refresh) {
  try {
    Parts().prepare(scenario, refresh);
  } catch (const MissingPart& missing) {
    std::cerr << "hvlab: " << missing.what() << '\n';
    return exit_status::kMissing;
  }
  print_paths(scenario);
  return 0;
}

/// The finished runs as they look from their directories.
void print(const std::vector<ScenarioResult>& results, int status, const po::variables_map& values) {
  std::vector<record::RunReader> runs;
  for (const ScenarioResult& result : results)
    if (!result.directory.empty()) runs.emplace_back(result.directory);
  if (runs.empty()) return;
  const Comparison comparison = read_comparison(runs);
  if (values.count("json") != 0) {
    nlohmann::ordered_json json = comparison_json(comparison);
    json["status"] = status;
    std::cout << json.dump(2, ' ', false, nlohmann::ordered_json::error_handler_t::replace) << '\n';
  } else {
    const ComparisonDetail detail{.exits = values.count("exits") != 0, .hops = values.count("hops") != 0};
    std::cout << comparison_text(comparison, detail, output_width());
  }
  std::cout << std::flush;
  std::cerr << comparison_failures(comparison);
}

/// Leaves the page of all of these runs beside the first one's run.json, and says how to look at both.
void leave_report(const std::vector<ScenarioResult>& results) {
  std::vector<std::string> runs;
  for (const ScenarioResult& result : results)
    if (!result.directory.empty()) runs.push_back(result.directory);
  if (runs.empty()) return;
  const std::string file = runs.front() + "/" + kReportFile;
  try {
    write_report(runs, file, "en");
  } catch (const UserError& error) {  // the runs are there all the same
    std::cerr << "hvlab: no report: " << error.what() << '\n';
    return;
  }
  std::cerr << "hvlab: the report is " << file << "; open it in a browser: xdg-open " << file
            << fmt::format("\nhvlab: './hvlab view {}' opens the viewer on these runs\n",
                           fmt::join(runs, " "));
}

}  // namespace

int demo_command(const std::vector<std::string>& arguments) {
  const po::options_description options = describe();
  const po::variables_map values = parse_arguments("demo", arguments, options, "");
  if (values.count("help") != 0) return print_help(options);
  Scenario scenario = load(values);
  const bool refresh = values.count("refresh") != 0;
  if (values.count("prepare") != 0) return prepare(scenario, refresh);
  RunWishes wishes{.at_once = jobs("demo", values),
                   .folder = values["runs"].as<std::string>(),
                   .refresh = refresh,
                   .command = command_words("demo", arguments)};
  take_live(values, wishes);
  std::vector<Scenario> scenarios = {std::move(scenario)};
  if (std::optional<Scenario> more = density_of(scenarios.front(), values))
    scenarios.push_back(std::move(*more));
  const std::vector<ScenarioResult> results = run_scenarios(std::move(scenarios), wishes);
  int status = 0;
  for (const ScenarioResult& result : results) status = graver(status, result.status);
  print(results, status, values);
  for (const ScenarioResult& result : results) {
    // What went well is in the tables.
    if (result.status != 0) std::cerr << result_text(result, false, false);
    if (!result.directory.empty()) std::cerr << "hvlab: the runs are in " << result.directory << '\n';
  }
  leave_report(results);
  if (!results.front().directory.empty() && values.count("json") == 0)
    std::cerr << "hvlab: 'hvlab compare teaching real' sets each teaching system beside Debian's, after "
                 "'hvlab demo' and 'hvlab demo --real'\n";
  return status;
}

}  // namespace hvlab::lab
