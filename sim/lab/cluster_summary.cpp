#include "sim/lab/cluster_summary.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <numeric>

#include "sim/cluster/log_text.hpp"
#include "sim/lab/cell_result.hpp"
#include "sim/lab/cluster_log.hpp"
#include "sim/lab/cluster_statistics.hpp"
#include "sim/lab/text_table.hpp"

namespace hvlab::lab {

using cluster::Simulation;

namespace {

constexpr size_t kMostRows = 12, kMostOccurrences = 20;

std::string percent(double part) { return fmt::format("{:.1f} %", part * 100); }

double value(const Metrics& metrics, const std::string& name) { return value_of(metrics, name).value_or(0); }

std::string time_text(const Metrics& metrics, const std::string& name) {
  return tell_value(scenario::MetricUnit::Time, value(metrics, name));
}

std::string size_text(const Metrics& metrics, const std::string& name) {
  return tell_value(scenario::MetricUnit::Size, value(metrics, name));
}

/// A column of `heading` with one metric of each name.
struct Column {
  const char* heading;
  const char* metric;
  std::string (*text)(const Metrics&, const std::string&);
};

constexpr auto kPercent = [](const Metrics& metrics, const std::string& name) {
  return percent(value(metrics, name));
};
constexpr auto kWhole = [](const Metrics& metrics, const std::string& name) {
  return fmt::format("{:.0f}", value(metrics, name));
};
constexpr auto kKwh = [](const Metrics& metrics, const std::string& name) {
  return fmt::format("{:.2f}", value(metrics, name));
};

constexpr Column kHosts[] = {{"used", "used", kPercent},
                             {"busiest hour", "used.peak", kPercent},
                             {"kWh", "energy.kwh", kKwh},
                             {"machines", "machines", kWhole},
                             {"memory", "memory", size_text}};
constexpr Column kGroups[] = {{"running", "running", kWhole},
                              {"served", "served", kPercent},
                              {"worst hour", "served.worst", kPercent},
                              {"down", "downtime", time_text},
                              {"longest", "downtime.longest", time_text},
                              {"restarts", "restarts", kWhole},
                              {"moves", "moves", kWhole}};
constexpr Column kStores[] = {{"requests", "requests", kWhole},    {"served", "served", kPercent},
                              {"busy", "busy", kPercent},          {"busiest hour", "busy.peak", kPercent},
                              {"response", "response", time_text}, {"worst hour", "response.peak", time_text},
                              {"used", "used", size_text}};

template <size_t kCount>
std::string table(const char* kind, const std::string& corner, std::vector<std::string> names,
                  const char* sorted_by, const Column (&columns)[kCount], const Metrics& metrics,
                  size_t width) {
  if (names.empty()) return "";
  const auto metric = [&](const std::string& name, const char* what) {
    return value(metrics, fmt::format("{}.{}.{}", kind, name, what));
  };
  const size_t all = names.size();
  if (all > kMostRows) {
    std::ranges::stable_sort(names, std::greater<>{},
                             [&](const std::string& name) { return metric(name, sorted_by); });
    names.resize(kMostRows);
  }
  TextTable made{.corner = corner, .labels = names, .columns = {}};
  for (const Column& column : columns) {
    TextTable::Column& filled = made.columns.emplace_back(TextTable::Column{column.heading, {}});
    for (const std::string& name : names)
      filled.cells.push_back(column.text(metrics, fmt::format("{}.{}.{}", kind, name, column.metric)));
  }
  std::string text = "\n" + format_text_table(made, width);
  if (all > names.size()) text += fmt::format("  and {} more\n", all - names.size());
  return text;
}

std::string heading(const ClusterRun& run, const ClusterCase& about) {
  const auto several = [](size_t count, const char* what) {
    return fmt::format("{} {}{}", count, what, count == 1 ? "" : "s");
  };
  return fmt::format("{}, {} in {}, {}; {} simulated\n", several(run.sim.cluster.hosts.size(), "host"),
                     several(run.sim.cluster.machines.size(), "machine"),
                     several(about.plan.machines.size(), "group"),
                     several(run.sim.cluster.datastores.size(), "datastore"), clock_text(run.sim.now()));
}

std::string of_hosts(const Metrics& metrics) {
  return fmt::format(
      "All hosts: {} used ({} in the busiest hour), {:.1f} on at a time, {:.2f} kWh, {:.0f} W\n",
      percent(value(metrics, "hosts.used")), percent(value(metrics, "hosts.used.peak")),
      value(metrics, "hosts.on.mean"), value(metrics, "hosts.energy.kwh"),
      value(metrics, "hosts.power.watts"));
}

std::string of_machines(const Metrics& metrics) {
  return fmt::format(
      "All machines: {:.0f} running at the end, {} served ({} in the worst hour), down {} "
      "together, {} the longest\n",
      value(metrics, "machines.running"), percent(value(metrics, "machines.served")),
      percent(value(metrics, "machines.served.worst")), time_text(metrics, "machines.downtime"),
      time_text(metrics, "machines.downtime.longest"));
}

std::string moves(const Metrics& metrics) {
  const double done = value(metrics, "moves.done"), disks = value(metrics, "moves.disks"),
               failed = value(metrics, "moves.failed");
  if (done + disks + failed == 0) return "";
  return fmt::format(
      "Moves: {:.0f} of machines and {:.0f} of disks, {:.0f} failed; {} sent; a machine took {} at "
      "most and stood still for {} at most\n",
      done, disks, failed, size_text(metrics, "moves.size"), time_text(metrics, "moves.time.longest"),
      time_text(metrics, "moves.downtime.longest"));
}

std::string restarts(const Metrics& metrics) {
  if (value(metrics, "restarts") + value(metrics, "ha.detection") == 0) return "";
  return fmt::format(
      "High availability: {:.0f} machines started again; a failed host was found dead after {} "
      "at most, machines were back after {} on average and {} at most\n",
      value(metrics, "restarts"), time_text(metrics, "ha.detection.longest"),
      time_text(metrics, "ha.restart"), time_text(metrics, "ha.restart.longest"));
}

std::string costs(const ClusterCase& about, const Metrics& metrics) {
  if (!about.cost) return "";
  std::string text = fmt::format("Cost of {} years: {:.0f}", about.cost->years, value(metrics, "cost.total"));
  const char* between = " (";
  for (const auto& [name, amount] : metrics) {
    constexpr std::string_view kShare = "cost.share.";
    if (!name.starts_with(kShare) || amount == 0) continue;
    text += fmt::format("{}{} {}", between, name.substr(kShare.size()), percent(amount));
    between = ", ";
  }
  return text + (*between == ',' ? ")\n" : "\n");
}

/// Without amounts, so that those alike can be counted together.
std::string reason_of(const Simulation& sim, size_t place) {
  std::string text(cluster::text(static_cast<cluster::Refusal>(sim.log[place].value)));
  const cluster::Explained* explained = cluster::explanation_of(sim, place);
  if (explained == nullptr || !explained->of_all_hosts) return text;
  const char* between = " (";
  for (const cluster::RefusalPart& part : explained->parts) {
    text += fmt::format("{}{} host{}: {}", between, part.hosts, part.hosts == 1 ? "" : "s",
                        cluster::text(part.why));
    between = "; ";
  }
  return text + ")";
}

std::string refusals(const Simulation& sim) {
  std::map<std::string, u64> counts;
  for (size_t place = 0; place < sim.log.size(); ++place)
    if (sim.log[place].what == cluster::What::Refused) ++counts[reason_of(sim, place)];
  std::string text;
  for (const auto& [why, count] : counts)
    text += fmt::format("{}{} x {}", text.empty() ? "Refused: " : "; ", count, why);
  return text.empty() ? "" : text + "\n";
}

/// Steps of others, and what starting machines at the beginning is.
bool is_notable(const cluster::Occurrence& one) {
  using enum cluster::What;
  constexpr cluster::What kSteps[] = {Round, MoveBegan, MoveStopped, Balanced, HaMonitors, HaElection};
  if (std::ranges::find(kSteps, one.what) != std::end(kSteps)) return false;
  if (one.what == Serves || one.what == PowerOn) return one.other == 1;
  return one.what != HaElected || one.at != 0;
}

std::string notable(const Simulation& sim, const ClusterCase& about) {
  const cluster::LogNames names(about.plan);
  // Of very many what broke and what was decided on, without its consequences for each machine.
  const auto all = std::ranges::count_if(sim.log, is_notable);
  const bool many = all > static_cast<std::ptrdiff_t>(kMostOccurrences);
  std::string text;
  size_t shown = 0, more = 0;
  for (size_t place = 0; place < sim.log.size(); ++place) {
    const cluster::Occurrence& one = sim.log[place];
    if (!is_notable(one)) continue;
    if (many && one.machine != cluster::kNone && one.what != cluster::What::Refused) {
      ++more;
      continue;
    }
    if (shown == kMostOccurrences) {
      ++more;
      continue;
    }
    ++shown;
    text += fmt::format("  {:>12}  {}\n", clock_text(one.at),
                        text_of(read_log_line(cluster::occurrence_json(names, sim, place))));
  }
  if (more != 0) text += fmt::format("  and {} more: hvlab trace RUN has them all\n", more);
  return text.empty() ? "" : "\nWhat happened\n" + text;
}

/// How much of what the run rests on is known, and from where.
std::string origins(const ClusterCase& about) {
  const std::vector<UsedFigure> figures = figures_of(about);
  std::string text;
  for (const char* origin : {"measured", "sourced", "assumed", "set"}) {
    const auto count = std::ranges::count(figures, origin, &UsedFigure::origin);
    if (count != 0)
      text +=
          fmt::format("{}{} {}", text.empty() ? "Figures of profiles and policies: " : ", ", count, origin);
  }
  return text.empty() ? "" : text + "; stats.json has each with its source\n";
}

std::vector<std::string> group_names(const cluster::Plan& plan) {
  std::vector<std::string> names;
  for (const cluster::MachinePlan& group : plan.machines) names.push_back(group.name);
  return names;
}

}  // namespace

std::string cluster_summary(const ClusterRun& run, const ClusterCase& about, const Metrics& metrics,
                            size_t width) {
  const cluster::Plan& plan = about.plan;
  std::string text = heading(run, about);
  text += table("host", "Hosts", cluster::host_names(plan), "used", kHosts, metrics, width);
  text += table("group", "Machines", group_names(plan), "downtime", kGroups, metrics, width);
  text += table("datastore", "Datastores", cluster::datastore_names(plan), "busy", kStores, metrics, width);
  text += '\n';
  for (const std::string& sentence :
       {of_hosts(metrics), of_machines(metrics), moves(metrics), restarts(metrics), costs(about, metrics),
        refusals(run.sim), origins(about)})
    if (!sentence.empty()) text += fold_text(sentence, width);
  return text + notable(run.sim, about);
}

}  // namespace hvlab::lab
