// A scenario as plain data: what is left when everything has been checked.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "sim/scenario/cells.hpp"
#include "sim/scenario/value.hpp"
#include "sim/scenario/vocabulary.hpp"

namespace hvlab::scenario {

struct Image {
  std::string file;       // as the file says it; see Scenario::folder
  std::string sha256;     // empty: any
  std::string arguments;  // of a multiboot module
};

struct Disk {
  Image image;   // of no name: an empty disk
  u64 size = 0;  // of an empty disk, in bytes
  std::string profile, interface;
};

struct Nic {
  std::string model, backend, link;
};

struct Machine {
  std::string processor;
  std::vector<std::string> without;
  std::vector<std::pair<std::string, u64>> costs;
  unsigned cores = 1;
  u64 memory = 0;  // bytes
  std::string timing;
  u64 slice = 0;
  std::vector<Disk> disks;
  std::vector<Nic> nics;
};

struct Software {
  std::string way;                         // empty: a model or a kernel
  std::string model;                       // a teaching system
  std::string devices, paging, scheduler;  // of a model that makes virtual machines; else empty
  std::string pages;                       // likewise
  std::string transmit, receive,
      offload;  // of a model whose cards are split, offload of bare too; else empty
  Picoseconds skew = 0;
  std::string registers, frames;  // of a hosted model; else empty
  u64 sends = 1;
  Picoseconds tick = 0;        // of a model's kernels; 0: none
  bool debian_kernel = false;  // that of the ways
  Image kernel;
  Image iso;                 // that firmware boots from
  std::string iso_profile;   // of its drive
  std::optional<Disk> disk;  // that firmware boots from
  Image firmware;            // of no name: Debian's
  std::vector<Image> initrds;
  std::string loader, append;
};

struct Vm {
  unsigned vcpus = 1;
  u64 memory = 0;  // bytes
  u64 shares = 100;
  double limit = 0;                      // processors; 0: none
  std::string cores;                     // empty: all
  std::string devices, paging, program;  // of a model; empty: as the software and the workload say
  double reservation = 0;                // processors
  u64 memory_reservation = 0;            // bytes
};

/// What an event does to a vm.
inline constexpr const char* kEventKinds[] = {"pause", "resume", "kill", "unplug", "plug", "move", "change"};

struct TimedEvent {
  Picoseconds at = 0;
  std::string what;  // of kEventKinds
  unsigned vm = 0;   // from 1
  // Of a change, what is other from then on.
  std::optional<u64> shares;
  std::optional<double> limit, reservation;
  std::string cores;
  Place place;
};

struct Reference {
  double value = 0, within = 0;
  std::string source;
};

enum class Subject : u8 { Metric, Console, Log, SameResults, SameEverything };

/// Which occurrences in a cluster's log are meant; what is empty does not choose.
struct LogChoice {
  std::vector<std::string> hosts, machines;  // one of these: a group is all of its members
  std::string datastore, reason;
  std::optional<Picoseconds> at;
  std::string since;  // occurrence from whose last one before `at` counts
  Picoseconds within = 0;
};

/// Something that must hold. Bounds are in the metric's smallest unit, or ratios.
struct Expectation {
  Subject subject = Subject::Metric;
  std::string name;  // the metric, the text on the console, or the occurrence in the log
  LogChoice log;
  unsigned vm = 0;  // whose console; 0: the machine's
  MetricUnit unit = MetricUnit::Count;
  std::vector<Setting> in;       // the cells that it is about
  std::vector<Setting> against;  // empty, or what is other in the cell that the figure is divided by
  std::optional<double> at_least, at_most, equals;
  std::optional<Reference> reference;
  std::string why;
  Place place;
};

/// How a cluster's run ends: its length is over.
inline constexpr const char* kClusterEnding = "complete";

/// One run.
struct Cell {
  std::string label;  // "way=kvm,cores=2"; empty if there is only one
  std::vector<Setting> settings;
  Machine machine;
  Software software;
  std::string workload;             // "quick" or "full"; empty without a way or a model
  std::vector<std::string> phases;  // of the workload; none: all
  std::string program;              // instead of the workload; empty: none
  bool pings = false;               // it has the phase ping
  unsigned instances = 1;
  std::vector<Vm> vms;
  std::vector<TimedEvent> events;
  u64 seed = 1;
  i64 clock = 0;  // seconds since 1970
  Picoseconds most_time = 0;
  u64 most_instructions = ~u64{0};
  std::string recording;  // "off", "summary" or "full"
  std::string ending;
  bool cluster = false;  // many hosts, which `resolved` describes under "cluster"; nothing else of the above
                         // but seed and ending holds
  Value resolved;        // everything with its origins
};

struct Scenario {
  std::string name;     // the file's, without folder and ending
  std::string folder;   // that its paths are relative to
  std::string content;  // of the file, as it was given
  std::string title, title_ja;
  std::vector<Cell> cells;
  std::vector<Expectation> expectations;
  std::string claim;                  // its id; empty: none
  std::vector<std::string> verdicts;  // those that are expected; none: any
};

/// A value that the command line sets over the file's: "machine.cores=2".
struct Override {
  std::string path, value;
};

/// Reads a scenario. `file` is its name, for messages, its own name and its folder. Nothing is returned if
/// there is anything wrong with it, which `problems` then has.
std::optional<Scenario> read_scenario(const std::string& file, const std::string& content,
                                      const std::vector<Override>& overrides, const Vocabulary& vocabulary,
                                      Problems& problems);

/// A processor as profiles are asked for: "amd-zen2,-npt".
std::string profile_of(const Machine& machine);

/// The cell that has the settings of `cell` with those of `against` in their place; null if there is none.
const Cell* counterpart(const Scenario& scenario, const Cell& cell, const std::vector<Setting>& against);

/// Whether `cell` has all of `settings`, by the axes that it comes from.
bool has_settings(const Cell& cell, const std::vector<Setting>& settings);

}  // namespace hvlab::scenario
