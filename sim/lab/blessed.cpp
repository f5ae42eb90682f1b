#include "sim/lab/blessed.hpp"

#include <fmt/format.h>

#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>

#include "sim/base/user_error.hpp"
#include "sim/lab/exit_status.hpp"
#include "sim/lab/result_files.hpp"

namespace hvlab::lab {

namespace {

using Json = nlohmann::ordered_json;

std::string blessed_file(const std::string& file) {
  return std::filesystem::path(file).replace_extension(".blessed.json").string();
}

/// The first metric that is not what it was; empty if all are.
std::string first_change(const Json& blessed, const Metrics& metrics) {
  for (const auto& [name, was] : blessed.items()) {
    const std::optional<double> is = value_of(metrics, name);
    if (!is) return name + " is not measured any more";
    if (*is != was.get<double>()) return fmt::format("{} is {}, not {}", name, *is, was.get<double>());
  }
  return "";
}

}  // namespace

void bless(const std::string& file, const ScenarioResult& result) {
  if (result.status != exit_status::kPowerOff) return;
  Json cells = Json::object();
  for (size_t i = 0; i < result.cells.size(); ++i) {
    Json& metrics = cells[result.scenario.cells[i].label] = Json::object();
    for (const auto& [name, value] : result.cells[i].metrics) metrics[name] = value;
  }
  write_result_file(blessed_file(file), Json{{"schema", "hvlab.blessed/1"}, {"cells", cells}}.dump(1) + '\n');
}

void check_blessed(const std::string& file, ScenarioResult& result) {
  std::ifstream in(blessed_file(file));
  if (!in || !result.problem.empty()) return;
  try {
    const Json cells = Json::parse(in).at("cells");
    for (size_t i = 0; i < result.cells.size(); ++i) {
      const std::string& label = result.scenario.cells[i].label;
      const std::string change =
          cells.contains(label) ? first_change(cells.at(label), result.cells[i].metrics) : "it was not there";
      result.checks.push_back(
          {i, "the blessed numbers", change.empty() ? "met" : change, change.empty(), ""});
      if (!change.empty()) result.status = graver(result.status, exit_status::kNotAsExpected);
    }
  } catch (const Json::exception& error) {
    throw UserError("'" + blessed_file(file) + "' is damaged: " + error.what());
  }
}

}  // namespace hvlab::lab
