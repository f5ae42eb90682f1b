// H18. The same cluster with and without an outage of its manager: do machines run on, and what is not done
// meanwhile?
#include <fmt/format.h>

#include <algorithm>

#include "sim/analysis/cluster_run.hpp"

namespace hvlab::analysis {

namespace {

constexpr const char* kAway = "window.outage.manager.away";  // part of the window
constexpr const char* kDown = "window.outage.machines.downtime";
constexpr const char* kServedThen = "window.outage.machines.served";
constexpr const char* kDied = "machines.died";
constexpr const char* kRestarts = "window.outage.restarts";
constexpr const char* kMoves = "window.outage.moves.done";
constexpr const char* kByManager = "window.outage.orders.manager.done";
constexpr const char* kAskedManager = "window.outage.orders.manager.asked";
constexpr const char* kAtHost = "window.outage.orders.host.done";
constexpr const char* kAskedHost = "window.outage.orders.host.asked";
// A machine that starts again takes as long; what is counted in whole looks may differ by a second.
constexpr double kAlike = 1;

bool away(const ClusterRun& run) { return value(run, kAway) > 0; }
bool there(const ClusterRun& run) { return value(run, kAway) == 0; }

// Seconds for each machine that died with its host; with none, all of them together.
double down_each(const ClusterRun& run) { return value(run, kDown) / std::max(value(run, kDied), 1.0); }

// Of those that died.
double restarted(const ClusterRun& run) { return times(value(run, kRestarts), value(run, kDied)); }

// What is worse without the manager. How many are on a host when it fails may differ, since nobody balances.
bool down_longer(const RunPair& pair) {
  return down_each(*pair.one) > std::max(down_each(*pair.other) * kTie, down_each(*pair.other) + kAlike);
}
bool get_less(const RunPair& pair) {
  return compare(value(*pair.one, kServedThen), value(*pair.other, kServedThen)) < 0;
}
bool fewer_restarted(const RunPair& pair) { return restarted(*pair.one) < restarted(*pair.other); }

bool runs_on(const RunPair& pair) { return !down_longer(pair) && !get_less(pair) && !fewer_restarted(pair); }

struct Counts {
  double restarts = 0, restarts_with = 0, moves = 0, moves_with = 0, manager = 0, manager_asked = 0, host = 0,
         host_asked = 0;
};

Counts counts_of(const std::vector<RunPair>& all) {
  Counts sum;
  for (const RunPair& pair : all) {
    sum.restarts += value(*pair.one, kRestarts);
    sum.restarts_with += value(*pair.other, kRestarts);
    sum.moves += value(*pair.one, kMoves);
    sum.moves_with += value(*pair.other, kMoves);
    sum.manager += value(*pair.one, kByManager);
    sum.manager_asked += value(*pair.one, kAskedManager);
    sum.host += value(*pair.one, kAtHost);
    sum.host_asked += value(*pair.one, kAskedHost);
  }
  return sum;
}

std::string text_of(const std::vector<RunPair>& all) {
  const Counts sum = counts_of(all);
  return fmt::format(
      " Meanwhile {:.0f} machines are started again ({:.0f} with a manager) and {:.0f} moved ({:.0f}); "
      "{:.0f} of {:.0f} orders "
      "to the manager and {:.0f} of {:.0f} to hosts themselves are carried out.",
      sum.restarts, sum.restarts_with, sum.moves, sum.moves_with, sum.manager, sum.manager_asked, sum.host,
      sum.host_asked);
}

// What is worse without a manager: the worst of what is got, and whether there is more.
std::string worse_text(const std::vector<RunPair>& all, Word word) {
  const RunPair* worst = nullptr;
  for (const RunPair& pair : all)
    if (get_less(pair) &&
        (worst == nullptr || value(*pair.one, kServedThen) < value(*worst->one, kServedThen)))
      worst = &pair;
  std::string text;
  if (worst != nullptr)
    text = fmt::format(" {}, but get {} of what they want and not {}: nobody moves them.",
                       word == Word::HoldsIf ? "Otherwise they run too" : "Machines run",
                       percent(value(*worst->one, kServedThen)), percent(value(*worst->other, kServedThen)));
  if (std::ranges::any_of(all, down_longer)) text += " Those that died are down longer.";
  if (std::ranges::any_of(all, fewer_restarted)) text += " Fewer of those that died are started again.";
  return text;
}

void note_figures(const RunPair& pair, Verdict& verdict) {
  const std::string with = in_brackets(pair.settings);
  const auto add = [&](const char* what, const char* metric, const char* unit = "") {
    verdict.figures.push_back(
        {fmt::format("{}, manager away{}", what, with), value(*pair.one, metric), unit});
    verdict.figures.push_back(
        {fmt::format("{}, manager there{}", what, with), value(*pair.other, metric), unit});
  };
  add("machines are down", kDown, "s");
  add("part of what they want that they get", kServedThen);
  add("machines started again", kRestarts);
  add("moves", kMoves);
}

}  // namespace

Verdict judge_manager_outage(Measurements all) {
  Verdict verdict{"H18",
                  "the manager's outage leaves machines running",
                  Word::CannotBeTested,
                  "it takes the same cluster with an outage of its manager (window outage) and without",
                  {},
                  {"what people and programs need of the manager besides (consoles, backups, deployments) "
                   "stops with it, and is "
                   "in no figure",
                   "an outage over months, in which licences end or certificates expire, is not looked at"}};
  const ClusterRuns runs = cluster_runs(all, {kAway, kDown, kServedThen, kDied, kRestarts, kMoves, kByManager,
                                              kAskedManager, kAtHost, kAskedHost});
  const std::vector<RunPair> found = pairs(runs, away, there);
  if (found.empty()) return verdict;
  std::vector<Outcome> outcomes;
  for (const RunPair& pair : found) {
    outcomes.push_back({pair.settings, runs_on(pair)});
    note_figures(pair, verdict);
  }
  verdict.word = word_of(outcomes);
  verdict.text = under(outcomes, (verdict.word == Word::Holds ? " Machines run on and get what they got."
                                                              : worse_text(found, verdict.word)) +
                                     text_of(found));
  return verdict;
}

}  // namespace hvlab::analysis
