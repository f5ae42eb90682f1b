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
  WorkloadLog log;                  // of the first instance
  std::vector<WorkloadLog> others;  // of the further ones
  u64 instructions = 0;
  u64 cycles = 0;      // of all processors
  double seconds = 0;  // simulated
  double host_seconds = 0;
  std::vector<std::pair<std::string, u64>> ledger;  // account and cycles, as the statistics list them
  nlohmann::ordered_json exits = nlohmann::ordered_json::array();
  nlohmann::ordered_json vcpus = nlohmann::ordered_json::array();
  double launched = 0;          // when the way's own part began: simulated seconds since power-on
  std::vector<double> started;  // when the workload did, in the order in which instances said so
  std::string failure;          // empty: it went well
};

/// Fills in what `hvlab boot --stats` wrote. Throws UserError if it is not such a file.
void read_statistics(const std::string& text, WayRun& run);

/// Sets `failure` of each run of which an instance ended early, or has not the phases of the first run with
/// its hashes.
void check_runs(std::vector<WayRun>& runs);

/// What runs with so many processors are compared with: the first way listed with as many. `runs` is not
/// empty.
const WayRun& baseline(const std::vector<WayRun>& runs, unsigned processors);

/// How many of the workload there were.
size_t instances(const WayRun& run);

/// The most memory that an instance needed (mean), in bytes; 0 if nobody counted.
double instance_memory(const WayRun& run);

/// Seconds on the machine's clock from when the way's own part began (a runtime, a virtual machine's program)
/// until the workload did (mean of the instances).
double launch_seconds(const WayRun& run);

/// Seconds on the clock of the system that the workload runs in (mean of the instances): of a phase, of all,
/// and before the workload started.
double phase_seconds(const WayRun& run, const std::string& name);
double workload_seconds(const WayRun& run);
double start_seconds(const WayRun& run);

/// Every run's times side by side: phases, their ratio to the first way with as many processors, and the
/// ledger.
std::string format_table(const std::vector<WayRun>& runs);

/// The exits of virtual machines by reason, those that cost most first; empty if there were none.
std::string format_exits(const WayRun& run);

/// {"ways": [{"name", "processors", "phases": [{"name", "seconds", "ratio", "hash"}], "exits", "ledger",
/// ...}]}.
nlohmann::ordered_json format_json(const std::vector<WayRun>& runs);

}  // namespace hvlab::lab
