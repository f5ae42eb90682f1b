#include "sim/lab/result_files.hpp"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <fstream>

#include "sim/base/user_error.hpp"
#include "sim/lab/claims.hpp"
#include "sim/lab/cost_origins.hpp"
#include "sim/lab/exit_status.hpp"
#include "sim/lab/metric_names.hpp"
#include "sim/record/output_file.hpp"

namespace hvlab::lab {

using Json = nlohmann::ordered_json;

namespace {

const char* unit_of(const scenario::Vocabulary& words, const std::string& name) {
  const scenario::Metric* metric = words.metric(name);
  if (metric == nullptr) return "";
  if (metric->unit == scenario::MetricUnit::Time) return "ps";
  return metric->unit == scenario::MetricUnit::Size ? "B" : "";
}

Json cell_json(const scenario::Cell& cell, const CellResult& result) {
  static const scenario::Vocabulary kWords = [] {
    scenario::Vocabulary words;
    words.metrics = metric_names();
    return words;
  }();
  Json settings = Json::object(), metrics = Json::object();
  for (const scenario::Setting& setting : cell.settings) settings[setting.path] = setting.value;
  for (const auto& [name, value] : result.metrics)
    metrics[name] = {{"value", value}, {"unit", unit_of(kWords, name)}};
  Json json = {{"cell", cell.label}, {"settings", settings}, {"ending", result.ending}, {"metrics", metrics}};
  if (!result.difference.empty()) json["difference"] = result.difference;
  return json;
}

/// Text as XML, without what XML cannot say.
std::string escaped(const std::string& text) {
  std::string result;
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if (c == '&')
      result += "&amp;";
    else if (c == '<')
      result += "&lt;";
    else if (c == '"')
      result += "&quot;";
    else if (byte >= 0x20)
      result += c;
    else
      result += ' ';
  }
  return result;
}

double seconds_of(const CellResult& cell) { return value_of(cell.metrics, "time").value_or(0) * 1e-12; }

std::string case_xml(const ScenarioResult& result, const Check& check) {
  const std::string& label = result.scenario.cells[check.cell].label;
  const bool first = check.what.starts_with("ends with ");
  std::string text =
      fmt::format("    <testcase classname=\"{}\" name=\"{}\" time=\"{:.6f}\"", escaped(result.scenario.name),
                  escaped((label.empty() ? "" : label + ": ") + check.what),
                  first ? seconds_of(result.cells[check.cell]) : 0.0);
  if (check.held) return text + "/>\n";
  return text + fmt::format(">\n      <failure message=\"{}\">{}</failure>\n    </testcase>\n",
                            escaped(check.measured), escaped(check.why));
}

std::string suite_xml(const ScenarioResult& result) {
  double seconds = 0;
  for (const CellResult& cell : result.cells) seconds += seconds_of(cell);
  const bool broken = !result.problem.empty();
  std::string text =
      fmt::format("  <testsuite name=\"{}\" tests=\"{}\" failures=\"{}\" errors=\"{}\" time=\"{:.6f}\">\n",
                  escaped(result.scenario.name), result.checks.size() + broken,
                  std::ranges::count(result.checks, false, &Check::held), broken ? 1 : 0, seconds);
  if (broken)
    text += fmt::format(
        "    <testcase classname=\"{0}\" name=\"can run\" time=\"0\">\n      <error message=\"{1}\"/>\n    "
        "</testcase>\n",
        escaped(result.scenario.name), escaped(result.problem));
  for (const Check& check : result.checks) text += case_xml(result, check);
  return text + "  </testsuite>\n";
}

/// What a cell of a cluster came to, in a line.
std::string cluster_line(const scenario::Cell& cell, const CellResult& result, size_t width) {
  const auto value = [&](const char* name) { return value_of(result.metrics, name).value_or(0); };
  if (result.metrics.empty())
    return fmt::format("     {:<{}} {}\n", cell.label, width,
                       result.ending.empty() ? "did not run" : result.ending);
  const auto several = [&](const char* name, const char* what) {
    return fmt::format("{:.0f} {}{}", value(name), what, value(name) == 1 ? "" : "s");
  };
  return fmt::format(
      "     {:<{}} {:<12} {}, {:.1f} % of their work served, hosts {:.1f} % used, {:.2f} kWh, {}, {}\n",
      cell.label, width, result.ending, several("machines.running", "machine"),
      100 * value("machines.served"), 100 * value("hosts.used"), value("hosts.energy.kwh"),
      several("moves.done", "move"), several("restarts", "restart"));
}

std::string mark(bool good, bool colour) {
  if (!colour) return good ? "ok  " : "FAIL";
  return good ? "\033[32mok\033[0m  " : "\033[31mFAIL\033[0m";
}

}  // namespace

Json result_json(const ScenarioResult& result) {
  Json cells = Json::array(), checks = Json::array();
  bool partial = false;
  for (size_t i = 0; i < result.cells.size(); ++i) {
    cells.push_back(cell_json(result.scenario.cells[i], result.cells[i]));
    partial = partial || result.cells[i].ending.empty() || result.cells[i].ending == "interrupted";
  }
  for (const Check& check : result.checks) {
    Json one = {{"cell", result.scenario.cells[check.cell].label},
                {"what", check.what},
                {"measured", check.measured},
                {"held", check.held}};
    if (!check.why.empty()) one["why"] = check.why;
    checks.push_back(std::move(one));
  }
  Json json = {{"scenario", result.scenario.name},
               {"title", result.scenario.title},
               {"status", result.status},
               {"partial", partial}};
  if (!result.problem.empty()) json["problem"] = result.problem;
  json["cells"] = std::move(cells);
  json["checks"] = std::move(checks);
  json["costs"] = costs_json(result.scenario.cells);
  if (result.verdict) json["verdict"] = verdict_json(*result.verdict);
  return json;
}

std::string junit_xml(const std::vector<ScenarioResult>& results) {
  std::string text = "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<testsuites>\n";
  for (const ScenarioResult& result : results) text += suite_xml(result);
  return text + "</testsuites>\n";
}

std::string result_text(const ScenarioResult& result, bool all, bool colour) {
  const bool good = result.status == exit_status::kPowerOff;
  std::string text =
      fmt::format("{} {}: {}\n", mark(good, colour), result.scenario.name, result.scenario.title);
  if (!result.problem.empty()) text += fmt::format("     {}\n", result.problem);
  size_t width = 28;
  for (const scenario::Cell& cell : result.scenario.cells) width = std::max(width, cell.label.size());
  for (size_t i = 0; all && i < result.cells.size(); ++i) {
    const CellResult& cell = result.cells[i];
    if (result.scenario.cells[i].cluster) {
      text += cluster_line(result.scenario.cells[i], cell, width);
      continue;
    }
    text +=
        fmt::format("     {:<{}} {:<12} {:>10.4f} s simulated {:>9.1f} million instructions\n",
                    result.scenario.cells[i].label, width, cell.ending.empty() ? "did not run" : cell.ending,
                    seconds_of(cell), value_of(cell.metrics, "instructions").value_or(0) / 1e6);
  }
  constexpr size_t kWidth = 110;
  if (result.verdict && all) text += format_verdict(*result.verdict, true, kWidth);
  for (const Check& check : result.checks) {
    if (check.held && !all) continue;
    const std::string& label = result.scenario.cells[check.cell].label;
    text += fmt::format("  {} {}{}: {}{}\n", mark(check.held, colour), label.empty() ? "" : label + ": ",
                        check.what, check.measured,
                        check.held || check.why.empty() ? "" : " (" + check.why + ")");
  }
  return text;
}

void write_result_file(const std::string& path, const std::string& content) {
  if (const std::string problem = record::replace_file(path, content); !problem.empty())
    throw UserError(problem);
}

void write_results(const ScenarioResult& result) {
  // What a guest prints may be no UTF-8.
  Json json = {{"schema", "hvlab.result/1"}};
  json.update(result_json(result));
  write_result_file(result.directory + "/results.json",
                    json.dump(2, ' ', false, Json::error_handler_t::replace) + '\n');
  write_result_file(result.directory + "/junit.xml", junit_xml({result}));
}

bool wants_colour() {
  const char* no = std::getenv("NO_COLOR");
  return isatty(STDOUT_FILENO) != 0 && (no == nullptr || *no == '\0');
}

}  // namespace hvlab::lab
