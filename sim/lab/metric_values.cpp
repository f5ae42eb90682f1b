#include "sim/lab/metric_values.hpp"

#include <algorithm>
#include <cmath>

#include "sim/base/user_error.hpp"
#include "sim/lab/io_report.hpp"
#include "sim/lab/metric_names.hpp"
#include "sim/observe/exit.hpp"

namespace hvlab::lab {

namespace {

using Json = nlohmann::ordered_json;

/// Whole picoseconds, so that bounds written in a file meet what was measured.
double picoseconds(double seconds) { return std::round(seconds * 1e12); }

void add_workload(const MeasuredRun& run, Metrics& metrics) {
  if (run.log.size.empty()) return;
  metrics.emplace_back("workload.time", picoseconds(workload_seconds(run)));
  metrics.emplace_back("start.time", picoseconds(start_seconds(run)));
  metrics.emplace_back("launch.time", picoseconds(launch_seconds(run)));
  if (instance_memory(run) > 0) metrics.emplace_back("memory.each", instance_memory(run));
  for (const PhaseResult& phase : run.log.phases)
    metrics.emplace_back("phase." + phase.name + ".time", picoseconds(phase_seconds(run, phase.name)));
}

void add_ledger(const Json& ledger, double cycles, const std::string& before, Metrics& metrics) {
  for (const auto& [account, value] : ledger.items()) {
    const double charged = value.get<double>();
    metrics.emplace_back(before + "ledger." + account, charged);
    if (cycles > 0) metrics.emplace_back(before + "share." + account, charged / cycles);
  }
}

/// Adds to a metric, which begins with 0.
void count(Metrics& metrics, const std::string& name, double value) {
  const auto found = std::ranges::find(metrics, name, [](const auto& metric) { return metric.first; });
  if (found != metrics.end()) {
    found->second += value;
  } else {
    metrics.emplace_back(name, value);
  }
}

/// Of all virtual processors. Reasons and classes that never were are 0, so that one can expect there to be
/// none.
void add_exits(const Json& exits, const std::string& before, Metrics& metrics) {
  const std::string all = before + "exits";
  Metrics counted = {{all, 0}, {all + ".cycles", 0}};
  for (const std::string& reason : exit_reasons()) {
    counted.emplace_back(all + "." + reason, 0);
    counted.emplace_back(all + "." + reason + ".cycles", 0);
  }
  for (const std::string& each : exit_classes()) {
    counted.emplace_back(all + ".class." + each, 0);
    counted.emplace_back(all + ".class." + each + ".cycles", 0);
  }
  for (const Json& row : exits) {
    const std::string reason = row.at("reason").get<std::string>();
    const std::string of_reason = observe::class_of_label(reason);
    for (const std::string& name :
         {all, all + "." + reason, all + ".class." + row.value("class", of_reason)}) {
      count(counted, name, row.at("count").get<double>());
      count(counted, name + ".cycles", row.at("cycles").get<double>());
    }
  }
  metrics.insert(metrics.end(), counted.begin(), counted.end());
}

void add_work(const Json& statistics, Metrics& metrics) {
  if (!statistics.contains("work")) return;
  const Json& work = statistics.at("work");
  const double cycles = work.at("cycles").get<double>();
  metrics.emplace_back("work.time", picoseconds(work.at("seconds").get<double>()));
  metrics.emplace_back("work.cycles", cycles);
  add_ledger(work.at("ledger"), cycles, "work.", metrics);
  add_exits(work.at("exits"), "work.", metrics);
  for (const Json& machine : work.value("waits", Json::array())) {
    const std::string name = "work.vm" + std::to_string(machine.at("vm").get<u64>()) + ".";
    for (const auto& [what, time] : machine.at("picoseconds").items())
      metrics.emplace_back(name + what + ".time", time.get<double>());
  }
}

/// Of the requests that a comparison shows hop by hop: the mean of one, of its time in each place, of the
/// bytes copied.
void add_requests(const Json& io, Metrics& metrics) {
  for (size_t i = 0; i < static_cast<size_t>(observe::IoOperation::Count); ++i) {
    const std::string operation = observe::name(static_cast<observe::IoOperation>(i));
    const Json* group = innermost_io(io, operation);
    if (group == nullptr) continue;
    const std::string name = "requests." + operation;
    const double requests = std::max(1.0, group->at("requests").get<double>());
    Metrics means = {{name + ".time", group->at("picoseconds").get<double>()}, {name + ".exits", 0}};
    for (const auto& [reason, number] : group->at("exits").items())
      count(means, name + ".exits", number.get<double>());
    for (const Json& hop : group->at("hops"))
      count(means, name + "." + hop.at("where").get<std::string>() + ".time",
            hop.at("picoseconds").get<double>());
    metrics.emplace_back(name, group->at("requests").get<double>());
    for (const auto& [mean, sum] : means) metrics.emplace_back(mean, sum / requests);
    if (const double known = group->value("copies_known", 0.0); known > 0)
      metrics.emplace_back(name + ".copied", group->at("copied").get<double>() / known);
  }
}

/// What a machine's virtual processors did, together, as their hypervisor marks it.
void add_states(const Json& vcpus, Metrics& metrics) {
  Metrics times;
  for (const Json& vcpu : vcpus) {
    if (!vcpu.contains("picoseconds")) continue;
    const std::string machine = "vm" + std::to_string(vcpu.at("vm").get<u64>()) + ".";
    for (const auto& [state, time] : vcpu.at("picoseconds").items())
      count(times, machine + state + ".time", time.get<double>());
  }
  metrics.insert(metrics.end(), times.begin(), times.end());
}

}  // namespace

std::optional<double> value_of(const Metrics& metrics, const std::string& name) {
  const auto found = std::ranges::find(metrics, name, [](const auto& metric) { return metric.first; });
  if (found == metrics.end()) return std::nullopt;
  return found->second;
}

MeasuredRun read_run(const std::string& statistics, const std::string& console, unsigned instances) {
  MeasuredRun run;
  std::vector<WorkloadLog> logs = parse_workload_logs(console);
  if (instances != 0) logs.resize(instances);
  run.log = logs.front();
  run.others.assign(logs.begin() + 1, logs.end());
  if (!statistics.empty()) read_statistics(statistics, run);
  return run;
}

Metrics metrics_of(const MeasuredRun& run, const std::string& statistics) {
  Metrics metrics;
  if (statistics.empty()) return metrics;
  try {
    const Json stats = Json::parse(statistics);
    const double cycles = static_cast<double>(run.cycles);
    metrics = {{"time", picoseconds(run.seconds)},
               {"instructions", static_cast<double>(run.instructions)},
               {"cycles", cycles},
               {"busy", cycles - stats.at("ledger").value("idle", 0.0)}};
    add_workload(run, metrics);
    add_ledger(stats.at("ledger"), cycles, "", metrics);
    add_work(stats, metrics);
    add_exits(stats.at("exits"), "", metrics);
    add_states(stats.value("vcpus", Json::array()), metrics);
    add_requests(stats.value("io", Json::array()), metrics);
    for (const auto& [kind, number] : stats.at("events").items())
      metrics.emplace_back("events." + kind, number.get<double>());
  } catch (const nlohmann::json::exception& error) {
    throw UserError(std::string("statistics of a run: ") + error.what());
  }
  return metrics;
}

}  // namespace hvlab::lab
