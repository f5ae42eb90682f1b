#include "sim/lab/scenario_commands.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <sstream>

#include "sim/base/user_error.hpp"
#include "sim/lab/arguments.hpp"
#include "sim/lab/blessed.hpp"
#include "sim/lab/child_pool.hpp"
#include "sim/lab/cost_origins.hpp"
#include "sim/lab/exit_status.hpp"
#include "sim/lab/numbers.hpp"
#include "sim/lab/report_page.hpp"
#include "sim/lab/result_files.hpp"
#include "sim/lab/scenario_files.hpp"
#include "sim/lab/scenario_run.hpp"

namespace hvlab::lab {

namespace po = boost::program_options;
using Json = nlohmann::ordered_json;

const char* const kStatuses =
    "\nExit status: 0 all as expected; 1 an expectation does not hold, or runs differ; 2 a mistake in the "
    "command\n"
    "line; 3 a scenario is not valid; 4 a guest ended in another way than expected; 5 a limit was reached;\n"
    "6 something is missing (package, image); 70 HVLab's own fault; 130 interrupted. Of several the "
    "gravest.\n";

size_t jobs(const std::string& command, const po::variables_map& values) {
  if (values.count("jobs") == 0) return host_processors();
  return parse_count(command + ": --jobs", values["jobs"].as<std::string>(), 1, 1024);
}

const char* const kLiveHelp =
    "let viewers attach to each cell while it runs (docs/live.md); --live=wait: it begins when one says so";

void take_live(const po::variables_map& values, RunWishes& wishes) {
  if (values.count("live") == 0) return;
  const std::string how = values["live"].as<std::string>();
  if (!how.empty() && how != "wait") throw UserError("--live '" + how + "': give nothing, or --live=wait");
  wishes.live = true;
  wishes.live_waits = how == "wait";
}

std::vector<std::string> command_words(const std::string& command,
                                       const std::vector<std::string>& arguments) {
  std::vector<std::string> words = {command};
  words.insert(words.end(), arguments.begin(), arguments.end());
  return words;
}

namespace {

auto text(const char* name) { return po::value<std::string>()->value_name(name); }
auto texts(const char* name) { return po::value<std::vector<std::string>>()->value_name(name); }

po::options_description run_options() {
  po::options_description options("Options", 110, 60);
  // clang-format off
  options.add_options()
      ("cell", text("CELL"), "only this cell, as `hvlab validate --resolve` calls it")
      ("set", texts("PATH=VALUE"), "instead of what the file says; may be repeated")
      ("verify", "run every cell twice, and say where they part")
      ("json", "print the results as JSON")
      ("report", text("FILE"), "write the runs as a page of HTML too, as 'hvlab report' does")
      ("live", po::value<std::string>()->value_name("wait")->implicit_value(""), kLiveHelp)
      ("runs", po::value<std::string>()->value_name("FOLDER")->default_value("runs"), "where run directories go")
      ("jobs,j", text("N"), "cells at a time (default: the host's processors)")
      ("file", texts("FILE"), "the scenario")
      ("help", "show this");
  // clang-format on
  return options;
}

RunWishes wishes_of(const std::string& command, const std::vector<std::string>& arguments,
                    const po::variables_map& values) {
  RunWishes wishes{.verify = values.count("verify") != 0,
                   .at_once = jobs(command, values),
                   .folder = values["runs"].as<std::string>(),
                   .command = command_words(command, arguments)};
  take_live(values, wishes);
  return wishes;
}

/// Leaves only cell `label`, and what is expected of it alone.
void keep_cell(scenario::Scenario& scenario, const std::string& label) {
  std::vector<std::string> labels;
  labels.reserve(scenario.cells.size());
  for (const scenario::Cell& cell : scenario.cells) labels.push_back(cell.label);
  if (std::ranges::count(labels, label) == 0) throw UserError("run: " + no_cell(label, labels));
  std::erase_if(scenario.cells, [&](const scenario::Cell& cell) { return cell.label != label; });
  std::erase_if(scenario.expectations, [](const scenario::Expectation& expectation) {
    return !expectation.against.empty() || expectation.subject == scenario::Subject::SameResults;
  });
}

/// The scenario of `file`, or nothing after saying on standard error what is wrong with it.
std::optional<scenario::Scenario> load(const std::string& file,
                                       const std::vector<scenario::Override>& overrides,
                                       const scenario::Vocabulary& words) {
  try {
    return load_scenario(file, overrides, words);
  } catch (const InvalidScenario& invalid) {
    std::cerr << invalid.report;
    return std::nullopt;
  }
}

/// What the result rests on, and how to see how far it moves with what is assumed.
std::string cost_lines(const ScenarioResult& result, const std::string& file,
                       const std::vector<std::string>& settings) {
  if (!result.problem.empty()) return "";
  std::string sweep = "hvlab sweep " + file;
  for (const std::string& setting : settings) sweep += fmt::format(" --set '{}'", setting);
  if (result.scenario.cells.front().cluster)
    return fmt::format("     how far assumed figures of the ways move the answer: {} --assumed\n", sweep);
  std::istringstream costs(costs_text(costs_json(result.scenario.cells)));
  std::string text;
  for (std::string line; std::getline(costs, line);) text += "     " + line + "\n";
  return text + fmt::format(
                    "     each with its source: results.json; how far the assumed ones move the answer: {} "
                    "--assumed\n",
                    sweep);
}

void print_json(const Json& json) {
  std::cout << json.dump(2, ' ', false, Json::error_handler_t::replace) << '\n';
}

}  // namespace

int run_command(const std::vector<std::string>& arguments) {
  const po::options_description options = run_options();
  const po::variables_map values = parse_arguments("run", arguments, options, "file");
  if (values.count("help") != 0) {
    std::cout << "usage: hvlab run FILE [OPTION]...\n\nRuns a scenario (docs/scenarios.md): every cell, side "
                 "by side.\n\n"
              << options << kStatuses;
    return 0;
  }
  const std::vector<std::string> files = texts_of(values, "file");
  if (files.size() != 1) throw UserError("run: give one scenario; `hvlab regress` runs many");
  auto scenario = load(files[0], parse_overrides(texts_of(values, "set")), scenario_vocabulary());
  if (!scenario) return exit_status::kInvalid;
  if (values.count("cell") != 0) keep_cell(*scenario, values["cell"].as<std::string>());
  const std::vector<ScenarioResult> results =
      run_scenarios({std::move(*scenario)}, wishes_of("run", arguments, values));
  const ScenarioResult& result = results.front();
  if (values.count("report") != 0 && !result.directory.empty())
    write_report({result.directory}, values["report"].as<std::string>(), "en");
  if (values.count("json") != 0) {
    Json json = {{"schema", "hvlab.result/1"}, {"directory", result.directory}};
    json.update(result_json(result));
    print_json(json);
  } else {
    std::cout << result_text(result, true, wants_colour());
    if (result.cells.size() == 1 && result.scenario.cells[0].cluster)
      std::cout << '\n' << result.cells[0].console;
    std::cout << cost_lines(result, files[0], texts_of(values, "set"));
    if (!result.directory.empty()) std::cout << "     in " << result.directory << '\n';
  }
  return result.status;
}

namespace {

po::options_description regress_options() {
  po::options_description options("Options", 110, 60);
  // clang-format off
  options.add_options()
      ("junit", text("FILE"), "write the results there as JUnit XML; times are simulated")
      ("json", "print the results as JSON")
      ("verify", "run every cell twice, and say where they part")
      ("update", "bless: write every scenario's numbers beside it (NAME.blessed.json), which later runs must meet")
      ("runs", po::value<std::string>()->value_name("FOLDER")->default_value("runs"), "where run directories go")
      ("jobs,j", text("N"), "cells at a time (default: the host's processors)")
      ("path", texts("PATH"), "scenarios, or folders of them")
      ("help", "show this");
  // clang-format on
  return options;
}

struct Files {
  std::vector<std::string> names;
  std::vector<scenario::Scenario> scenarios;
  std::vector<std::string> invalid;
};

Files load_all(const std::vector<std::string>& paths) {
  const scenario::Vocabulary words = scenario_vocabulary();
  Files files;
  for (const std::string& path : paths) {
    for (const std::string& file : scenario_files(path)) {
      if (auto scenario = load(file, {}, words)) {
        files.names.push_back(file);
        files.scenarios.push_back(std::move(*scenario));
      } else {
        files.invalid.push_back(file);
      }
    }
  }
  return files;
}

std::string summary(const std::vector<ScenarioResult>& results, size_t invalid) {
  const auto passed = static_cast<size_t>(std::ranges::count(results, 0, &ScenarioResult::status));
  std::string line = fmt::format("{} scenarios: {} passed", results.size() + invalid, passed);
  if (passed != results.size()) line += fmt::format(", {} failed", results.size() - passed);
  if (invalid != 0) line += fmt::format(", {} not valid", invalid);
  return line + '\n';
}

}  // namespace

int regress_command(const std::vector<std::string>& arguments) {
  const po::options_description options = regress_options();
  const po::variables_map values = parse_arguments("regress", arguments, options, "path");
  if (values.count("help") != 0) {
    std::cout << "usage: hvlab regress PATH... [OPTION]...\n\nRuns scenarios and says which hold.\n\n"
              << options << kStatuses;
    return 0;
  }
  if (texts_of(values, "path").empty())
    throw UserError("regress: which scenarios? See 'hvlab regress --help'");
  Files files = load_all(texts_of(values, "path"));
  std::vector<ScenarioResult> results =
      run_scenarios(std::move(files.scenarios), wishes_of("regress", arguments, values));
  int status = files.invalid.empty() ? 0 : exit_status::kInvalid;
  Json list = Json::array();
  for (size_t i = 0; i < results.size(); ++i) {
    if (values.count("update") != 0)
      bless(files.names[i], results[i]);
    else
      check_blessed(files.names[i], results[i]);
    status = graver(status, results[i].status);
    list.push_back(result_json(results[i]));
    list.back()["file"] = files.names[i];
    if (values.count("json") == 0) std::cout << result_text(results[i], false, wants_colour());
  }
  if (values.count("junit") != 0) write_result_file(values["junit"].as<std::string>(), junit_xml(results));
  if (values.count("json") != 0) {
    print_json(
        {{"schema", "hvlab.regress/1"}, {"status", status}, {"invalid", files.invalid}, {"scenarios", list}});
  } else {
    std::cout << summary(results, files.invalid.size());
  }
  return status;
}

int init_command(const std::vector<std::string>& arguments) {
  po::options_description options("Options", 110, 60);
  options.add_options()("cluster", "of many hosts, instead of one machine")(
      "name", texts("NAME"), "the scenario's name (default: scenario)")("help", "show this");
  const po::variables_map values = parse_arguments("init", arguments, options, "name");
  if (values.count("help") != 0) {
    std::cout << "usage: hvlab init [NAME] [OPTION]...\n\nWrites NAME.yaml, a scenario to start from; it "
                 "runs as it is.\n\n"
              << options;
    return 0;
  }
  const std::vector<std::string> names = texts_of(values, "name");
  if (names.size() > 1) throw UserError("init: give one name");
  const std::string file = (names.empty() ? "scenario" : names[0]) + ".yaml";
  if (std::filesystem::exists(file)) throw UserError("'" + file + "' is there already");
  write_result_file(file, values.count("cluster") != 0 ? starter_cluster() : starter_scenario());
  std::cout << file << "\n";
  std::cerr << "hvlab: run it by `hvlab run " << file << "`; docs/scenarios-reference.md has all keys\n";
  return 0;
}

}  // namespace hvlab::lab
