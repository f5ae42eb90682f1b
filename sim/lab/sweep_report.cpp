#include "sim/lab/sweep_report.hpp"

#include <fmt/format.h>
#include <fnmatch.h>

#include <algorithm>
#include <filesystem>
#include <set>

#include "sim/base/child.hpp"
#include "sim/lab/json.hpp"
#include "sim/lab/result_files.hpp"

namespace hvlab::lab {

namespace {

constexpr size_t kShownCosts = 5;    // of the assumed ones, for each metric
constexpr double kUnmoved = 0.0005;  // less than this share is not worth a line

bool wanted(const std::string& metric, const std::vector<std::string>& patterns) {
  return std::ranges::any_of(
      patterns, [&](const std::string& pattern) { return fnmatch(pattern.c_str(), metric.c_str(), 0) == 0; });
}

std::vector<std::string> choose(const SweepFindings& findings, const std::vector<std::string>& patterns) {
  std::vector<std::string> chosen;
  const auto add = [&](const std::string& name) {
    if (std::ranges::find(chosen, name) == chosen.end()) chosen.push_back(name);
  };
  if (!patterns.empty()) {
    for (const sweep::Metric& metric : sweep::metrics_of(findings.results)) {
      if (wanted(metric.name, patterns)) add(metric.name);
    }
    return chosen;
  }
  for (const sweep::Influence& influence : findings.influences) {
    if (chosen.size() < kShownMetrics) add(influence.metric);
  }
  if (!chosen.empty()) return chosen;
  // Nothing was varied but costs: what these move most.
  std::vector<sweep::CostInfluence> moved = findings.cost_influences;
  std::ranges::stable_sort(moved, std::greater<>{}, &sweep::CostInfluence::range);
  for (const sweep::CostInfluence& influence : moved) {
    if (chosen.size() < kShownMetrics && influence.range >= kUnmoved) add(influence.metric);
  }
  return chosen;
}

/// Rows of texts as columns, two spaces apart, texts to the left and numbers to the right.
std::string columns(const std::vector<std::vector<std::string>>& rows, size_t texts) {
  std::vector<size_t> widths;
  for (const std::vector<std::string>& row : rows) {
    widths.resize(std::max(widths.size(), row.size()));
    for (size_t i = 0; i < row.size(); ++i) widths[i] = std::max(widths[i], row[i].size());
  }
  std::string result;
  for (const std::vector<std::string>& row : rows) {
    std::string line;
    for (size_t i = 0; i < row.size(); ++i) {
      line += i == 0 ? "" : "  ";
      line += i < texts ? fmt::format("{:<{}}", row[i], widths[i]) : fmt::format("{:>{}}", row[i], widths[i]);
    }
    line.erase(line.find_last_not_of(' ') + 1);
    result += line + "\n";
  }
  return result;
}

std::string unit_of(const SweepFindings& findings, const std::string& metric) {
  for (const sweep::Metric& known : sweep::metrics_of(findings.results)) {
    if (known.name == metric) return known.unit;
  }
  return "";
}

std::string cell_table(const SweepFindings& findings) {
  std::vector<std::vector<std::string>> rows(1);
  for (const sweep::Axis& axis : findings.question.axes) rows[0].push_back(axis.path);
  for (const std::string& metric : findings.metrics) {
    const std::string unit = unit_of(findings, metric);
    rows[0].push_back(unit.empty() ? metric : metric + " [" + unit + "]");
  }
  for (const sweep::Cell& cell : findings.question.cells) {
    if (cell.kind != "grid") continue;
    std::vector<std::string>& row = rows.emplace_back();
    for (size_t i = 0; i < findings.question.axes.size(); ++i) row.push_back(cell.settings[i].second);
    const auto result = findings.results.find(cell.id);
    for (const std::string& metric : findings.metrics) {
      const std::optional<double> value =
          result == findings.results.end() ? std::nullopt : sweep::metric_of(result->second, metric);
      row.push_back(value ? fmt::format("{:.6g}", *value) : "-");
    }
  }
  return columns(rows, findings.question.axes.size());
}

std::string influence_table(const SweepFindings& findings) {
  std::vector<std::vector<std::string>> rows = {{"metric", "moved by", "range", "elasticity"}};
  for (const sweep::Influence& influence : findings.influences) {
    if (std::ranges::find(findings.metrics, influence.metric) == findings.metrics.end() ||
        influence.range < kUnmoved)
      continue;
    rows.push_back({influence.metric, influence.path, fmt::format("{:.1f} %", 100 * influence.range),
                    influence.elasticity ? fmt::format("{:.2f}", *influence.elasticity) : ""});
  }
  if (rows.size() == 1) return "";
  return "\nWhat moves what: the range of the means over all other values; elasticity is per cent for one "
         "per cent\n" +
         columns(rows, 2);
}

/// "vm_exit, msr": the figures that `is` holds for.
template <class Predicate>
std::string names_of(const std::vector<sweep::Cost>& costs, Predicate is) {
  std::string text;
  for (const sweep::Cost& cost : costs) {
    if (is(cost)) text += (text.empty() ? "" : ", ") + cost.name;
  }
  return text.empty() ? "none" : text;
}

bool assumed(const sweep::Cost& cost) { return cost.assumed; }
bool set(const sweep::Cost& cost) { return cost.source == sweep::kSetSource; }
bool sourced(const sweep::Cost& cost) { return !assumed(cost) && !set(cost); }

std::string cost_text(const SweepFindings& findings) {
  if (findings.costs.empty()) return "";
  std::string text = fmt::format("\nWhat it rests on\nsourced: {}\nassumed: {}\nset here: {}\n",
                                 names_of(findings.costs, sourced), names_of(findings.costs, assumed),
                                 names_of(findings.costs, set));
  if (findings.cost_influences.empty()) return text;
  std::vector<std::vector<std::string>> rows = {{"metric", "assumed cost", "at 75 %", "at 125 %"}};
  std::string last;
  size_t shown = 0;
  for (const sweep::CostInfluence& row : findings.cost_influences) {
    if (std::ranges::find(findings.metrics, row.metric) == findings.metrics.end() || row.range < kUnmoved)
      continue;
    shown = row.metric == last ? shown + 1 : 0;
    last = row.metric;
    if (shown >= kShownCosts) continue;
    const auto moved = [&](const std::optional<double>& value) {
      return value && row.base != 0 ? fmt::format("{:+.2f} %", 100 * (*value - row.base) / std::abs(row.base))
                                    : "-";
    };
    rows.push_back(
        {row.metric, sweep::cost_of_path(row.path).value_or(row.path), moved(row.lower), moved(row.higher)});
  }
  if (rows.size() == 1)
    return text + "No assumed cost moves these metrics when it moves by a quarter (first cell).\n";
  return text + "How far the first cell moves when an assumed cost moves by a quarter (the largest)\n" +
         columns(rows, 2);
}

/// Runs gnuplot on a program; what it says if it fails.
std::string draw(const std::string& program) {
  Child child({"gnuplot", program}, false);
  while (child.read_some()) {
  }
  const int status = child.wait();
  if (status == 127) return "no plots: gnuplot is not installed (package gnuplot-nox)";
  return status == 0 ? "" : "a plot failed: " + child.errors().substr(0, child.errors().find('\n', 1));
}

}  // namespace

SweepFindings findings_of(sweep::Store& store, const std::string& directory,
                          const std::vector<std::string>& patterns) {
  SweepFindings findings;
  findings.directory = directory;
  findings.question = store.question();
  findings.results = sweep::results_of(store, findings.question);
  findings.influences = sweep::influences(findings.question, findings.results);
  findings.costs = store.costs();
  findings.cost_influences = sweep::cost_influences(findings.question, findings.results, findings.costs);
  findings.metrics = choose(findings, patterns);
  findings.unfinished = store.unfinished().size();
  return findings;
}

std::string sweep_table(const SweepFindings& findings) {
  std::string text = cell_table(findings) + influence_table(findings) + cost_text(findings);
  const size_t failed = findings.question.cells.size() - findings.results.size() - findings.unfinished;
  if (failed != 0)
    text += fmt::format("\n{} cell(s) did not end well: see {}/cells\n", failed, findings.directory);
  return text;
}

void sweep_json(const SweepFindings& findings, std::ostream& out) {
  JsonWriter json(out);
  json.begin_object()
      .member("schema", "hvlab.sweep/1")
      .member("scenario", findings.question.scenario)
      .member("directory", findings.directory)
      .member("unfinished", findings.unfinished);
  json.key("axes").begin_array();
  for (const sweep::Axis& axis : findings.question.axes) {
    json.begin_object().member("path", axis.path).key("values").begin_array();
    for (const std::string& value : axis.values) json.value(value);
    json.end_array().end_object();
  }
  json.end_array().key("metrics").begin_array();  // those that the tables show
  for (const std::string& metric : findings.metrics) json.value(metric);
  json.end_array().key("units").begin_object();
  for (const sweep::Metric& metric : sweep::metrics_of(findings.results))
    if (!metric.unit.empty()) json.member(metric.name, metric.unit);
  json.end_object().key("cells").begin_array();
  for (const sweep::Cell& cell : findings.question.cells) {
    json.begin_object().member("id", cell.id).member("kind", cell.kind);
    if (const auto result = findings.results.find(cell.id); result != findings.results.end())
      json.member("run", result->second.run);
    json.key("settings").begin_object();
    for (const auto& [path, value] : cell.settings) json.member(path, value);
    json.end_object().key("metrics").begin_object();
    if (const auto result = findings.results.find(cell.id); result != findings.results.end()) {
      for (const sweep::Metric& metric : result->second.metrics) json.member(metric.name, metric.value);
    }
    json.end_object().end_object();
  }
  json.end_array().key("influences").begin_array();
  for (const sweep::Influence& influence : findings.influences) {
    json.begin_object()
        .member("metric", influence.metric)
        .member("path", influence.path)
        .member("range", influence.range);
    if (influence.elasticity) json.member("elasticity", *influence.elasticity);
    json.key("values").begin_array();
    for (const std::string& value : influence.values) json.value(value);
    json.end_array().key("means").begin_array();
    for (const double mean : influence.means) json.value(mean);
    json.end_array().end_object();
  }
  json.end_array().key("costs").begin_array();
  for (const sweep::Cost& cost : findings.costs) {
    json.begin_object()
        .member("name", cost.name)
        .member("value", cost.value)
        .member("source", cost.source)
        .member("assumed", cost.assumed)
        .end_object();
  }
  json.end_array().key("cost_influences").begin_array();
  for (const sweep::CostInfluence& row : findings.cost_influences) {
    json.begin_object().member("metric", row.metric).member("path", row.path).member("base", row.base);
    if (row.lower) json.member("at_75_percent", *row.lower);
    if (row.higher) json.member("at_125_percent", *row.higher);
    json.end_object();
  }
  json.end_array().end_object();
  out << '\n';
}

std::string write_sweep_files(sweep::Store& store, const SweepFindings& findings, bool plots) {
  write_result_file(findings.directory + "/results.csv", sweep::csv_of(store, findings.question));
  if (!plots || findings.question.axes.empty()) return "";
  const std::string folder = findings.directory + "/plots";
  std::error_code failed;
  std::filesystem::create_directories(folder, failed);
  for (const sweep::Plot& plot : sweep::plots_of(findings.question, findings.results)) {
    if (std::ranges::find(findings.metrics, plot.metric) == findings.metrics.end()) continue;
    const std::string base = folder + "/" + sweep::file_name(plot);
    write_result_file(base + ".gnuplot", sweep::gnuplot_program(plot, base + ".svg"));
    if (const std::string complaint = draw(base + ".gnuplot"); !complaint.empty()) return complaint;
  }
  return "";
}

}  // namespace hvlab::lab
