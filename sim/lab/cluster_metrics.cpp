#include "sim/lab/cluster_metrics.hpp"

#include "sim/cluster/account_metrics.hpp"
#include "sim/cluster/metrics.hpp"

namespace hvlab::lab {

namespace {

using scenario::MetricUnit;

MetricUnit unit_of(cluster::Unit unit) {
  switch (unit) {
    case cluster::Unit::Count: return MetricUnit::Count;
    case cluster::Unit::Ratio: return MetricUnit::Ratio;
    case cluster::Unit::Time: return MetricUnit::Time;
    case cluster::Unit::Size: return MetricUnit::Size;
    case cluster::Unit::Named: return MetricUnit::Number;
  }
  return MetricUnit::Number;
}

/// Mean watts of a server of each group, while the run lasted.
void put_watts(const cluster::Simulation& sim, std::vector<cluster::ServerCosts>& servers) {
  constexpr double kMilli = 1e-3;
  size_t host = 0;
  for (cluster::ServerCosts& group : servers) {
    cluster::Sum energy = 0;
    for (u32 i = 0; i < group.count; ++i) energy += sim.cluster.hosts[host++].energy;
    const double time = static_cast<double>(sim.now()) * group.count;
    group.watts = time == 0 ? 0 : static_cast<double>(energy) / time * kMilli;
  }
}

void add_costs(const ClusterRun& run, CostPlan cost, Metrics& metrics) {
  put_watts(run.sim, cost.servers);
  const auto shares = cluster::total_cost(cost.servers, cost.common, cost.years);
  const double total = cluster::sum_of(shares);
  const auto refresh = cluster::refresh_cost(cost.servers, cost.common);
  metrics.emplace_back("cost.refresh", cluster::sum_of(refresh));
  for (const char* what : {"purchase", "licences", "moving"})
    metrics.emplace_back(std::string("cost.refresh.") + what, cluster::share(refresh, what));
  metrics.emplace_back("cost.total", total);
  for (const char* what : {"purchase", "licences", "support", "maintenance", "space", "power", "moving"}) {
    const double amount = cluster::share(shares, what);
    metrics.emplace_back(std::string("cost.") + what, amount);
    metrics.emplace_back(std::string("cost.share.") + what, total == 0 ? 0 : amount / total);
  }
}

}  // namespace

std::vector<scenario::Metric> cluster_metric_names() {
  std::vector<scenario::Metric> names;
  for (const cluster::Metric& metric : cluster::metric_patterns())
    names.push_back({metric.name, unit_of(metric.unit),
                     metric.name == "time" ? scenario::MetricOf::Both : scenario::MetricOf::Cluster});
  for (const cluster::Metric& metric : cluster::account_patterns())
    names.push_back({metric.name, unit_of(metric.unit), scenario::MetricOf::Cluster});
  names.push_back({"cost.refresh", MetricUnit::Number, scenario::MetricOf::Cluster});
  names.push_back({"cost.refresh.*", MetricUnit::Number, scenario::MetricOf::Cluster});
  names.push_back({"cost.total", MetricUnit::Number, scenario::MetricOf::Cluster});
  names.push_back({"cost.share.*", MetricUnit::Ratio, scenario::MetricOf::Cluster});
  names.push_back({"cost.*", MetricUnit::Number, scenario::MetricOf::Cluster});
  return names;
}

Metrics metrics_of(const ClusterRun& run, const ClusterCase& about) {
  constexpr double kPicoseconds = 1000;  // of a nanosecond
  Metrics metrics;
  for (const cluster::Metric& metric : cluster::metrics_of(about.plan, run.sim, run.hours))
    metrics.emplace_back(metric.name,
                         metric.unit == cluster::Unit::Time ? metric.value * kPicoseconds : metric.value);
  for (const cluster::Metric& metric : cluster::account_metrics(run.sim))
    metrics.emplace_back(metric.name,
                         metric.unit == cluster::Unit::Time ? metric.value * kPicoseconds : metric.value);
  if (about.cost) add_costs(run, *about.cost, metrics);
  return metrics;
}

}  // namespace hvlab::lab
