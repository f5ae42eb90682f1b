#include "sim/lab/cluster_command.hpp"

#include <fmt/format.h>

#include <cstdio>
#include <filesystem>
#include <iostream>

#include "sim/base/user_error.hpp"
#include "sim/cluster/audit.hpp"
#include "sim/cluster/log_text.hpp"
#include "sim/lab/child_pool.hpp"
#include "sim/lab/cluster_log.hpp"
#include "sim/lab/cluster_statistics.hpp"
#include "sim/lab/cluster_summary.hpp"
#include "sim/lab/exit_status.hpp"
#include "sim/lab/scenario_files.hpp"
#include "sim/record/junit.hpp"

namespace hvlab::lab {

namespace {

constexpr size_t kSummaryWidth = 100;  // the cell's output is no terminal, and equal runs print the same

record::Json resolved_json(const scenario::Value& value) {
  using scenario::Type;
  if (!value.keys.empty() || value.type == Type::Map) {
    record::Json map = record::Json::object();
    for (size_t i = 0; i < value.keys.size(); ++i) map[value.keys[i]] = resolved_json(value.items[i]);
    return map;
  }
  if (value.type == Type::List || value.type == Type::Words || value.type == Type::Names ||
      value.type == Type::Numbers) {
    record::Json list = record::Json::array();
    for (const scenario::Value& item : value.items) list.push_back(resolved_json(item));
    return list;
  }
  if (value.type == Type::Count) return value.count;
  if (value.type == Type::Number || value.type == Type::Change) return value.number;
  if (value.type == Type::Flag) return value.count != 0;
  return value.text;
}

/// Shows how far a run has come, a few times a second.
class Progress {
 public:
  Progress(cluster::Nanoseconds length) : length_(length) {}
  ~Progress() { std::fputs("\r\033[K", stderr); }
  Progress(const Progress&) = delete;
  Progress& operator=(const Progress&) = delete;

  void show(cluster::Nanoseconds now) {
    constexpr double kBetween = 0.2;
    const double host = host_seconds();
    if (host - shown_ < kBetween) return;
    shown_ = host;
    fmt::print(stderr, "\r\033[K{} of {} simulated", clock_text(now), clock_text(length_));
    std::fflush(stderr);
  }

 private:
  cluster::Nanoseconds length_;
  double shown_ = host_seconds();
};

void write_run(record::RunWriter& record, const ClusterRun& run, const ClusterCase& about,
               const Metrics& metrics, const std::vector<std::string>& broken) {
  record.put(kClusterLog, cluster::log_lines(about.plan, run.sim));
  const record::Json statistics = statistics_json(run, about, metrics);
  record.put(record::kStatsFile, statistics.dump(2) + "\n");
  record.put(record::kStatsTable, record::flat_csv(statistics));
  const std::string failure = !broken.empty() ? broken.front() : run.whole ? "" : "stopped before its end";
  record.put(record::kJunitFile, record::junit_xml("hvlab", {{.name = "cluster",
                                                              .time = run.sim.now() * kNanosecond,
                                                              .failure = failure,
                                                              .is_error = !broken.empty()}}));
  record.finish(run.whole && broken.empty() ? record::RunState::Complete : record::RunState::Partial,
                {{"end", !broken.empty() ? "broken-law"
                         : run.whole     ? scenario::kClusterEnding
                                         : "interrupted"}});
  if (!record.problem().empty()) throw UserError("the run directory is partial: " + record.problem());
}

int status_of(const ClusterRun& run, const std::vector<std::string>& broken) {
  for (const std::string& law : broken)
    fmt::print(stderr, "hvlab: a law of the simulation is broken, which is HVLab's own fault: {}\n", law);
  if (!broken.empty()) return exit_status::kOurFault;
  return run.whole ? 0 : exit_status::kInterrupted;
}

}  // namespace

std::vector<std::string> cluster_arguments(const scenario::Scenario& scenario, const std::string& home,
                                           const std::string& directory) {
  return {"cluster-cell", home + "/" + kResolvedCell, scenario.folder, directory};
}

int cluster_cell_command(const std::vector<std::string>& arguments) {
  if (arguments.size() != 3) throw UserError("cluster-cell is what 'hvlab run' starts for a cluster's cells");
  const scenario::Scenario scenario = load_scenario(arguments[0], {}, scenario_vocabulary());
  const scenario::Cell& cell = scenario.cells.front();
  if (scenario.cells.size() != 1 || !cell.cluster)
    throw UserError("cluster-cell: this is no cell of a cluster");
  const StopNoted stop;
  const ClusterCase about = case_of(cell, arguments[1]);
  std::error_code ignored;
  std::vector<std::string> words = {"cluster-cell"};
  words.insert(words.end(), arguments.begin(), arguments.end());
  record::RunWriter record(arguments[2] + "/", {{"hvlab", HVLAB_VERSION},
                                                {"command", words},
                                                {"folder", std::filesystem::current_path(ignored).string()}});
  record.put(record::kResolvedFile, resolved_json(cell.resolved).dump(2) + "\n");
  ClusterRun run(about.plan);
  {
    Progress progress(about.length);
    carry(run, about, cluster_recorders(record), [&](cluster::Nanoseconds now) {
      progress.show(now);
      return !StopNoted::stopped();
    });
  }
  const std::vector<std::string> broken = cluster::broken_laws(run.sim);
  const Metrics metrics = metrics_of(run, about);
  write_run(record, run, about, metrics, broken);
  std::cout << cluster_summary(run, about, metrics, kSummaryWidth);
  return status_of(run, broken);
}

}  // namespace hvlab::lab
