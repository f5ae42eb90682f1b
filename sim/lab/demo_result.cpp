#include "sim/lab/demo_result.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "sim/base/user_error.hpp"

namespace hvlab::lab {

using Json = nlohmann::ordered_json;

const PhaseResult* find_phase(const WayRun& run, const std::string& name) {
  for (const PhaseResult& phase : run.log.phases) {
    if (phase.name == name) return &phase;
  }
  return nullptr;
}

/// What a run is compared with: the first way listed with as many processors.
const WayRun& baseline(const std::vector<WayRun>& runs, unsigned processors) {
  const auto same = [&](const WayRun& run) { return run.processors == processors; };
  const auto found = std::ranges::find_if(runs, same);
  return found == runs.end() ? runs.front() : *found;
}

double phase_seconds(const WayRun& run, const std::string& name) {
  const PhaseResult* phase = find_phase(run, name);
  return phase == nullptr ? 0 : static_cast<double>(phase->nanoseconds) * 1e-9;
}

double workload_seconds(const WayRun& run) {
  u64 sum = 0;
  for (const PhaseResult& phase : run.log.phases) sum += phase.nanoseconds;
  return static_cast<double>(sum) * 1e-9;
}

double start_seconds(const WayRun& run) { return static_cast<double>(run.log.start_nanoseconds) * 1e-9; }

namespace {

void compare_hashes(const WayRun& first, WayRun& run) {
  for (const PhaseResult& expected : first.log.phases) {
    const PhaseResult* phase = find_phase(run, expected.name);
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

void read_statistics(const std::string& text, WayRun& run) {
  try {
    const Json stats = Json::parse(text);
    run.instructions = stats.at("instructions").get<u64>();
    run.cycles = stats.at("cycles").get<u64>();
    run.seconds = stats.at("seconds").get<double>();
    for (const auto& [account, cycles] : stats.at("ledger").items())
      run.ledger.emplace_back(account, cycles.get<u64>());
    run.exits = stats.at("exits");
  } catch (const nlohmann::json::exception& error) {
    throw UserError(std::string("statistics of a run: ") + error.what());
  }
}

void check_runs(std::vector<WayRun>& runs) {
  const WayRun* first = nullptr;
  for (WayRun& run : runs) {
    if (run.failure.empty() && !run.log.done) {
      run.failure = run.log.size.empty() ? "the workload did not start" : "the workload did not finish";
    }
    if (!run.failure.empty()) continue;
    if (first == nullptr) first = &run;
    compare_hashes(*first, run);
  }
}

Json format_json(const std::vector<WayRun>& runs) {
  Json ways = Json::array();
  for (const WayRun& run : runs) {
    const WayRun& base = baseline(runs, run.processors);
    Json phases = Json::array();
    for (const PhaseResult& phase : run.log.phases) {
      const double seconds = static_cast<double>(phase.nanoseconds) * 1e-9,
                   reference = phase_seconds(base, phase.name);
      phases.push_back({{"name", phase.name},
                        {"seconds", seconds},
                        {"ratio", reference > 0 ? Json(seconds / reference) : Json()},
                        {"hash", fmt::format("{:016x}", phase.hash)}});
    }
    Json ledger = Json::object();
    for (const auto& [account, cycles] : run.ledger) ledger[account] = cycles;
    Json way = {{"name", run.way},
                {"processors", run.processors},
                {"phases", phases},
                {"exits", run.exits},
                {"ledger", ledger},
                {"instructions", run.instructions},
                {"cycles", run.cycles},
                {"seconds", run.seconds},
                {"start_seconds", start_seconds(run)}};
    if (!run.failure.empty()) way["failure"] = run.failure;
    ways.push_back(std::move(way));
  }
  return {{"ways", ways}};
}

}  // namespace hvlab::lab
