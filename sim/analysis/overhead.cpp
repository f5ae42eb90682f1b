// H1. In each phase the three ways' times are compared: the claim's order is followed if hosted takes longer
// than kvm and kvm longer than container, broken if one of the pairs is the other way round, and else a tie.
#include <fmt/format.h>

#include <algorithm>

#include "sim/analysis/verdict.hpp"

namespace hvlab::analysis {

namespace {

const std::vector<std::string> kWays = {"bare", "container", "kvm", "hosted"};

enum class Order { Follows, Ties, Breaks };

Order order_of(double container, double kvm, double hosted) {
  const int upper = compare(hosted, kvm), lower = compare(kvm, container);
  if (upper < 0 || lower < 0) return Order::Breaks;
  return upper > 0 && lower > 0 ? Order::Follows : Order::Ties;
}

/// What was found for one phase with the numbers of processors that it was measured with.
struct Found {
  std::string phase;
  std::vector<unsigned> follows, ties, breaks;
};

std::string with_processors(const std::string& phase, const std::vector<unsigned>& some, size_t of) {
  if (some.size() == of) return phase;
  std::vector<std::string> counts;
  counts.reserve(some.size());
  for (const unsigned count : some) counts.push_back(std::to_string(count));
  return fmt::format("{} (with {} processor{})", phase, list(counts),
                     counts == std::vector<std::string>{"1"} ? "" : "s");
}

struct Judge {
  Measurements all;
  std::vector<unsigned> counts;

  double seconds(const std::string& way, unsigned count, const std::string& phase) const {
    return phase_seconds(*find(all, way, count), phase);
  }
  double total(const std::string& way, unsigned count) const { return total_seconds(*find(all, way, count)); }

  std::vector<Found> phases() const {
    std::vector<Found> found;
    for (const PhaseTime& phase : find(all, "bare", counts.front())->phases) {
      Found& row = found.emplace_back(Found{phase.name, {}, {}, {}});
      for (const unsigned count : counts) {
        const Order order = order_of(seconds("container", count, phase.name),
                                     seconds("kvm", count, phase.name), seconds("hosted", count, phase.name));
        (order == Order::Follows ? row.follows
         : order == Order::Ties  ? row.ties
                                 : row.breaks)
            .push_back(count);
      }
    }
    return found;
  }

  Order total_order(unsigned count) const {
    return order_of(total("container", count), total("kvm", count), total("hosted", count));
  }
};

std::vector<Figure> figures_of(const Judge& judge) {
  std::vector<Figure> figures;
  for (const unsigned count : judge.counts) {
    for (const char* way : {"container", "kvm", "hosted"}) {
      figures.push_back(
          {fmt::format("{} against bare, all phases, {} processor{}", way, count, count == 1 ? "" : "s"),
           judge.total(way, count) / judge.total("bare", count), ""});
    }
  }
  return figures;
}

std::vector<std::string> named(const std::vector<Found>& found, std::vector<unsigned> Found::* which,
                               size_t of) {
  std::vector<std::string> names;
  for (const Found& row : found) {
    if (!(row.*which).empty()) names.push_back(with_processors(row.phase, row.*which, of));
  }
  return names;
}

std::string part(const std::string& what, const std::vector<std::string>& names) {
  return names.empty() ? "" : fmt::format(" {}: {}.", what, list(names));
}

}  // namespace

Verdict judge_overhead(Measurements all) {
  Verdict verdict{
      "H1",
      "overhead: hosted above bare-metal hypervisor above operating-system level, firmware partitions least",
      Word::CannotBeTested,
      {},
      {},
      {"kvm stands for the bare-metal hypervisor, which it is in part: its block device is a process of the "
       "host",
       "firmware partitions are not measured"}};
  const Judge judge{all, common_processors(all, kWays)};
  if (judge.counts.empty()) {
    verdict.text = "it takes " + list(kWays) + " with as many processors";
    return verdict;
  }
  verdict.figures = figures_of(judge);
  const std::vector<Found> found = judge.phases();
  const size_t of = judge.counts.size();
  const auto follows = named(found, &Found::follows, of), ties = named(found, &Found::ties, of),
             breaks = named(found, &Found::breaks, of);
  const bool total = std::ranges::all_of(
      judge.counts, [&](unsigned count) { return judge.total_order(count) == Order::Follows; });
  if (total && breaks.empty()) {
    verdict.word = Word::Holds;
    verdict.text = "in all, and in no phase the other way round." + part("In this order", follows);
  } else if (!follows.empty()) {
    verdict.word = Word::HoldsIf;
    verdict.text = "the work is " + list(follows) + ".";
  } else {
    verdict.word = Word::DoesNotHold;
    verdict.text = "no phase has this order.";
  }
  verdict.text +=
      part("Within 5 % of each other in one pair or both", ties) + part("The other way round", breaks);
  return verdict;
}

}  // namespace hvlab::analysis
