// H16. A machine is moved while it runs, another one's host fails: with disks that several hosts reach, with
// disks of one host, and with these where the move takes the disk along.
#include <fmt/format.h>

#include <algorithm>

#include "sim/analysis/cluster_run.hpp"

namespace hvlab::analysis {

namespace {

constexpr const char* kAsked = "orders.moves.asked";
constexpr const char* kMoved = "moves.done";
constexpr const char* kDisks = "moves.disks";
constexpr const char* kDied = "machines.died";
constexpr const char* kRestarts = "restarts";
constexpr const char* kLocal = "disks.local";
constexpr const char* kPooled = "disks.pooled";

bool on_own_disks(const ClusterRun& run) { return value(run, kLocal) == value(run, "machines.count"); }
bool moved(const ClusterRun& run) { return value(run, kMoved) > 0; }
bool restarted(const ClusterRun& run) { return value(run, kRestarts) > 0; }
bool with_disk(const ClusterRun& run) { return value(run, kDisks) > 0; }

void note_figures(const ClusterRun& run, Verdict& verdict) {
  const std::string with = in_brackets(run.settings);
  const auto add = [&](const char* what, const char* metric, const char* unit) {
    verdict.figures.push_back({what + with, value(run, metric), unit});
  };
  add("moves done", kMoved, "");
  add("machines started again elsewhere", kRestarts, "");
  if (moved(run)) {
    add("from a move's beginning to its end, at most", "moves.time.longest", "s");
    add("it ran nowhere, at most", "moves.downtime.longest", "s");
    add("sent", "moves.size", "B");
  }
}

std::string pool_text(const ClusterRuns& shared) {
  const auto pooled =
      std::ranges::find_if(shared, [](const ClusterRun* run) { return value(*run, kPooled) > 0; });
  if (pooled == shared.end()) return "";
  const bool both = moved(**pooled) && restarted(**pooled);
  return both ? " The hosts' own disks pooled do for both: shared is what matters, not an array."
              : " The hosts' own disks pooled do not do for both.";
}

}  // namespace

Verdict judge_shared_storage(Measurements all) {
  Verdict verdict{
      "H16",
      "without shared storage neither live migration nor high availability",
      Word::CannotBeTested,
      "it takes machines that are moved and a host that fails with its machines, once with disks that "
      "several "
      "hosts reach and once without",
      {},
      {"disks that are replicated to another host by software outside of the cluster are not modelled: such "
       "a copy "
       "can be started, without what was written last",
       "clusters of two machines with an application that copies its own data need no shared storage"}};
  const ClusterRuns runs =
      cluster_runs(all, {"machines.count", kAsked, kMoved, kDisks, kDied, kRestarts, kLocal, kPooled});
  const ClusterRuns asked =
      those(runs, [](const ClusterRun& run) { return value(run, kAsked) > 0 && value(run, kDied) > 0; });
  const ClusterRuns own = those(asked, on_own_disks);
  const ClusterRuns shared = those(asked, [](const ClusterRun& run) { return value(run, kLocal) == 0; });
  const auto works = [](const ClusterRun* run) { return moved(*run) && restarted(*run); };
  if (own.empty() || !std::ranges::any_of(shared, works)) return verdict;
  std::vector<Outcome> outcomes;
  bool plain_moves = false, copies = false, restarts = false;
  for (const ClusterRun* run : own) {
    outcomes.push_back({run->settings, !moved(*run) && !restarted(*run)});
    plain_moves |= moved(*run) && !with_disk(*run);
    copies |= with_disk(*run);
    restarts |= restarted(*run);
    note_figures(*run, verdict);
  }
  for (const ClusterRun* run : shared) note_figures(*run, verdict);
  verdict.word = word_of(outcomes);
  std::string text = plain_moves ? " A running machine moves without its disk."
                     : copies    ? " Live migration is refused, but for one that copies the disk too."
                                 : " Live migration is refused.";
  text += restarts ? " High availability starts machines again."
                   : " High availability finds no host for the machines of a failed one.";
  verdict.text = under(outcomes, text + pool_text(shared));
  return verdict;
}

}  // namespace hvlab::analysis
