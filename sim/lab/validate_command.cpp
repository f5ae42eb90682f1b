#include "sim/lab/validate_command.hpp"

#include <fmt/format.h>

#include <iostream>
#include <nlohmann/json.hpp>

#include "sim/base/user_error.hpp"
#include "sim/lab/arguments.hpp"
#include "sim/lab/exit_status.hpp"
#include "sim/lab/scenario_files.hpp"
#include "sim/scenario/print.hpp"

namespace hvlab::lab {

namespace {

namespace po = boost::program_options;
using Json = nlohmann::ordered_json;

struct Checked {
  std::string file;
  scenario::Problems problems;
  std::optional<scenario::Scenario> scenario;
};

Json json_of(const Checked& checked) {
  Json problems = Json::array(), cells = Json::array();
  for (const scenario::Problem& problem : checked.problems.all()) {
    Json one = {{"at", checked.problems.name_of(problem.place)},
                {"line", problem.place.line},
                {"column", problem.place.column},
                {"message", problem.message}};
    if (!problem.expected.empty()) one["expected"] = problem.expected;
    problems.push_back(std::move(one));
  }
  if (checked.scenario) {
    for (const scenario::Cell& cell : checked.scenario->cells) cells.push_back(cell.label);
  }
  return {{"file", checked.file},
          {"valid", checked.scenario.has_value()},
          {"cells", cells},
          {"problems", problems}};
}

void print_resolved(const scenario::Scenario& scenario, const std::string& wanted) {
  bool found = false;
  for (const scenario::Cell& cell : scenario.cells) {
    if (!wanted.empty() && cell.label != wanted) continue;
    if (found) std::cout << "---\n";
    if (!cell.label.empty()) fmt::print("# cell {}\n", cell.label);
    std::fflush(stdout);
    std::cout << scenario::print_cell(scenario, cell, true);
    found = true;
  }
  if (found) return;
  std::vector<std::string> labels;
  for (const scenario::Cell& cell : scenario.cells) labels.push_back(cell.label);
  throw UserError("validate: " + no_cell(wanted, labels));
}

po::options_description validate_options() {
  po::options_description options("Options", 110, 60);
  // clang-format off
  options.add_options()
      ("resolve", "print each cell as a scenario of its own, with every default and where it came from")
      ("cell", po::value<std::string>()->value_name("CELL")->default_value(""), "with --resolve: only this one")
      ("set", po::value<std::vector<std::string>>()->value_name("PATH=VALUE"), "instead of what the file says; may be repeated")
      ("json", "what was found, as JSON")
      ("file", po::value<std::vector<std::string>>()->value_name("FILE"), "a scenario, or a folder of them")
      ("help", "show this");
  // clang-format on
  return options;
}

std::vector<Checked> check_all(const po::variables_map& values) {
  const scenario::Vocabulary vocabulary = scenario_vocabulary();
  const auto overrides = parse_overrides(texts_of(values, "set"));
  std::vector<Checked> all;
  for (const std::string& path : texts_of(values, "file")) {
    for (const std::string& file : scenario_files(path)) {
      Checked& checked = all.emplace_back();
      checked.file = file;
      checked.scenario =
          scenario::read_scenario(file, read_scenario_file(file), overrides, vocabulary, checked.problems);
    }
  }
  if (all.empty()) throw UserError("validate: which file? See 'hvlab validate --help'");
  return all;
}

}  // namespace

int validate_command(const std::vector<std::string>& arguments) {
  const po::options_description options = validate_options();
  const po::variables_map values = parse_arguments("validate", arguments, options, "file");
  if (values.count("help") != 0) {
    std::cout << "usage: hvlab validate FILE... [OPTION]...\n\nChecks scenario files (docs/scenarios.md).\n\n"
              << options
              << "\nExit status: 0 if all are valid, 3 if not, 2 for a mistake in the command line.\n";
    return 0;
  }
  bool good = true;
  Json files = Json::array();
  for (const Checked& checked : check_all(values)) {
    good = good && checked.scenario;
    if (values.count("json") != 0) {
      files.push_back(json_of(checked));
    } else if (!checked.scenario) {
      std::cerr << checked.problems.report();
    } else if (values.count("resolve") != 0) {
      print_resolved(*checked.scenario, values["cell"].as<std::string>());
    } else {
      std::cout << fmt::format("{}: valid, {} cell{}\n", checked.file, checked.scenario->cells.size(),
                               checked.scenario->cells.size() == 1 ? "" : "s");
    }
  }
  if (values.count("json") != 0)
    std::cout << Json{{"schema", "hvlab.validate/1"}, {"files", files}}.dump(2) << '\n';
  return good ? 0 : exit_status::kInvalid;
}

int schema_command(const std::vector<std::string>& arguments) {
  po::options_description options("Options", 110, 60);
  options.add_options()("reference", "docs/scenarios-reference.md instead")("help", "show this");
  const po::variables_map values = parse_arguments("schema", arguments, options, "");
  if (values.count("help") != 0) {
    std::cout
        << "usage: hvlab schema [OPTION]...\n\nPrints the JSON schema of scenario files, for editors.\n\n"
        << options;
    return 0;
  }
  const scenario::Vocabulary vocabulary = scenario_vocabulary();
  std::cout << (values.count("reference") != 0 ? scenario::print_reference(vocabulary)
                                               : scenario::print_schema(vocabulary));
  return 0;
}

}  // namespace hvlab::lab
