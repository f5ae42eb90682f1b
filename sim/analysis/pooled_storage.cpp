// H19. The same machines with their disks in a pool of the hosts' own and on an array, through the same
// faults: does the pool do all that the shared store does, and at what cost?
#include <fmt/format.h>

#include <algorithm>

#include "sim/analysis/cluster_run.hpp"

namespace hvlab::analysis {

namespace {

constexpr const char* kPooled = "disks.pooled";
constexpr const char* kRunning = "machines.running";
constexpr const char* kMachines = "machines.count";
constexpr const char* kMoves = "moves.done";
constexpr const char* kDisks = "moves.disks";
constexpr const char* kLost = "data.lost";
constexpr const char* kDown = "machines.downtime.longest";
// Before anything breaks.
constexpr const char* kResponse = "window.calm.disks.response";
constexpr const char* kCycles = "window.calm.machines.request.cycles";
constexpr const char* kRequests = "window.calm.machines.requests";

bool pooled(const ClusterRun& run) { return value(run, kPooled) == value(run, kMachines); }
bool on_array(const ClusterRun& run) { return value(run, kPooled) == 0 && value(run, "disks.local") == 0; }

// Machines move without their disks' being copied, all that run with the array run, and no data is lost that
// is not lost there.
bool is_one_shared_store(const RunPair& pair) {
  const ClusterRun &pool = *pair.one, &array = *pair.other;
  return value(pool, kMoves) > 0 && value(pool, kDisks) == 0 &&
         value(pool, kRunning) >= value(array, kRunning) && value(pool, kLost) <= value(array, kLost);
}

std::string ratio(const RunPair& pair, const char* metric) {
  return fmt::format("x{:.2f}", times(value(*pair.one, metric), value(*pair.other, metric)));
}

void note_figures(const RunPair& pair, Verdict& verdict) {
  const std::string with = in_brackets(pair.settings);
  const auto add = [&](const char* what, const char* metric, const char* unit = "") {
    verdict.figures.push_back({fmt::format("{}, pool{}", what, with), value(*pair.one, metric), unit});
    verdict.figures.push_back({fmt::format("{}, array{}", what, with), value(*pair.other, metric), unit});
  };
  add("machines that run at the end", kRunning);
  add("longest outage of a machine", kDown, "s");
  add("a request in the calm hour", kResponse, "s");
  add("cycles of the hosts for a request in the calm hour", kCycles);
}

}  // namespace

Verdict judge_pooled_storage(Measurements all) {
  Verdict verdict{
      "H19",
      "the disks of hyper-converged hosts act as one shared store",
      Word::CannotBeTested,
      "it takes machines that are moved and hosts that break, with disks in a pool and on an array (window "
      "calm)",
      {},
      {"what software takes of the hosts for each request, and how long it takes, is a figure of the "
       "scenario: the "
       "pool's cost follows it",
       "an array is taken to be one that survives what happens to it; a fault of its own would end all its "
       "machines",
       "a failed disk takes all of its host's part of the pool with it: one group of disks a host"}};
  const ClusterRuns runs = cluster_runs(
      all, {kPooled, kRunning, kMachines, kMoves, kDisks, kLost, kDown, kResponse, kCycles, kRequests});
  std::vector<Outcome> outcomes;
  const std::vector<RunPair> found = pairs(runs, pooled, on_array);
  for (const RunPair& pair : found) {
    if (value(*pair.other, kMoves) == 0) continue;
    outcomes.push_back({pair.settings, is_one_shared_store(pair)});
    note_figures(pair, verdict);
  }
  if (outcomes.empty()) return verdict;
  verdict.word = word_of(outcomes);
  std::string text =
      verdict.word == Word::Holds ? " Machines move without their disks, and run again after each fault."
      : verdict.word == Word::DoesNotHold
          ? " Machines do not move without their disks, or it loses machines or data that the array keeps."
          : "";
  const auto pay =
      std::ranges::find_if(found, [](const RunPair& pair) { return value(*pair.other, kRequests) > 0; });
  if (pay != found.end())
    text += fmt::format(
        " Before anything breaks a request takes {} of an array's time and {} of its processor time.",
        ratio(*pay, kResponse), ratio(*pay, kCycles));
  verdict.text = under(outcomes, text);
  return verdict;
}

}  // namespace hvlab::analysis
