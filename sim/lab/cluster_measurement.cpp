#include "sim/lab/cluster_measurement.hpp"

#include <algorithm>

#include "sim/lab/cluster_metrics.hpp"

namespace hvlab::lab {

namespace {

std::string last_word(const std::string& path) { return path.substr(path.rfind('.') + 1); }

// A place in a list says nothing without what is in the list.
std::string short_name(const std::string& path) {
  const std::string last = last_word(path);
  if (last.find_first_not_of("0123456789") != std::string::npos) return last;
  const std::string before = path.substr(0, path.rfind('.'));
  return last_word(before) + "." + last;
}

std::string name_of(const scenario::Setting& setting, const std::vector<scenario::Setting>& all) {
  const std::string name = short_name(setting.path);
  const auto same = [&](const scenario::Setting& other) { return short_name(other.path) == name; };
  return std::ranges::count_if(all, same) == 1 ? name : setting.path;
}

// Of all machines; empty if there are several, or no machines.
std::string way_of(const scenario::Cell& cell) {
  const scenario::Value* vms = cell.resolved.at("cluster.vms");
  std::string way;
  if (vms == nullptr) return way;
  for (const scenario::Value& vm : vms->items) {
    const scenario::Value* said = vm.find("way");
    if (said == nullptr || (!way.empty() && said->text != way)) return "";
    way = said->text;
  }
  return way;
}

}  // namespace

analysis::Measurement measurement_of(const scenario::Cell& cell, const Metrics& metrics) {
  scenario::Vocabulary words;
  words.metrics = cluster_metric_names();
  analysis::Measurement m;
  m.way = way_of(cell);
  m.cluster.emplace();
  for (const scenario::Setting& setting : cell.settings)
    m.cluster->settings[name_of(setting, cell.settings)] = setting.value;
  for (const auto& [name, value] : metrics) {
    const scenario::Metric* metric = words.metric(name);
    const bool time = metric != nullptr && metric->unit == scenario::MetricUnit::Time;
    m.cluster->metrics[name] = time ? value / static_cast<double>(kSecond) : value;
  }
  return m;
}

}  // namespace hvlab::lab
