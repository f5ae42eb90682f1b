// What one run of the workload measured: the statistics and the console of a run directory, read back.
#pragma once

#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "sim/analysis/measurement.hpp"
#include "sim/base/types.hpp"
#include "sim/lab/workload_log.hpp"
#include "sim/scenario/scenario.hpp"

namespace hvlab::record {
class RunReader;
}

namespace hvlab::lab {

/// Account and cycles, as the statistics list them.
using LedgerRows = std::vector<std::pair<std::string, u64>>;

/// Exits of one reason, or of one class, of all virtual processors.
struct ExitSum {
  std::string reason;  // or the class
  u64 exits = 0;
  u64 handled = 0;  // those after which the guest ran again
  u64 cycles = 0;   // until it did
};

/// A part of a run.
struct RunWindow {
  double seconds = 0;  // simulated
  u64 cycles = 0;      // of all processors; the sum of the ledger
  LedgerRows ledger;
  std::vector<ExitSum> exits;                 // by reason
  std::vector<analysis::MachineWaits> waits;  // observe::VcpuWaits saw them
  std::vector<ExitSum> exit_classes = {};     // the exits by class
};

/// One way of running the workload, run once with so many processors.
struct MeasuredRun {
  std::string way;        // or teaching system, or kernel
  bool teaching = false;  // `way` is a teaching system
  std::string variant;    // what else its cell has of its own: "disks=#2"; empty: nothing
  std::string title;      // of its scenario
  std::string title_ja;   // the same in Japanese; may be empty
  std::string scheduler;  // of its hypervisor; empty: it has none
  std::string kernel;     // the file's name
  std::string processor;  // the profile
  unsigned processors = 1;
  double memory = 0;                  // of the machine, in bytes; 0: not known
  double guest_memory = 0;            // of an instance's virtual machine (mean); 0: none, or not known
  size_t place = 0;                   // among the runs that are compared, as they were given
  WorkloadLog log;                    // of the first instance
  std::vector<WorkloadLog> others;    // of the further ones
  std::vector<std::string> programs;  // of the instances, in the workload's place; empty: the workload's own
  u64 instructions = 0;
  u64 cycles = 0;      // of all processors
  double seconds = 0;  // simulated
  LedgerRows ledger;
  nlohmann::ordered_json exits = nlohmann::ordered_json::array();
  nlohmann::ordered_json vcpus = nlohmann::ordered_json::array();
  nlohmann::ordered_json io = nlohmann::ordered_json::array();  // disk requests hop by hop (docs/io-path.md)
  nlohmann::ordered_json costs =
      nlohmann::ordered_json::array();  // that it rests on (sim/lab/cost_origins.hpp)
  RunWindow work;                       // while an instance of the workload was in a phase
  std::vector<RunWindow> phases;        // each phase, in the order of the log's; empty with several instances
  double launched = 0;                  // when the way's own part began: simulated seconds since power-on
  std::vector<double> started;          // when the workload did, in the order in which instances said so
  std::vector<size_t> killed;           // instances, from 0, that the scenario ends early
  bool whole_workload = true;           // false: another program ran in its place
  std::string failure;                  // empty: it went well
};

/// What runs in the workload's place in each instance of the cell; empty texts: nothing does.
std::vector<std::string> programs_of(const scenario::Cell& cell);

/// Fills in what `hvlab boot --stats` wrote. Throws UserError if it is not such a file.
void read_statistics(const std::string& text, MeasuredRun& run);

/// What the cell says of the run: its way, scheduler, programs, memory, who is killed.
void describe_cell(const scenario::Cell& cell, MeasuredRun& run);

/// A run without cells, from its directory: what ran, what it measured, and as `failure` how it ended if that
/// was not by switching the machine off. Throws UserError if a file is damaged.
MeasuredRun read_run_directory(const record::RunReader& run);

/// Sets `failure` of each run of which an instance ended early, or has not the phases of the first instance
/// of the same family and program with its hashes; killed instances and other programs without phases are not
/// looked at. With other options a program computes something else: each command line is one of its own.
/// The first of the second family is held to the phases that it has in common with the first of the other.
void check_runs(std::vector<MeasuredRun>& runs);

/// What a run is compared with: the first way listed with as many processors, by_processor() of the same
/// model. `runs` is not empty.
const MeasuredRun& baseline(const std::vector<MeasuredRun>& runs, const MeasuredRun& of);

/// The profile's file: "amd-zen2" of "amd-zen2,-npt".
std::string processor_model(const MeasuredRun& run);

/// Several ways ran on each of several processors: each processor's runs are then looked at for themselves.
bool by_processor(const std::vector<MeasuredRun>& runs);

/// How many of the workload there were.
size_t instances(const MeasuredRun& run);

/// The most memory that an instance needed (mean), in bytes; 0 if nobody counted.
double instance_memory(const MeasuredRun& run);

/// Seconds on the machine's clock from when the way's own part began (a runtime, a virtual machine's program)
/// until the workload did (mean of the instances).
double launch_seconds(const MeasuredRun& run);

/// Seconds on the clock of the system that the workload runs in: of a phase (mean of the instances that had
/// it), of all (of those that had any), and before the workload started (of those in which it did). 0 if
/// there is none.
double phase_seconds(const MeasuredRun& run, const std::string& name);
double workload_seconds(const MeasuredRun& run);
double start_seconds(const MeasuredRun& run);

/// Seconds on the machine's clock from power-on until the workload started (mean of the instances).
double power_on_seconds(const MeasuredRun& run);

/// Cycles of an account; 0 if it is not listed.
u64 account_cycles(const LedgerRows& ledger, const std::string& account);

}  // namespace hvlab::lab
