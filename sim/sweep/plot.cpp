#include "sim/sweep/plot.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <set>

namespace hvlab::sweep {

namespace {

// Okabe and Ito's colours, which colour-blind people can tell apart; the marks differ as well.
constexpr const char* kColours[] = {"#0072B2", "#D55E00", "#009E73", "#CC79A7",
                                    "#E69F00", "#56B4E9", "#000000", "#999999"};
static_assert(std::size(kColours) == kMostSeries);

const std::string* value_at(const Cell& cell, const std::string& path) {
  for (const auto& [key, value] : cell.settings) {
    if (key == path) return &value;
  }
  return nullptr;
}

/// "cores=2, disk=ssd": where a cell is on all axes but `without`.
std::string others(const Cell& cell, const Question& question, const std::string& without) {
  std::string text;
  for (const Axis& axis : question.axes) {
    const std::string* const value = value_at(cell, axis.path);
    if (axis.path == without || value == nullptr) continue;
    text += fmt::format("{}{}={}", text.empty() ? "" : ", ", axis.path, *value);
  }
  return text;
}

Plot plot_of(const Question& question, const Results& results, const Metric& metric, const Axis& axis) {
  Plot plot{metric.name, metric.unit, axis.path, {}};
  for (const Cell& cell : question.cells) {
    const auto result = results.find(cell.id);
    const std::string* const at = value_at(cell, axis.path);
    if (cell.kind != "grid" || result == results.end() || at == nullptr) continue;
    const std::optional<double> value = metric_of(result->second, metric.name);
    if (!value) continue;
    const std::string name = others(cell, question, axis.path);
    auto series = std::ranges::find(plot.series, name, &Series::name);
    if (series == plot.series.end()) series = plot.series.insert(plot.series.end(), {name, {}});
    series->points.emplace_back(*at, *value);
  }
  return plot;
}

/// One line of means in place of more lines than can be told apart.
void condense(Plot& plot, const Axis& axis) {
  Series mean{fmt::format("mean of {}", plot.series.size()), {}};
  for (const std::string& value : axis.values) {
    double sum = 0;
    size_t count = 0;
    for (const Series& series : plot.series) {
      for (const auto& [at, number] : series.points) {
        if (at == value) sum += number, ++count;
      }
    }
    if (count != 0) mean.points.emplace_back(value, sum / static_cast<double>(count));
  }
  plot.series = {std::move(mean)};
}

/// A string of gnuplot's in single quotes, in which only the quote itself is special. Its terminal is told
/// not to interpret more.
std::string quoted(const std::string& text) {
  std::string result = "'";
  for (const char c : text) {
    if (c == '\n' || c == '\r') continue;
    result += c;
    if (c == '\'') result += c;
  }
  return result + "'";
}

/// A field of a data block: gnuplot strings there are in double quotes and know backslashes.
std::string field(const std::string& text) {
  std::string result = "\"";
  for (const char c : text) {
    if (c == '"' || c == '\\') result += '\\';
    if (c != '\n' && c != '\r') result += c;
  }
  return result + "\"";
}

bool numeric(const Plot& plot) {
  return std::ranges::all_of(plot.series, [](const Series& series) {
    return std::ranges::all_of(series.points,
                               [](const auto& point) { return number_of(point.first).has_value(); });
  });
}

std::string csv_field(const std::string& text) {
  if (text.find_first_of(",\"\r\n") == std::string::npos) return text;
  std::string result = "\"";
  for (const char c : text) {
    result += c;
    if (c == '"') result += c;
  }
  return result + "\"";
}

}  // namespace

std::vector<Plot> plots_of(const Question& question, const Results& results) {
  std::vector<Plot> plots;
  for (const Metric& metric : metrics_of(results)) {
    for (const Axis& axis : question.axes) {
      Plot plot = plot_of(question, results, metric, axis);
      if (plot.series.size() > kMostSeries) condense(plot, axis);
      if (!plot.series.empty()) plots.push_back(std::move(plot));
    }
  }
  return plots;
}

std::string gnuplot_program(const Plot& plot, const std::string& file) {
  const bool to_scale = numeric(plot);
  std::map<std::string, size_t> places;  // of names on an axis that is not to scale: in the order of the axis
  for (const Series& series : plot.series) {
    for (const auto& [at, value] : series.points) places.try_emplace(at, places.size());
  }
  std::string text = fmt::format(
      "set terminal svg size 720,440 dynamic noenhanced font 'sans-serif,13' background '#ffffff'\n"
      "set output {}\nset title {}\nset xlabel {}\nset ylabel {}\n"
      "set border 3\nset tics nomirror out\nset grid ytics lc rgb '#dddddd'\nset key outside right top\n"
      "set offsets graph 0.03, graph 0.03, graph 0.05, 0\n",
      quoted(file), quoted(plot.metric + " against " + plot.path), quoted(plot.path),
      quoted(plot.unit.empty() ? plot.metric : plot.metric + " (" + plot.unit + ")"));
  if (to_scale) text += "set format x '%.6g'\n";
  text += "set format y '%.6g'\n";
  for (size_t i = 0; i < plot.series.size(); ++i) {
    text += fmt::format("$data{} << EOD\n", i);
    for (const auto& [at, value] : plot.series[i].points) {
      if (to_scale) {
        text += fmt::format("{:.17g} {:.17g}\n", number_of(at).value_or(0), value);
      } else {
        text += fmt::format("{} {:.17g} {}\n", places[at], value, field(at));
      }
    }
    text += "EOD\n";
  }
  text += "plot ";
  for (size_t i = 0; i < plot.series.size(); ++i) {
    text += fmt::format("{}$data{} using {} with linespoints lw 2 pt {} ps 0.8 lc rgb '{}' {}",
                        i == 0 ? "" : ", \\\n     ", i, to_scale ? "1:2" : "1:2:xtic(3)", i + 4,
                        kColours[i % kMostSeries],
                        plot.series[i].name.empty() ? "notitle" : "title " + quoted(plot.series[i].name));
  }
  return text + "\n";
}

std::string file_name(const Plot& plot) {
  std::string name = plot.metric + "-" + plot.path;
  for (char& c : name) {
    const bool plain =
        (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '.' || c == '-';
    if (!plain) c = '_';
  }
  return name;
}

std::string csv_of(Store& store, const Question& question) {
  std::set<std::string> paths, metrics;
  std::map<u32, Outcome> outcomes;
  for (const Cell& cell : question.cells) {
    for (const auto& [path, value] : cell.settings) paths.insert(path);
    if (std::optional<Outcome> outcome = store.outcome(cell.id)) {
      for (const Metric& metric : outcome->metrics) metrics.insert(metric.name);
      outcomes.emplace(cell.id, std::move(*outcome));
    }
  }
  std::string text = "cell,kind,status";
  for (const std::string& path : paths) text += "," + csv_field(path);
  for (const std::string& metric : metrics) text += "," + csv_field(metric);
  text += "\r\n";
  for (const Cell& cell : question.cells) {
    const auto outcome = outcomes.find(cell.id);
    text += fmt::format("{},{},{}", cell.id, cell.kind,
                        outcome == outcomes.end() ? "" : std::to_string(outcome->second.status));
    for (const std::string& path : paths) {
      const std::string* const value = value_at(cell, path);
      text += "," + (value == nullptr ? "" : csv_field(*value));
    }
    for (const std::string& metric : metrics) {
      const std::optional<double> value =
          outcome == outcomes.end() ? std::nullopt : metric_of(outcome->second, metric);
      text += value ? fmt::format(",{:.17g}", *value) : ",";
    }
    text += "\r\n";
  }
  return text;
}

}  // namespace hvlab::sweep
