// How programs are told of runs side by side.
#include <fmt/format.h>

#include "sim/lab/claims.hpp"
#include "sim/lab/comparison.hpp"
#include "sim/lab/comparison_density.hpp"
#include "sim/lab/comparison_differences.hpp"
#include "sim/lab/comparison_table.hpp"

namespace hvlab::lab {

using Json = nlohmann::ordered_json;

namespace {

Json ledger_json(const LedgerRows& rows) {
  Json ledger = Json::object();
  for (const auto& [account, cycles] : rows) ledger[account] = cycles;
  return ledger;
}

/// A second's, of what was counted in the window; null if the window has no length.
Json per_second(double count, const RunWindow& window) {
  return window.seconds > 0 ? Json(count / window.seconds) : Json();
}

Json exits_json(const std::vector<ExitSum>& sums, const char* key) {
  Json exits = Json::array();
  for (const ExitSum& sum : sums) {
    exits.push_back(
        {{key, sum.reason}, {"count", sum.exits}, {"handled", sum.handled}, {"cycles", sum.cycles}});
  }
  return exits;
}

Json window_json(const RunWindow& window) {
  double count = 0;
  for (const ExitSum& sum : window.exits) count += static_cast<double>(sum.exits);
  return {{"seconds", window.seconds},
          {"cycles", window.cycles},
          {"ledger", ledger_json(window.ledger)},
          {"exits", exits_json(window.exits, "reason")},
          {"exit_classes", exits_json(window.exit_classes, "class")},
          {"exits_per_second", per_second(count, window)}};
}

Json log_json(const WorkloadLog& log) {
  Json phases = Json::object();
  for (const PhaseResult& phase : log.phases)
    phases[phase.name] = static_cast<double>(phase.nanoseconds) * 1e-9;
  return {{"start_seconds", static_cast<double>(log.start_nanoseconds) * 1e-9},
          {"memory_bytes", log.memory},
          {"phase_seconds", phases}};
}

/// Of a phase that moves bytes, bytes a second; of one that takes steps, the time of one.
void add_rate(Json& json, const PhaseResult& phase, double seconds) {
  if (seconds <= 0) return;
  if (phase.bytes != 0)
    json["bytes_per_second"] = static_cast<double>(phase.bytes) / seconds;
  else if (phase.steps != 0)
    json["step_seconds"] = seconds / static_cast<double>(phase.steps);
}

Json ratio_json(double value, double reference) { return reference > 0 ? Json(value / reference) : Json(); }

Json way_json(const std::vector<MeasuredRun>& runs, const MeasuredRun& run) {
  const MeasuredRun& base = baseline(runs, run);
  Json phases = Json::array();
  for (const PhaseResult& phase : run.log.phases) {
    const double seconds = phase_seconds(run, phase.name), reference = phase_seconds(base, phase.name);
    phases.push_back({{"name", phase.name},
                      {"seconds", seconds},
                      {"ratio", ratio_json(seconds, reference)},
                      {"hash", fmt::format("{:016x}", phase.hash)}});
    add_rate(phases.back(), phase, seconds);
  }
  Json phase_work = Json::array();
  for (const RunWindow& window : run.phases) phase_work.push_back(window_json(window));
  Json way = {{"name", run.way},
              {"title", way_title(run)},
              {"place", run.place},
              {"variant", run.variant},
              {"processor", run.processor},
              {"processors", run.processors},
              {"phases", phases},
              {"phases_seconds", workload_seconds(run)},
              {"phases_ratio", ratio_json(workload_seconds(run), workload_seconds(base))},
              {"exits", run.exits},
              {"ledger", ledger_json(run.ledger)},
              {"work", window_json(run.work)},
              {"phase_work", phase_work},
              {"instructions", run.instructions},
              {"cycles", run.cycles},
              {"seconds", run.seconds},
              {"start_seconds", start_seconds(run)},
              {"launched_seconds", run.launched},
              {"launch_seconds", launch_seconds(run)},
              {"power_on_seconds", power_on_seconds(run)},
              {"memory_per_instance", instance_memory(run)},
              {"vcpus", run.vcpus},
              {"io", run.io},
              {"costs", run.costs},
              {"instances", Json::array({log_json(run.log)})}};
  for (const WorkloadLog& log : run.others) way["instances"].push_back(log_json(log));
  if (!run.failure.empty()) way["failure"] = run.failure;
  return way;
}

}  // namespace

Json comparison_json(const Comparison& comparison) {
  Json ways = Json::array(), verdicts = Json::array();
  for (const MeasuredRun& run : comparison.runs) ways.push_back(way_json(comparison.runs, run));
  for (const analysis::Verdict& verdict : comparison.verdicts) verdicts.push_back(verdict_json(verdict));
  return {{"schema", "hvlab.comparison/1"},
          {"ways", ways},
          {"density", density_json(comparison.runs)},
          {"differences", differences_json(comparison.runs)},
          {"verdicts", verdicts},
          {"missing", comparison.missing}};
}

}  // namespace hvlab::lab
