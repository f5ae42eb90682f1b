// H25. Energy for the same work: on servers of their own, on fewer hosts, and on these with those off that
// nobody needs.
#include <fmt/format.h>

#include "sim/analysis/cluster_run.hpp"

namespace hvlab::analysis {

namespace {

constexpr const char* kEnergy = "hosts.energy.kwh";
constexpr const char* kWork = "machines.work.own.gigacycles";  // without what the way of virtualizing takes
constexpr const char* kServedAll = "machines.served";
constexpr const char* kSaving = "power-saving.on";

bool as_they_were(const ClusterRun& run) { return all_bare(run) && value(run, kSaving) == 0; }
bool fewer(const ClusterRun& run) {
  return none_bare(run) && value(run, "hosts.count") < value(run, "machines.count");
}
bool fewer_always_on(const ClusterRun& run) { return fewer(run) && value(run, kSaving) == 0; }
bool fewer_saving(const ClusterRun& run) { return fewer(run) && value(run, kSaving) != 0; }

// Kilowatt hours for 10^15 cycles of work.
double per_work(const ClusterRun& run) { return times(value(run, kEnergy), value(run, kWork)) * 1e6; }

double energy_ratio(const RunPair& pair) { return times(per_work(*pair.one), per_work(*pair.other)); }

// Less for each unit of work, of which as good as all is done.
bool saves(const RunPair& pair) {
  return value(*pair.one, kServedAll) >= kServed && per_work(*pair.one) > 0 &&
         compare(per_work(*pair.one), per_work(*pair.other)) < 0;
}

struct Half {
  std::vector<RunPair> pairs;
  std::vector<Outcome> outcomes;
};

Half half_of(const ClusterRuns& runs, const IsOne& one, const IsOne& other) {
  Half half{pairs(runs, one, other), {}};
  for (const RunPair& pair : half.pairs) half.outcomes.push_back({pair.settings, saves(pair)});
  return half;
}

void note_figures(const Half& half, const char* what, Verdict& verdict) {
  for (const RunPair& pair : half.pairs) {
    verdict.figures.push_back(
        {fmt::format("{}: energy for the same work against{}", what, in_brackets(pair.settings)),
         energy_ratio(pair), ""});
    if (value(*pair.one, kServedAll) < kServed)
      verdict.figures.push_back(
          {fmt::format("{}: part of what is wanted that is served{}", what, in_brackets(pair.settings)),
           value(*pair.one, kServedAll), ""});
  }
}

std::string text_of(const Half& half, const char* what) {
  const Word word = word_of(half.outcomes);
  std::vector<double> ratios;
  ratios.reserve(half.pairs.size());
  for (const RunPair& pair : half.pairs) ratios.push_back(energy_ratio(pair));
  const std::string range = range_text(ratios);
  return word == Word::Holds ? fmt::format(" {} save ({}).", what, range)
         : word == Word::DoesNotHold
             ? fmt::format(" {} save nothing ({}).", what, range)
             : fmt::format(" {} save if {} ({}).", what, condition(half.outcomes), range);
}

}  // namespace

Verdict judge_energy(Measurements all) {
  Verdict verdict{
      "H25",
      "fewer servers and power states save energy",
      Word::CannotBeTested,
      "it takes servers with a system each, the same systems on fewer hosts, and these with hosts off that "
      "nobody "
      "needs",
      {},
      {"what a server draws at each load is that of one published result; others idle at more or less of "
       "their most",
       "storage, network and cooling are not counted: shared storage draws power that disks in servers did "
       "not",
       "power states of processors are in the hosts' curves; those of whole hosts are off and on"}};
  const ClusterRuns runs = cluster_runs(
      all, {kEnergy, kWork, kServedAll, kSaving, "hosts.count", "machines.bare", "machines.count"});
  const Half servers = half_of(runs, fewer_always_on, as_they_were);
  const Half states = half_of(runs, fewer_saving, fewer_always_on);
  if (servers.outcomes.empty() || states.outcomes.empty()) return verdict;
  std::vector<Outcome> both = servers.outcomes;
  for (const Outcome& outcome : states.outcomes) both.push_back(outcome);
  verdict.word = word_of(both);
  verdict.text =
      (text_of(servers, "Fewer servers") + text_of(states, "Hosts that are off when nobody needs them"))
          .substr(1);
  note_figures(servers, "fewer servers", verdict);
  note_figures(states, "hosts off", verdict);
  return verdict;
}

}  // namespace hvlab::analysis
