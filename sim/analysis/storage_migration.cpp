// H20. Disks are moved from a busy datastore to another while their machines run: how even are the datastores
// before, while they are copied, and after; and how do requests fare?
#include <fmt/format.h>

#include "sim/analysis/cluster_run.hpp"

namespace hvlab::analysis {

namespace {

// The busiest datastore's part of the time that it is busy, less the idlest one's.
constexpr const char* kApartBefore = "window.before.disks.apart";
constexpr const char* kApartAfter = "window.after.disks.apart";
constexpr const char* kResponseBefore = "window.before.disks.response";
constexpr const char* kResponseDuring = "window.during.disks.response";
constexpr const char* kResponseAfter = "window.after.disks.response";
constexpr const char* kServedBefore = "window.before.disks.served";
constexpr const char* kServedDuring = "window.during.disks.served";
constexpr const char* kServedAfter = "window.after.disks.served";
constexpr const char* kMoves = "moves.disks";
constexpr const char* kDown = "machines.downtime";

struct Part {
  bool uneven = false, evened = false, better = false, stopped = false;
};

// What is left of the difference is at most half of it; and requests take no longer than before, nor get
// less.
Part part_of(const ClusterRun& run) {
  return {.uneven = value(run, kApartBefore) >= 0.1,
          .evened = value(run, kApartAfter) <= kMostPart * value(run, kApartBefore),
          .better = compare(value(run, kResponseAfter), value(run, kResponseBefore)) <= 0 &&
                    compare(value(run, kServedAfter), value(run, kServedBefore)) >= 0,
          .stopped = value(run, kDown) > 0};
}

std::string words(const ClusterRun& run, const Part& part) {
  std::string text = fmt::format(
      " Datastores are busy {:.0f} points apart before and {:.0f} after; a request takes {:.1f}, "
      "while disks are copied {:.1f} and then {:.1f} ms",
      value(run, kApartBefore) * 100, value(run, kApartAfter) * 100, value(run, kResponseBefore) * 1e3,
      value(run, kResponseDuring) * 1e3, value(run, kResponseAfter) * 1e3);
  text += in_brackets(run.settings) + ".";
  if (part.stopped) text += " Machines stand still meanwhile.";
  return text;
}

void note_figures(const ClusterRun& run, Verdict& verdict) {
  const std::string with = in_brackets(run.settings);
  const auto add = [&](const char* what, const char* metric, const char* unit = "") {
    verdict.figures.push_back({what + with, value(run, metric), unit});
  };
  add("part of the requests served before", kServedBefore);
  add("part of the requests served while disks are copied", kServedDuring);
  add("part of the requests served after", kServedAfter);
  add("the longest move of a disk", "moves.time.longest", "s");
}

}  // namespace

Verdict judge_storage_migration(Measurements all) {
  Verdict verdict{
      "H20",
      "storage migration evens the load of disks",
      Word::CannotBeTested,
      "it takes datastores of which one is busier by a tenth of the time, and disks that move (windows "
      "before, during "
      "and after)",
      {},
      {"which disks move is the scenario's decision: nobody looks at loads and decides",
       "loads that go on as they were: a peak that wanders would have to be followed, copy by copy",
       "datastores of their own disks; two on the same disks of an array would be even in name only"}};
  const ClusterRuns runs =
      cluster_runs(all, {kApartBefore, kApartAfter, kResponseBefore, kResponseDuring, kResponseAfter,
                         kServedBefore, kServedDuring, kServedAfter, kMoves, kDown});
  std::vector<Outcome> outcomes;
  std::string text;
  for (const ClusterRun* run : runs) {
    const Part part = part_of(*run);
    if (!part.uneven || value(*run, kMoves) == 0) continue;
    outcomes.push_back({run->settings, part.evened && part.better && !part.stopped});
    text += words(*run, part);
    note_figures(*run, verdict);
  }
  if (outcomes.empty()) return verdict;
  verdict.word = word_of(outcomes);
  verdict.text = under(outcomes, text);
  return verdict;
}

}  // namespace hvlab::analysis
