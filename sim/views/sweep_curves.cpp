#include "sim/views/sweep_curves.hpp"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <map>
#include <set>

namespace hvlab::views {

using record::Json;
namespace fs = std::filesystem;

namespace {

constexpr double kUnmoved = 0.0005;  // as in the sweep's own table

std::optional<double> number_of(const std::string& text) {
  double value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return value;
}

std::vector<std::string> values_of(const Json& document, const std::string& axis) {
  for (const Json& one : document.at("axes"))
    if (one.at("path") == axis) return one.at("values").get<std::vector<std::string>>();
  return {};
}

std::string last_word(const std::string& path) { return path.substr(path.rfind('.') + 1); }

// "model hosted, cores 2": the cell's values of the other axes.
std::string name_without(const Json& cell, const std::string& axis) {
  std::string name;
  for (const auto& [path, value] : cell.at("settings").items())
    if (path != axis) name += (name.empty() ? "" : ", ") + last_word(path) + " " + value.get<std::string>();
  return name;
}

SweepPoint point_of(const Json& cell, const SweepCurves& curves, const std::vector<std::string>& values) {
  SweepPoint point;
  point.label = cell.at("settings").at(curves.axis).get<std::string>();
  const auto place = std::ranges::find(values, point.label) - values.begin();
  point.x = curves.numeric ? number_of(point.label).value_or(0) : static_cast<double>(place);
  point.y = cell.at("metrics").at(curves.metric).get<double>();
  point.cell = cell.at("id").get<u32>();
  point.run = cell.value("run", "");
  return point;
}

// One curve: at each value the mean of all that have it.
SweepCurve mean_of(const std::vector<SweepCurve>& curves) {
  std::map<double, std::vector<SweepPoint>> at;
  for (const SweepCurve& curve : curves)
    for (const SweepPoint& point : curve.points) at[point.x].push_back(point);
  SweepCurve mean;
  for (const auto& [x, points] : at) {
    SweepPoint one;
    one.x = x;
    one.label = points.front().label;
    for (const SweepPoint& point : points) one.y += point.y / static_cast<double>(points.size());
    mean.points.push_back(one);
  }
  return mean;
}

std::optional<Sensitivity> of_axis(const Json& influence) {
  const auto means = influence.at("means").get<std::vector<double>>();
  const auto values = influence.at("values").get<std::vector<std::string>>();
  double whole = 0;
  for (const double mean : means) whole += mean / static_cast<double>(means.size());
  if (whole == 0 || means.size() != values.size()) return std::nullopt;
  const auto [least, most] = std::ranges::minmax_element(means);
  Sensitivity made;
  made.path = influence.at("path").get<std::string>();
  made.lower = (*least - whole) / std::abs(whole);
  made.higher = (*most - whole) / std::abs(whole);
  made.lower_at = values[least - means.begin()];
  made.higher_at = values[most - means.begin()];
  if (influence.contains("elasticity")) made.elasticity = influence.at("elasticity").get<double>();
  return made;
}

std::optional<Sensitivity> of_cost(const Json& row) {
  const double base = row.at("base").get<double>();
  if (base == 0) return std::nullopt;
  Sensitivity made;
  made.path = row.at("path").get<std::string>();
  made.assumed = true;
  for (const auto& [key, at] : {std::pair("at_75_percent", "75%"), std::pair("at_125_percent", "125%")}) {
    if (!row.contains(key)) continue;
    const double moved = (row.at(key).get<double>() - base) / std::abs(base);
    if (moved < made.lower) made.lower = moved, made.lower_at = at;
    if (moved > made.higher) made.higher = moved, made.higher_at = at;
  }
  return made;
}

}  // namespace

bool is_sweep(const fs::path& folder) {
  std::error_code ignored;
  return fs::exists(folder / "sweep.sqlite", ignored);
}

fs::path sweep_folder_of(const fs::path& path) {
  std::error_code ignored;
  for (fs::path at = fs::absolute(path, ignored).lexically_normal(); at.has_relative_path();
       at = at.parent_path())
    if (is_sweep(at)) return at;
  return {};
}

std::string cell_run(const fs::path& folder, const std::string& run) {
  const fs::path path = folder / run;
  std::error_code ignored;
  if (fs::exists(path / "run.json", ignored)) return path;
  for (const auto& below : fs::directory_iterator(path, ignored))
    if (below.is_directory(ignored)) return below.path();
  return path;
}

SweepChoices sweep_choices(const Json& document) {
  SweepChoices choices;
  for (const Json& axis : document.at("axes")) choices.axes.push_back(axis.at("path").get<std::string>());
  choices.shown = document.at("metrics").get<std::vector<std::string>>();
  choices.unfinished = document.at("unfinished").get<size_t>();
  std::set<std::string> metrics;
  for (const Json& cell : document.at("cells"))
    for (const auto& [name, value] : cell.at("metrics").items()) metrics.insert(name);
  choices.metrics.assign(metrics.begin(), metrics.end());
  return choices;
}

SweepCurves sweep_curves(const Json& document, const std::string& metric, const std::string& axis) {
  SweepCurves curves;
  curves.metric = metric;
  curves.axis = axis;
  curves.unit = document.at("units").value(metric, "");
  const std::vector<std::string> values = values_of(document, axis);
  curves.numeric =
      std::ranges::all_of(values, [](const std::string& value) { return number_of(value).has_value(); });
  if (!curves.numeric) curves.labels = values;
  for (const Json& cell : document.at("cells")) {
    if (cell.at("kind") != "grid" || !cell.at("metrics").contains(metric) ||
        !cell.at("settings").contains(axis))
      continue;
    const std::string name = name_without(cell, axis);
    auto curve = std::ranges::find(curves.curves, name, &SweepCurve::name);
    if (curve == curves.curves.end()) curve = curves.curves.insert(curve, SweepCurve{name, {}});
    curve->points.push_back(point_of(cell, curves, values));
  }
  for (SweepCurve& curve : curves.curves) std::ranges::stable_sort(curve.points, {}, &SweepPoint::x);
  curves.means = curves.curves.size() > kMostCurves;
  if (curves.means) curves.curves = {mean_of(curves.curves)};
  return curves;
}

std::vector<Sensitivity> sensitivities(const Json& document, const std::string& metric) {
  std::vector<Sensitivity> all;
  const auto take = [&](const std::optional<Sensitivity>& one) {
    if (one && one->higher - one->lower >= kUnmoved) all.push_back(*one);
  };
  for (const Json& influence : document.at("influences"))
    if (influence.at("metric") == metric) take(of_axis(influence));
  for (const Json& row : document.at("cost_influences"))
    if (row.at("metric") == metric) take(of_cost(row));
  std::ranges::stable_sort(all, std::ranges::greater(),
                           [](const Sensitivity& one) { return one.higher - one.lower; });
  return all;
}

}  // namespace hvlab::views
