// What a run measured, as claims look at it: plain numbers, wherever they come from.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <vector>

namespace hvlab::analysis {

struct PhaseTime {
  std::string name;
  double seconds = 0;                    // mean of the instances
  std::map<std::string, double> ledger;  // seconds of all processors' time by account; empty: not measured
};

/// How the virtual processors of a machine ran beside each other while the workload was in a phase: seconds
/// in which at least one of them ...
struct MachineWaits {
  unsigned vm = 0;            // from 1
  double runnable = 0;        // ran, or could
  double beside_idle = 0;     // could, and did not, while a processor had nothing to do
  double partly_running = 0;  // could, and did not, while another one did
};

/// A virtual machine's move to another process or host while it ran, as the virtual machine monitor tells it.
struct Move {
  bool completed = false;
  double seconds = 0;   // from its beginning until the machine ran at its new place
  double downtime = 0;  // in which it ran nowhere
  double bytes = 0;     // of its memory, sent; more than it has if pages were sent again
  unsigned rounds = 0;  // passes over what had changed
};

/// What became of one instance.
struct InstanceResult {
  std::string program;                                        // in the workload's place; empty: the workload
  bool done = false;                                          // it said so itself
  double seconds = 0;                                         // of its phases together
  std::vector<std::pair<std::string, std::uint64_t>> hashes;  // of what each phase computed
  // NOLINTNEXTLINE(readability-redundant-member-init): whoever makes one may leave it out
  std::vector<Move> moves = {};
};

/// A run of many hosts: what is other in it than in its scenario's other runs ("peak": "0.5"), and what it
/// came to, as named numbers (`hvlab list metrics`), times in seconds.
struct ClusterRun {
  std::map<std::string, std::string> settings;
  std::map<std::string, double> metrics;
};

/// What a processor has for virtual machines.
enum class Assistance { None, Guests, NestedPaging };

/// One workload in one way of running it.
struct Measurement {
  std::string way;
  std::string processor;  // the machine's profile
  Assistance assistance = Assistance::None;
  unsigned processors = 1;
  unsigned instances = 1;
  std::vector<PhaseTime> phases;
  /// Mean seconds of a write to the disk by the place where the time passed ("guest-kernel", "exit", "entry",
  /// "hypervisor", "host-kernel", "host-user", "medium", ...); empty: not measured.
  std::map<std::string, double> disk_write;
  double busy_seconds = 0;            // all processors' time that was not idle, over the whole run
  double memory_each = 0;             // bytes that an instance needed at most; 0: not measured
  double memory = 0;                  // bytes of the machine; 0: not known
  std::string scheduler;              // policy of a teaching hypervisor; empty: it has none
  std::vector<InstanceResult> each;   // by number
  std::vector<MachineWaits> waits;    // of its virtual machines; empty: not measured
  std::optional<ClusterRun> cluster;  // of many hosts: nothing else of this is there
};

using Measurements = std::span<const Measurement>;

/// The measurement of `way` with so many processors and instances, or null.
const Measurement* find(Measurements all, const std::string& way, unsigned processors,
                        unsigned instances = 1);

/// The numbers of processors with which every one of `ways` was measured with one instance, ascending.
std::vector<unsigned> common_processors(Measurements all, const std::vector<std::string>& ways);

/// Seconds of the phase; 0 if it was not measured.
double phase_seconds(const Measurement& measurement, const std::string& name);

/// Seconds of all phases together.
double total_seconds(const Measurement& measurement);

}  // namespace hvlab::analysis
