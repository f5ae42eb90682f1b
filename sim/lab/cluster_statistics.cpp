#include "sim/lab/cluster_statistics.hpp"

#include <map>

#include "sim/base/user_error.hpp"

namespace hvlab::lab {

using Json = nlohmann::ordered_json;

namespace {

const char* unit_text(scenario::MetricUnit unit) {
  if (unit == scenario::MetricUnit::Time) return "ps";
  return unit == scenario::MetricUnit::Size ? "B" : "";
}

Json metrics_json(const Metrics& metrics) {
  scenario::Vocabulary words;
  words.metrics = cluster_metric_names();
  Json json = Json::object();
  for (const auto& [name, value] : metrics) {
    const scenario::Metric* metric = words.metric(name);
    json[name] = {{"value", value}, {"unit", metric == nullptr ? "" : unit_text(metric->unit)}};
  }
  return json;
}

Json occurrences_json(const cluster::Simulation& sim) {
  std::vector<u64> counts(static_cast<size_t>(cluster::What::Count));
  for (const cluster::Occurrence& one : sim.log) ++counts[static_cast<size_t>(one.what)];
  Json json = Json::object();
  for (size_t what = 0; what < counts.size(); ++what)
    if (counts[what] != 0) json[std::string(cluster::name(static_cast<cluster::What>(what)))] = counts[what];
  return json;
}

Json refusals_json(const cluster::Simulation& sim) {
  std::map<std::string, u64> counts;
  for (const cluster::Occurrence& one : sim.log) {
    if (one.what != cluster::What::Refused) continue;
    ++counts[std::string(cluster::text(static_cast<cluster::Refusal>(one.value)))];
  }
  Json json = Json::object();
  for (const auto& [why, count] : counts) json[why] = count;
  return json;
}

}  // namespace

std::vector<UsedFigure> figures_of(const ClusterCase& about) {
  std::vector<UsedFigure> all;
  for (const cluster::UsedFigure& used : cluster::figures_of(about.plan))
    all.push_back({used.of, used.figure.name, std::to_string(used.figure.value),
                   cluster::origin_of(used.figure), used.figure.source});
  for (const UsedFigure& figure : about.figures) {
    const auto same = [&](const UsedFigure& other) {
      return other.profile == figure.profile && other.name == figure.name;
    };
    if (std::ranges::none_of(all, same)) all.push_back(figure);
  }
  return all;
}

Json statistics_json(const ClusterRun& run, const ClusterCase& about, const Metrics& metrics) {
  Json figures = Json::array();
  for (const UsedFigure& figure : figures_of(about))
    figures.push_back({{"profile", figure.profile},
                       {"name", figure.name},
                       {"value", figure.value},
                       {"origin", figure.origin},
                       {"source", figure.source}});
  return {{"schema", kClusterStatistics},
          {"seconds", cluster::seconds(run.sim.now())},
          {"whole", run.whole},
          {"metrics", metrics_json(metrics)},
          {"occurrences", occurrences_json(run.sim)},
          {"refusals", refusals_json(run.sim)},
          {"figures", figures}};
}

Metrics read_cluster_metrics(const std::string& statistics) {
  Metrics metrics;
  if (statistics.empty()) return metrics;
  try {
    const Json json = Json::parse(statistics);
    for (const auto& [name, metric] : json.at("metrics").items())
      metrics.emplace_back(name, metric.at("value").get<double>());
  } catch (const nlohmann::json::exception& error) {
    throw UserError(std::string("statistics of a cluster's run: ") + error.what());
  }
  return metrics;
}

}  // namespace hvlab::lab
