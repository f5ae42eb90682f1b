// A host is serviced while its machines should run: it is emptied, switched off and comes back. Under which
// ways does nobody have to stop, and for how long do the others?
#include "sim/analysis/serviced_hosts.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "sim/analysis/architectures.hpp"
#include "sim/analysis/cluster_run.hpp"

namespace hvlab::analysis {

namespace {

constexpr const char* kServiced = "hosts.serviced";
constexpr const char* kStopped = "machines.stopped-for-service";
constexpr const char* kMoves = "moves.done";
constexpr const char* kLongest = "machines.downtime.longest";

bool is_hypervisor(const std::string& way) {
  const Architecture* known = architecture(way);
  return known != nullptr && (known->layer == Layer::Hypervisor || known->layer == Layer::Hosted);
}

struct Way {
  std::string name;
  bool can = true;     // nobody was shut down in any of its runs
  double longest = 0;  // that a machine did not serve, seconds
  double stopped = 0;  // machines shut down
};

std::vector<Way> ways_of(Measurements all) {
  std::vector<Way> ways;
  for (const Measurement& m : all) {
    if (!m.cluster || m.way.empty() || value(*m.cluster, kServiced) == 0) continue;
    auto found = std::ranges::find(ways, m.way, &Way::name);
    if (found == ways.end()) found = ways.insert(ways.end(), {.name = m.way});
    found->can = found->can && value(*m.cluster, kStopped) == 0 && value(*m.cluster, kMoves) > 0;
    found->stopped += value(*m.cluster, kStopped);
    found->longest = std::max(found->longest, value(*m.cluster, kLongest));
  }
  return ways;
}

std::string time_text(double seconds) {
  return seconds < 1      ? fmt::format("{:.0f} ms", seconds * 1e3)
         : seconds < 120  ? fmt::format("{:.1f} s", seconds)
         : seconds < 7200 ? fmt::format("{:.0f} min", seconds / 60)
                          : fmt::format("{:.1f} h", seconds / 3600);
}

std::string names(const std::vector<Way>& ways, bool hypervisors, bool can) {
  std::vector<std::string> words;
  for (const Way& way : ways) {
    if (is_hypervisor(way.name) != hypervisors || way.can != can) continue;
    words.push_back(fmt::format("{} ({})", way.name, time_text(way.longest)));
  }
  return list(words);
}

}  // namespace

void judge_serviced_hosts(Measurements all, Verdict& verdict) {
  const std::vector<Way> ways = ways_of(all);
  const auto number = [&](bool hypervisors, bool can) {
    return std::ranges::count_if(
        ways, [&](const Way& way) { return is_hypervisor(way.name) == hypervisors && way.can == can; });
  };
  const auto can = number(true, true), cannot = number(true, false), others = number(false, true);
  verdict.limits = {
      "whether a way can move a running machine, and how long a machine takes to start, are figures of its "
      "profile",
      "a container that is started again elsewhere has lost what it had in memory, however short that is; "
      "one of "
      "several copies behind a balancer is not missed, with any way",
      "service that needs no restart of the host stops nobody"};
  if (can + cannot == 0 || number(false, false) + others == 0) {
    verdict.text = "it takes hosts that are serviced, with their machines under a hypervisor and otherwise";
    return;
  }
  for (const Way& way : ways) {
    verdict.figures.push_back({way.name + ": a machine does not serve at most", way.longest, "s"});
    verdict.figures.push_back({way.name + ": machines that have to stop", way.stopped, ""});
  }
  verdict.word = can == 0 || others > 0 ? (can == 0 ? Word::DoesNotHold : Word::HoldsIf)
                 : cannot == 0          ? Word::Holds
                                        : Word::HoldsIf;
  verdict.text =
      can == 0 ? "nobody moves while running."
               : fmt::format("a host is emptied while its machines run under {}.", names(ways, true, true));
  if (cannot != 0) verdict.text += fmt::format(" They have to stop under {}.", names(ways, true, false));
  if (const std::string stop = names(ways, false, false); !stop.empty())
    verdict.text += fmt::format(" Without a hypervisor they have to: {}.", stop);
  if (others != 0) verdict.text += fmt::format(" Nor do they under {}.", names(ways, false, true));
}

}  // namespace hvlab::analysis
