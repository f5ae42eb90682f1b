// What the runs of `hvlab demo` left, and how it is told: one table, or JSON.
#pragma once

#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "sim/base/types.hpp"
#include "sim/lab/workload_log.hpp"

namespace hvlab::lab {

/// One way of running the workload, run once with so many processors.
struct WayRun {
  std::string way;
  unsigned processors = 1;
  WorkloadLog log;
  u64 instructions = 0;
  u64 cycles = 0;      // of all processors
  double seconds = 0;  // simulated
  double host_seconds = 0;
  std::vector<std::pair<std::string, u64>> ledger;  // account and cycles, as the statistics list them
  nlohmann::ordered_json exits = nlohmann::ordered_json::array();
  std::string failure;  // empty: it went well
};

/// Fills in what `hvlab boot --stats` wrote. Throws UserError if it is not such a file.
void read_statistics(const std::string& text, WayRun& run);

/// Sets `failure` of each run whose workload ended early, or that has not the phases of the first run with
/// its hashes.
void check_runs(std::vector<WayRun>& runs);

/// The phase of that name, or null.
const PhaseResult* find_phase(const WayRun& run, const std::string& name);

/// What runs with so many processors are compared with: the first way listed with as many. `runs` is not
/// empty.
const WayRun& baseline(const std::vector<WayRun>& runs, unsigned processors);

/// Seconds on the clock of the system that the workload runs in: of a phase, of all, and before the workload
/// started.
double phase_seconds(const WayRun& run, const std::string& name);
double workload_seconds(const WayRun& run);
double start_seconds(const WayRun& run);

/// Every run's times side by side: phases, their ratio to the first way with as many processors, and the
/// ledger.
std::string format_table(const std::vector<WayRun>& runs);

/// {"ways": [{"name", "processors", "phases": [{"name", "seconds", "ratio", "hash"}], "exits", "ledger",
/// ...}]}.
nlohmann::ordered_json format_json(const std::vector<WayRun>& runs);

}  // namespace hvlab::lab
