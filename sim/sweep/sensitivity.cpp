#include "sim/sweep/sensitivity.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <set>
#include <tuple>

namespace hvlab::sweep {

namespace {

constexpr const char* kCostPrefix = "machine.costs.";
constexpr const char* kClusterPrefix = "cluster.overheads.";  // these costs are called by their paths
constexpr double kShift = 0.25;

/// Slope of the least-squares line through (log x, log y); nothing where a logarithm does not exist.
std::optional<double> log_slope(const std::vector<double>& xs, const std::vector<double>& ys) {
  double sum_x = 0, sum_y = 0, sum_xx = 0, sum_xy = 0;
  const auto count = static_cast<double>(xs.size());
  for (size_t i = 0; i < xs.size(); ++i) {
    if (!(xs[i] > 0) || !(ys[i] > 0)) return std::nullopt;
    const double x = std::log(xs[i]), y = std::log(ys[i]);
    sum_x += x, sum_y += y, sum_xx += x * x, sum_xy += x * y;
  }
  const double spread = count * sum_xx - sum_x * sum_x;
  if (xs.size() < 2 || spread == 0) return std::nullopt;
  return (count * sum_xy - sum_x * sum_y) / spread;
}

const std::string* setting(const Cell& cell, const std::string& path) {
  for (const auto& [key, value] : cell.settings) {
    if (key == path) return &value;
  }
  return nullptr;
}

std::optional<Influence> influence(const Question& question, const Results& results,
                                   const std::string& metric, const Axis& axis) {
  Influence found{metric, axis.path, {}, {}, 0, std::nullopt};
  for (const std::string& value : axis.values) {
    double sum = 0;
    size_t count = 0;
    for (const auto& [id, outcome] : results) {
      const Cell& cell = question.cells[id];
      const std::string* const at = setting(cell, axis.path);
      if (cell.kind != "grid" || at == nullptr || *at != value) continue;
      if (const std::optional<double> number = metric_of(outcome, metric)) sum += *number, ++count;
    }
    if (count == 0) continue;
    found.values.push_back(value);
    found.means.push_back(sum / static_cast<double>(count));
  }
  if (found.means.size() < 2) return std::nullopt;
  const auto [least, most] = std::ranges::minmax(found.means);
  double mean = 0;
  for (const double value : found.means) mean += value / static_cast<double>(found.means.size());
  if (mean != 0) found.range = (most - least) / std::abs(mean);
  std::vector<double> xs;
  for (const std::string& value : found.values) {
    if (const std::optional<double> number = number_of(value)) xs.push_back(*number);
  }
  if (xs.size() == found.means.size()) found.elasticity = log_slope(xs, found.means);
  return found;
}

}  // namespace

Results results_of(Store& store, const Question& question) {
  Results results;
  for (const Cell& cell : question.cells) {
    if (std::optional<Outcome> outcome = store.outcome(cell.id);
        outcome && (outcome->status == 0 || outcome->status == 1))
      results.emplace(cell.id, std::move(*outcome));
  }
  return results;
}

std::optional<double> metric_of(const Outcome& outcome, const std::string& metric) {
  const auto found = std::ranges::find(outcome.metrics, metric, &Metric::name);
  if (found == outcome.metrics.end()) return std::nullopt;
  return found->value;
}

std::vector<Metric> metrics_of(const Results& results) {
  std::map<std::string, std::string> units;
  for (const auto& [id, outcome] : results) {
    for (const Metric& metric : outcome.metrics) units.emplace(metric.name, metric.unit);
  }
  std::vector<Metric> metrics;
  metrics.reserve(units.size());
  for (const auto& [name, unit] : units) metrics.push_back({name, 0, unit});
  return metrics;
}

std::vector<Influence> influences(const Question& question, const Results& results) {
  std::vector<Influence> all;
  for (const Metric& metric : metrics_of(results)) {
    for (const Axis& axis : question.axes) {
      if (std::optional<Influence> found = influence(question, results, metric.name, axis))
        all.push_back(std::move(*found));
    }
  }
  std::ranges::stable_sort(all, [](const Influence& a, const Influence& b) {
    return std::tie(b.range, a.metric, a.path) < std::tie(a.range, b.metric, b.path);
  });
  return all;
}

std::string path_of_cost(const std::string& name) {
  return name.starts_with(kClusterPrefix) ? name : kCostPrefix + name;
}

std::optional<std::string> cost_of_path(const std::string& path) {
  if (path.starts_with(kClusterPrefix)) return path;
  if (path.rfind(kCostPrefix, 0) != 0) return std::nullopt;
  return path.substr(std::string(kCostPrefix).size());
}

std::vector<CostInfluence> cost_influences(const Question& question, const Results& results,
                                           const std::vector<Cost>& costs) {
  std::vector<CostInfluence> all;
  const auto base = results.find(0);
  if (base == results.end()) return all;
  for (const Metric& metric : base->second.metrics) {
    std::map<std::string, CostInfluence> by_path;
    for (const auto& [id, outcome] : results) {
      const Cell& cell = question.cells[id];
      if (cell.kind != "cost" || cell.settings.empty()) continue;
      const auto& [path, value] = cell.settings.back();
      const auto cost = std::ranges::find(costs, cost_of_path(path).value_or(""), &Cost::name);
      const std::optional<double> at = number_of(value);
      const std::optional<double> moved = metric_of(outcome, metric.name);
      if (cost == costs.end() || !at || !moved) continue;
      CostInfluence& row =
          by_path.try_emplace(path, CostInfluence{metric.name, path, metric.value, {}, {}, 0}).first->second;
      (*at < cost->value ? row.lower : row.higher) = moved;
      if (metric.value != 0)
        row.range = std::max(row.range, std::abs(*moved - metric.value) / std::abs(metric.value));
    }
    for (auto& [path, row] : by_path) all.push_back(std::move(row));
  }
  std::ranges::stable_sort(all, [](const CostInfluence& a, const CostInfluence& b) {
    return std::tie(a.metric, b.range, a.path) < std::tie(b.metric, a.range, b.path);
  });
  return all;
}

std::vector<Cell> cost_cells(const Cell& base, const std::vector<Cost>& costs, u32 next_id) {
  std::vector<Cell> cells;
  const std::set<std::string> set_here = [&] {
    std::set<std::string> paths;
    for (const auto& [path, value] : base.settings) paths.insert(path);
    return paths;
  }();
  for (const Cost& cost : costs) {
    // A cost of 0 stays 0; one that the sweep itself varies has its own answer.
    if (!cost.assumed || cost.value <= 0 || set_here.contains(path_of_cost(cost.name))) continue;
    for (const double direction : {-1.0, 1.0}) {
      const double shift = std::max(1.0, std::round(cost.value * kShift));
      if (cost.value + direction * shift < cost.least) continue;
      Cell cell{next_id++, "cost", base.settings};
      cell.settings.emplace_back(path_of_cost(cost.name),
                                 fmt::format("{:.0f}", cost.value + direction * shift));
      cells.push_back(std::move(cell));
    }
  }
  return cells;
}

}  // namespace hvlab::sweep
