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

bool with_servers(const ClusterRun& run) {
  return value(run, "machines.bare") == value(run, "machines.count");
}
bool with_machines(const ClusterRun& run) { return value(run, "machines.bare") == 0; }

double moving_part(const ClusterRun& run) {
  return value(run, kRefresh) == 0 ? 0 : value(run, kMoving) / value(run, kRefresh);
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
  add("refresh of hosts against servers",
      value(*pair.one, kRefresh) / std::max(value(*pair.other, kRefresh), 1.0), "");
}

std::string text_of(const std::vector<RunPair>& found, const std::vector<Outcome>& easy,
                    const std::vector<Outcome>& paid, const std::vector<Outcome>& both) {
  const auto said = [](const char* what, const std::vector<Outcome>& outcomes) {
    const Word word = word_of(outcomes);
    return word == Word::Holds         ? fmt::format(" {}.", capital(what))
           : word == Word::DoesNotHold ? fmt::format(" It is not so that {}.", what)
                                       : fmt::format(" {}: if {}.", capital(what), condition(outcomes));
  };
  std::string text = condition(both);
  if (!text.empty()) text += '.';
  text += said("moving costs less and stops nobody for long", easy);
  text += said("what moving saves is less than half of a refresh", paid);
  const auto [least, most] = std::ranges::minmax(found, {}, [](const RunPair& pair) {
    return value(*pair.one, kRefresh) / std::max(value(*pair.other, kRefresh), 1.0);
  });
  const auto ratio = [](const RunPair& pair) {
    return value(*pair.one, kRefresh) / std::max(value(*pair.other, kRefresh), 1.0);
  };
  return text + fmt::format(" The hosts' refresh costs x{:.2f} to x{:.2f} of the servers'.", ratio(least),
                            ratio(most));
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
  const std::vector<RunPair> found = pairs(runs, with_machines, with_servers);
  if (found.empty()) return verdict;
  std::vector<Outcome> easy, paid, both;
  for (const RunPair& pair : found) {
    easy.push_back({pair.settings, moves_easily(pair)});
    paid.push_back({pair.settings, spares_no_refresh(pair)});
    both.push_back({pair.settings, easy.back().holds && paid.back().holds});
    note_figures(pair, verdict);
  }
  verdict.word = word_of(both);
  verdict.text = text_of(found, easy, paid, both);
  if (verdict.text.starts_with(' ')) verdict.text.erase(0, 1);
  return verdict;
}

}  // namespace hvlab::analysis
