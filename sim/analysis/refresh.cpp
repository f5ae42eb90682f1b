// H15. Servers are replaced after so many years, with the systems on them and with virtual machines: how long
// do systems stand still, what is paid, and how much of that is the moving, which is what virtualization
// makes easy?
#include <fmt/format.h>

#include <algorithm>

#include "sim/analysis/cluster_run.hpp"

namespace hvlab::analysis {

namespace {

// Of the replacement of all servers once.
constexpr const char* kRefresh = "cost.refresh";  // all that is paid
constexpr const char* kMoving = "cost.refresh.moving";
constexpr const char* kDown = "window.refresh.machines.downtime";

double moving_part(const ClusterRun& run) { return times(value(run, kMoving), value(run, kRefresh)); }

double refresh_ratio(const RunPair& pair) {
  return times(value(*pair.one, kRefresh), value(*pair.other, kRefresh));
}

bool moves_easily(const RunPair& pair) {
  return compare(value(*pair.one, kMoving), value(*pair.other, kMoving)) < 0 &&
         compare(value(*pair.one, kDown), value(*pair.other, kDown)) < 0;
}

// What easy moving takes off the servers' refresh is less than half of it: the rest is paid all the same.
bool spares_no_refresh(const RunPair& pair) {
  const double saved = value(*pair.other, kMoving) - value(*pair.one, kMoving);
  return saved < kMostPart * value(*pair.other, kRefresh);
}

void note_figures(const RunPair& pair, Verdict& verdict) {
  const std::string with = in_brackets(pair.settings);
  const double machines = std::max(value(*pair.one, "machines.count"), 1.0);
  const auto add = [&](const char* what, double number, const char* unit) {
    verdict.figures.push_back({what + with, number, unit});
  };
  add("a system stands still, servers", value(*pair.other, kDown) / machines, "s");
  add("a system stands still, virtual machines", value(*pair.one, kDown) / machines, "s");
  add("part of the refresh that is moving, servers", moving_part(*pair.other), "");
  add("part of the refresh that is moving, virtual machines", moving_part(*pair.one), "");
  add("refresh of hosts against servers", refresh_ratio(pair), "");
}

}  // namespace

Verdict judge_refresh(Measurements all) {
  Verdict verdict{
      "H15",
      "easy and cheap migration is half true: moves yes, the refresh no",
      Word::CannotBeTested,
      "it takes servers that are replaced with their systems, and hosts with their virtual machines, with "
      "costs "
      "(window refresh)",
      {},
      {"hours and prices are the scenario's, most of them assumed",
       "new hosts with processors of another vendor take no running machine: there the machines have to stop",
       "what wears out besides hardware (versions of systems and of the hypervisor) is in no figure"}};
  const ClusterRuns runs = cluster_runs(all, {"machines.bare", "machines.count", kRefresh, kMoving, kDown});
  const std::vector<RunPair> found = pairs(runs, none_bare, all_bare);
  if (found.empty()) return verdict;
  std::vector<Outcome> easy, paid, both;
  std::vector<double> costs;
  for (const RunPair& pair : found) {
    easy.push_back({pair.settings, moves_easily(pair)});
    paid.push_back({pair.settings, spares_no_refresh(pair)});
    both.push_back({pair.settings, easy.back().holds && paid.back().holds});
    costs.push_back(refresh_ratio(pair));
    note_figures(pair, verdict);
  }
  verdict.word = word_of(both);
  verdict.text =
      under(both, said("moving costs less and stops nobody for long", easy) +
                      said("what moving saves is less than half of a refresh", paid) +
                      fmt::format(" The hosts' refresh costs {} of the servers'.", range_text(costs)));
  return verdict;
}

}  // namespace hvlab::analysis
