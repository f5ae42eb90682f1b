// H14. The servers as they were, one system on each, and two hosts with all of these systems, of which one is
// away while the systems want most: do they get it, and what does either cost over the years?
#include <fmt/format.h>

#include "sim/analysis/cluster_run.hpp"

namespace hvlab::analysis {

namespace {

// The window in which one of the hosts is away.
constexpr const char* kServedThen = "window.survivor.machines.served";
constexpr const char* kDownThen = "window.survivor.machines.downtime";
constexpr const char* kUsedThen = "window.survivor.hosts.used";
constexpr const char* kHostsThen = "window.survivor.hosts.on.mean";
constexpr const char* kWantedThen = "window.survivor.machines.wanted.ghz";
constexpr const char* kMostWanted = "machines.wanted.most.ghz";
constexpr const char* kCost = "cost.total";
// At the peak: nine tenths of the most that is ever wanted, as a mean of the window.
constexpr double kPeak = 0.9;

bool as_they_were(const ClusterRun& run) {
  return all_bare(run) && value(run, "hosts.count") == value(run, "machines.count");
}

bool on_two(const ClusterRun& run) {
  return none_bare(run) && value(run, "hosts.count") == 2 && value(run, "machines.count") > 2 &&
         run.metrics.contains(kServedThen);
}

bool one_away_at_the_peak(const ClusterRun& run) {
  return value(run, kHostsThen) < 1.05 && value(run, kWantedThen) >= kPeak * value(run, kMostWanted);
}

bool fits(const ClusterRun& run) {
  return value(run, kServedThen) >= kServed && value(run, kDownThen) == 0 &&
         value(run, "machines.running") == value(run, "machines.count");
}

bool is_cheaper(const RunPair& pair) {
  return compare(value(*pair.one, kCost), value(*pair.other, kCost)) < 0;
}

// So many times dearer the hosts with their storage could be before the servers cost less.
double break_even(const RunPair& pair) {
  return 1 + times(value(*pair.other, kCost) - value(*pair.one, kCost), value(*pair.one, "cost.purchase"));
}

double cost_ratio(const RunPair& pair) { return times(value(*pair.one, kCost), value(*pair.other, kCost)); }

void note_figures(const RunPair& pair, Verdict& verdict) {
  const std::string with = in_brackets(pair.settings);
  const auto add = [&](const char* what, double number) {
    verdict.figures.push_back({what + with, number, ""});
  };
  add("part of what is wanted that the survivor gives at the peak", value(*pair.one, kServedThen));
  if (fits(*pair.one))
    add("growth of what is wanted until the survivor is full", times(1, value(*pair.one, kUsedThen)) - 1);
  add("total cost against the servers'", cost_ratio(pair));
  add("purchases of the hosts with their storage could be so many times dearer", break_even(pair));
}

std::string in_how_many(const char* what, const std::vector<Outcome>& outcomes) {
  const Word word = word_of(outcomes);
  return word == Word::Holds         ? fmt::format(" {} in all {} cases.", what, outcomes.size())
         : word == Word::DoesNotHold ? fmt::format(" {} in none of {} cases.", what, outcomes.size())
                                     : fmt::format(" {} if {}.", what, condition(outcomes));
}

}  // namespace

Verdict judge_consolidation(Measurements all) {
  Verdict verdict{
      "H14",
      "10 or 8 servers fit on 2 hosts with redundancy, at lower total cost",
      Word::CannotBeTested,
      "it takes servers with a system each, and the same systems on two hosts of which one is away (window "
      "survivor) while they want most, with costs",
      {},
      {"what the systems want and what everything costs is the scenario's, most of it assumed: put in your "
       "own "
       "figures (--set)",
       "what is wanted is processor time and memory; disks and network are shared, and looked at by H19 and "
       "H20",
       "work of people is in the cost only where systems have to be brought onto new servers"}};
  const ClusterRuns runs =
      cluster_runs(all, {"hosts.count", "machines.count", "machines.bare", kCost, kMostWanted});
  std::vector<RunPair> found = pairs(runs, on_two, as_they_were);
  std::erase_if(found, [](const RunPair& pair) { return !one_away_at_the_peak(*pair.one); });
  if (found.empty()) return verdict;
  std::vector<Outcome> fit, cheap, both;
  std::vector<double> costs;
  for (const RunPair& pair : found) {
    fit.push_back({pair.settings, fits(*pair.one)});
    cheap.push_back({pair.settings, is_cheaper(pair)});
    both.push_back({pair.settings, fit.back().holds && cheap.back().holds});
    costs.push_back(cost_ratio(pair));
    note_figures(pair, verdict);
  }
  verdict.word = word_of(both);
  verdict.text = under(
      both, in_how_many(
                "One of the two hosts gives all systems what they want at their peak while the other is away",
                fit) +
                in_how_many("The total cost is lower", cheap) +
                fmt::format(" It is {} of the servers'.", range_text(costs)));
  return verdict;
}

}  // namespace hvlab::analysis
