// H14. The servers as they were, one system on each, and two hosts with all of these systems, of which one is
// away while the systems want most: do they get it, and what does either cost over the years?
#include <fmt/format.h>

#include <algorithm>

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
  return value(run, "machines.bare") == value(run, "machines.count") &&
         value(run, "hosts.count") == value(run, "machines.count");
}

bool on_two(const ClusterRun& run) {
  return value(run, "machines.bare") == 0 && value(run, "hosts.count") == 2 &&
         value(run, "machines.count") > 2 && run.metrics.contains(kServedThen);
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
  const double bought = value(*pair.one, "cost.purchase");
  return bought == 0 ? 0 : 1 + (value(*pair.other, kCost) - value(*pair.one, kCost)) / bought;
}

void note_figures(const RunPair& pair, Verdict& verdict) {
  const std::string with = in_brackets(pair.settings);
  const double used = value(*pair.one, kUsedThen);
  const auto add = [&](const char* what, double number) {
    verdict.figures.push_back({what + with, number, ""});
  };
  add("part of what is wanted that the survivor gives at the peak", value(*pair.one, kServedThen));
  if (fits(*pair.one))
    add("growth of what is wanted until the survivor is full", used == 0 ? 0 : 1 / used - 1);
  add("total cost against the servers'", value(*pair.one, kCost) / std::max(value(*pair.other, kCost), 1.0));
  add("purchases of the hosts with their storage could be so many times dearer", break_even(pair));
}

std::string range_text(const std::vector<RunPair>& all, double (*number)(const RunPair&)) {
  const auto [least, most] = std::ranges::minmax(all, {}, number);
  return fmt::format("x{:.2f} to x{:.2f}", number(least), number(most));
}

double cost_ratio(const RunPair& pair) {
  return value(*pair.one, kCost) / std::max(value(*pair.other, kCost), 1.0);
}

std::string text_of(const std::vector<RunPair>& all, const std::vector<Outcome>& fit,
                    const std::vector<Outcome>& cheap, const std::vector<Outcome>& both) {
  const auto said = [](const char* what, const std::vector<Outcome>& outcomes) {
    const Word word = word_of(outcomes);
    return word == Word::Holds         ? fmt::format(" {} in all {} cases.", what, outcomes.size())
           : word == Word::DoesNotHold ? fmt::format(" {} in none of {} cases.", what, outcomes.size())
                                       : fmt::format(" {} if {}.", what, condition(outcomes));
  };
  std::string text = condition(both);
  if (!text.empty()) text += '.';
  text += said("One of the two hosts gives all systems what they want at their peak while the other is away",
               fit);
  text += said("The total cost is lower", cheap);
  return text + fmt::format(" It is {} of the servers'.", range_text(all, cost_ratio));
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
  for (const RunPair& pair : found) {
    fit.push_back({pair.settings, fits(*pair.one)});
    cheap.push_back({pair.settings, is_cheaper(pair)});
    both.push_back({pair.settings, fit.back().holds && cheap.back().holds});
    note_figures(pair, verdict);
  }
  verdict.word = word_of(both);
  verdict.text = text_of(found, fit, cheap, both);
  if (verdict.text.starts_with(' ')) verdict.text.erase(0, 1);
  return verdict;
}

}  // namespace hvlab::analysis
