#include "sim/lab/demo_result.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace hvlab::lab {

using Json = nlohmann::ordered_json;

/// What a run is compared with: the first way listed with as many processors.
const WayRun& baseline(const std::vector<WayRun>& runs, unsigned processors) {
  const auto same = [&](const WayRun& run) { return run.processors == processors; };
  const auto found = std::ranges::find_if(runs, same);
  return found == runs.end() ? runs.front() : *found;
}

size_t instances(const WayRun& run) { return 1 + run.others.size(); }

namespace {

/// The mean over the instances of what `value` says of each.
template <class Value>
double mean(const WayRun& run, Value value) {
  double sum = static_cast<double>(value(run.log));
  for (const WorkloadLog& log : run.others) sum += static_cast<double>(value(log));
  return sum / static_cast<double>(instances(run));
}

u64 phase_nanoseconds(const WorkloadLog& log, const std::string& name) {
  for (const PhaseResult& phase : log.phases) {
    if (phase.name == name) return phase.nanoseconds;
  }
  return 0;
}

u64 all_nanoseconds(const WorkloadLog& log) {
  u64 sum = 0;
  for (const PhaseResult& phase : log.phases) sum += phase.nanoseconds;
  return sum;
}

}  // namespace

double phase_seconds(const WayRun& run, const std::string& name) {
  return mean(run, [&](const WorkloadLog& log) { return phase_nanoseconds(log, name); }) * 1e-9;
}

double workload_seconds(const WayRun& run) { return mean(run, all_nanoseconds) * 1e-9; }

double start_seconds(const WayRun& run) {
  return mean(run, [](const WorkloadLog& log) { return log.start_nanoseconds; }) * 1e-9;
}

double instance_memory(const WayRun& run) {
  return mean(run, [](const WorkloadLog& log) { return log.memory; });
}

double launch_seconds(const WayRun& run) {
  double sum = 0;
  for (const double started : run.started) sum += started - run.launched;
  return run.started.empty() ? 0 : sum / static_cast<double>(run.started.size());
}

double power_on_seconds(const WayRun& run) {
  double sum = 0;
  for (const double started : run.started) sum += started;
  return run.started.empty() ? 0 : sum / static_cast<double>(run.started.size());
}

u64 account_cycles(const LedgerRows& ledger, const std::string& account) {
  const auto found = std::ranges::find(ledger, account, &LedgerRows::value_type::first);
  return found == ledger.end() ? 0 : found->second;
}

namespace {

const PhaseResult* find_phase(const WorkloadLog& log, const std::string& name) {
  const auto found =
      std::ranges::find_if(log.phases, [&](const PhaseResult& phase) { return phase.name == name; });
  return found == log.phases.end() ? nullptr : &*found;
}

void compare_hashes(const WayRun& first, WayRun& run, const WorkloadLog& log) {
  for (const PhaseResult& expected : first.log.phases) {
    const PhaseResult* phase = find_phase(log, expected.name);
    if (phase == nullptr) {
      run.failure = "phase " + expected.name + " is missing";
    } else if (phase->hash != expected.hash) {
      run.failure = fmt::format("phase {} computed {:016x}, but {:016x} with {} on {}", expected.name,
                                phase->hash, expected.hash, first.way, first.processors);
    }
    if (!run.failure.empty()) return;
  }
}

}  // namespace

void check_runs(std::vector<WayRun>& runs) {
  const WayRun* first = nullptr;
  const auto check_log = [&](WayRun& run, const WorkloadLog& log) {
    if (run.failure.empty() && !log.done)
      run.failure = log.size.empty() ? "the workload did not start" : "the workload did not finish";
    if (run.failure.empty() && first != nullptr) compare_hashes(*first, run, log);
  };
  for (WayRun& run : runs) {
    check_log(run, run.log);
    if (run.failure.empty() && first == nullptr) first = &run;
    for (const WorkloadLog& log : run.others) check_log(run, log);
  }
}

namespace {

Json ledger_json(const LedgerRows& rows) {
  Json ledger = Json::object();
  for (const auto& [account, cycles] : rows) ledger[account] = cycles;
  return ledger;
}

Json window_json(const RunWindow& window) {
  Json exits = Json::array();
  for (const ExitSum& sum : window.exits) {
    exits.push_back(
        {{"reason", sum.reason}, {"count", sum.exits}, {"handled", sum.handled}, {"cycles", sum.cycles}});
  }
  return {{"seconds", window.seconds},
          {"cycles", window.cycles},
          {"ledger", ledger_json(window.ledger)},
          {"exits", exits}};
}

Json log_json(const WorkloadLog& log) {
  Json phases = Json::object();
  for (const PhaseResult& phase : log.phases)
    phases[phase.name] = static_cast<double>(phase.nanoseconds) * 1e-9;
  return {{"start_seconds", static_cast<double>(log.start_nanoseconds) * 1e-9},
          {"memory_bytes", log.memory},
          {"phase_seconds", phases}};
}

}  // namespace

Json format_json(const std::vector<WayRun>& runs) {
  Json ways = Json::array();
  for (const WayRun& run : runs) {
    const WayRun& base = baseline(runs, run.processors);
    Json phases = Json::array();
    for (const PhaseResult& phase : run.log.phases) {
      const double seconds = phase_seconds(run, phase.name), reference = phase_seconds(base, phase.name);
      phases.push_back({{"name", phase.name},
                        {"seconds", seconds},
                        {"ratio", reference > 0 ? Json(seconds / reference) : Json()},
                        {"hash", fmt::format("{:016x}", phase.hash)}});
    }
    Json phase_work = Json::array();
    for (const RunWindow& window : run.phases) phase_work.push_back(window_json(window));
    Json way = {{"name", run.way},
                {"processors", run.processors},
                {"phases", phases},
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
                {"instances", Json::array({log_json(run.log)})}};
    for (const WorkloadLog& log : run.others) way["instances"].push_back(log_json(log));
    if (!run.failure.empty()) way["failure"] = run.failure;
    ways.push_back(std::move(way));
  }
  return {{"ways", ways}};
}

}  // namespace hvlab::lab
