// H24. Of one machine: which ways can move a running system, and for how long it stands still.
// Of many hosts: serviced_hosts.cpp.
#include <fmt/format.h>

#include <algorithm>

#include "sim/analysis/serviced_hosts.hpp"
#include "sim/analysis/techniques.hpp"
#include "sim/analysis/verdict.hpp"

namespace hvlab::analysis {

namespace {

/// It went on after each of its moves until its end.
bool went_on(const InstanceResult& each) {
  return each.done && std::ranges::all_of(each.moves, &Move::completed);
}

/// Another run, or another instance, has computed the same.
bool same_results(Measurements all, const InstanceResult& moved) {
  for (const Measurement& m : all) {
    for (const InstanceResult& other : m.each)
      if (&other != &moved && other.done && other.program == moved.program)
        return other.hashes == moved.hashes;
  }
  return false;
}

void note(std::vector<std::string>& list, const std::string& way) {
  if (std::ranges::count(list, way) == 0) list.push_back(way);
}

}  // namespace

Verdict judge_moves(Measurements all) {
  Verdict verdict{
      "H24",
      "live migration is the hypervisor's flexibility",
      Word::CannotBeTested,
      {},
      {},
      {"moves within one machine: the network between two hosts and what they share is the cluster's",
       "processes and containers are not moved: it would take a program that saves and restores a "
       "process's state with all the kernel knows of it"}};
  if (std::ranges::any_of(all, [](const Measurement& m) { return m.cluster.has_value(); })) {
    judge_serviced_hosts(all, verdict);
    return verdict;
  }
  std::vector<std::string> can, cannot;
  for (const Measurement& m : all) {
    for (const InstanceResult& each : m.each) {
      if (each.moves.empty()) continue;
      const bool well = went_on(each) && same_results(all, each);
      note(well ? can : cannot, m.way);
      for (const Move& move : each.moves) {
        if (!well) continue;
        verdict.figures.push_back({m.way + ": from the move's beginning to its end", move.seconds, "s"});
        verdict.figures.push_back({m.way + ": of that it ran nowhere", move.downtime, "s"});
        verdict.figures.push_back(
            {fmt::format("{}: memory sent, in {} rounds", m.way, move.rounds), move.bytes, "B"});
      }
    }
  }
  std::erase_if(can, [&](const std::string& way) { return std::ranges::count(cannot, way) != 0; });
  if (can.empty() && cannot.empty()) {
    verdict.text =
        "it takes a way whose virtual machines are moved while they run (event move), and a run beside it";
    return verdict;
  }
  verdict.word = cannot.empty() ? Word::Holds : can.empty() ? Word::DoesNotHold : Word::HoldsIf;
  verdict.text = can.empty() ? "no system that was moved went on as if nothing had happened:"
                             : fmt::format("systems go on with the same results under {}.", list(can));
  if (!cannot.empty()) verdict.text += fmt::format(" Not so under {}.", list(cannot));
  return verdict;
}

}  // namespace hvlab::analysis
