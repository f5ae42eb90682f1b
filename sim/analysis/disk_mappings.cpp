// H10. The same machines with their disks as files of a cluster file system, and mapped raw in virtual and in
// physical compatibility: requests, processor time for each, a snapshot, the disk moved to another datastore
// while they run.
#include <fmt/format.h>

#include <algorithm>

#include "sim/analysis/cluster_run.hpp"

namespace hvlab::analysis {

namespace {

constexpr const char* kFiles = "disks.files";  // machines with such disks at the beginning
constexpr const char* kVirtual = "disks.raw.virtual";
constexpr const char* kPhysical = "disks.raw.physical";
constexpr const char* kRequests = "window.calm.machines.requests";
constexpr const char* kCycles = "window.calm.machines.request.cycles";  // of the host, for each
constexpr const char* kSnapshotsAsked = "orders.snapshots.asked";
constexpr const char* kSnapshots = "orders.snapshots.done";
constexpr const char* kMovesAsked = "orders.disk-moves.asked";
constexpr const char* kMoves = "moves.disks";
constexpr const char* kConverted = "disks.converted";

bool is_file(const ClusterRun& run) {
  return value(run, kFiles) > 0 && value(run, kVirtual) + value(run, kPhysical) == 0;
}
bool is_raw(const ClusterRun& run) {
  return value(run, kFiles) == 0 && value(run, kVirtual) + value(run, kPhysical) > 0;
}

/// What one kind of mapping is beside files.
struct Part {
  bool more_requests = false, less_time = false, no_snapshots = false, hard_to_move = false, converts = false;
  bool faster() const { return more_requests || less_time; }
  bool all() const { return faster() && no_snapshots && hard_to_move; }
};

Part part_of(const RunPair& pair) {
  const ClusterRun &raw = *pair.one, &file = *pair.other;
  Part part;
  part.more_requests = compare(value(raw, kRequests), value(file, kRequests)) > 0;
  part.less_time = compare(value(raw, kCycles), value(file, kCycles)) < 0 && !part.more_requests;
  part.no_snapshots = value(raw, kSnapshots) == 0 && value(file, kSnapshots) > 0;
  // What moves only as a file is a raw mapping no more.
  part.converts = value(raw, kConverted) > 0;
  part.hard_to_move = value(raw, kMoves) - value(raw, kConverted) < value(file, kMoves);
  return part;
}

std::string words(const RunPair& pair, const Part& part) {
  const double requests = times(value(*pair.one, kRequests), value(*pair.other, kRequests));
  const double cycles = times(value(*pair.one, kCycles), value(*pair.other, kCycles));
  return fmt::format(
      " {} compatibility{}: x{:.2f} of the requests, x{:.3f} of the processor time for each; snapshots {}; "
      "to another "
      "datastore {}.",
      value(*pair.one, kPhysical) > 0 ? "Physical" : "Virtual", in_brackets(pair.settings), requests, cycles,
      part.no_snapshots ? "are refused" : "work",
      part.converts       ? "it goes as a file from then on"
      : part.hard_to_move ? "it does not go"
                          : "it goes");
}

void note_figures(const ClusterRun& run, Verdict& verdict) {
  const std::string with = in_brackets(run.settings);
  const auto add = [&](const std::string& what, const char* metric, const char* unit) {
    const auto same = [&](const Figure& figure) { return figure.what == what + with; };
    if (!run.metrics.contains(metric) || std::ranges::any_of(verdict.figures, same)) return;
    verdict.figures.push_back({what + with, value(run, metric), unit});
  };
  add("requests served in the calm hour", kRequests, "");
  add("cycles of the host for a request", kCycles, "");
  add("of the calm hour's requests, with a snapshot", "window.snapshot.machines.requests", "");
  if (value(run, kMoves) > 0) add("the longest move of a disk", "moves.time.longest", "s");
}

}  // namespace

Verdict judge_disk_mappings(Measurements all) {
  Verdict verdict{"H10",
                  "raw device mapping is faster, without snapshots, hard to move",
                  Word::CannotBeTested,
                  "it takes machines with disks as files and mapped raw, which are asked for requests, a "
                  "snapshot and a move",
                  {},
                  {"how much processor time a file system takes for a request is not measured here: it is a "
                   "figure of the "
                   "scenario (VMware's study of 2008: 5 % for random requests, 8 % for sequential ones)",
                   "snapshots of the array itself, and disks shared by two machines, for which raw mappings "
                   "are made, are "
                   "not looked at"}};
  const ClusterRuns runs = cluster_runs(all, {kFiles, kVirtual, kPhysical, kRequests, kCycles,
                                              kSnapshotsAsked, kSnapshots, kMovesAsked, kMoves, kConverted});
  std::vector<Outcome> outcomes;
  std::string text;
  for (const RunPair& pair : pairs(runs, is_raw, is_file)) {
    // The file's run must have been asked, and can do both: else nothing is told apart.
    if (value(*pair.other, kSnapshots) == 0 || value(*pair.other, kMoves) == 0) continue;
    if (value(*pair.one, kSnapshotsAsked) == 0 || value(*pair.one, kMovesAsked) == 0) continue;
    const Part part = part_of(pair);
    outcomes.push_back({pair.settings, part.all()});
    text += words(pair, part);
    note_figures(*pair.one, verdict);
    note_figures(*pair.other, verdict);
  }
  if (outcomes.empty()) return verdict;
  verdict.word = word_of(outcomes);
  verdict.text = under(outcomes, text);
  return verdict;
}

}  // namespace hvlab::analysis
