// H1. In each phase the times of a series' architectures are compared: the claim's order is followed if
// hosted takes longer than the hypervisor, that longer than container and that, if it was measured, longer
// than a partition; broken if one of the pairs is the other way round; else it is a tie.
#include <fmt/format.h>

#include <algorithm>
#include <set>

#include "sim/analysis/architectures.hpp"
#include "sim/analysis/verdict.hpp"

namespace hvlab::analysis {

namespace {

enum class Order { Follows, Ties, Breaks };

/// `seconds` are in the claim's order, the largest first.
Order order_of(const std::vector<double>& seconds) {
  Order order = Order::Follows;
  for (size_t i = 0; i + 1 < seconds.size(); ++i) {
    const int above = compare(seconds[i], seconds[i + 1]);
    if (above < 0) return Order::Breaks;
    if (above == 0) order = Order::Ties;
  }
  return order;
}

/// One series with so many processors.
struct Case {
  const Series* series;
  unsigned processors;
  std::vector<const Measurement*> order;  // the claim's, the largest first
};

std::vector<Case> cases_of(Measurements all) {
  std::vector<Case> cases;
  for (const Series& series : series()) {
    for (const unsigned count :
         common_processors(all, {series.bare, series.container, series.hypervisor, series.hosted})) {
      Case& one = cases.emplace_back(Case{&series, count, {}});
      for (const char* way : {series.hosted, series.hypervisor, series.container, series.partition}) {
        if (const Measurement* m = find(all, way, count)) one.order.push_back(m);
      }
    }
  }
  return cases;
}

size_t series_in(const std::vector<Case>& cases) {
  std::set<const Series*> some;
  for (const Case& one : cases) some.insert(one.series);
  return some.size();
}

std::string processors(const std::vector<unsigned>& some) {
  std::vector<std::string> counts;
  counts.reserve(some.size());
  for (const unsigned count : some) counts.push_back(std::to_string(count));
  return fmt::format("{} processor{}", list(counts), some == std::vector<unsigned>{1} ? "" : "s");
}

/// What the cases have in common, as far as not all are meant: "emulated devices; PV devices, 2 processors".
std::string conditions(const std::vector<const Case*>& some, const std::vector<Case>& all) {
  std::string text;
  for (const Series& series : series()) {
    std::vector<unsigned> counts;
    for (const Case* one : some) {
      if (one->series == &series) counts.push_back(one->processors);
    }
    if (counts.empty()) continue;
    const auto measured = std::ranges::count(all, &series, &Case::series);
    const bool whole = static_cast<size_t>(measured) == counts.size(), alone = series_in(all) == 1;
    text += text.empty() ? "" : "; ";
    if (!alone) text += series.technique;
    if (!whole) text += (alone ? "" : ", ") + processors(counts);
  }
  return text;
}

/// Phases of the order that was asked for, with the cases where they have it if not all.
std::vector<std::string> phases_of(Order wanted, const std::vector<Case>& cases, const Measurement& bare) {
  std::vector<std::string> names;
  for (const PhaseTime& phase : bare.phases) {
    std::vector<const Case*> some;
    for (const Case& one : cases) {
      std::vector<double> seconds;
      seconds.reserve(one.order.size());
      for (const Measurement* m : one.order) seconds.push_back(phase_seconds(*m, phase.name));
      if (order_of(seconds) == wanted) some.push_back(&one);
    }
    if (some.empty()) continue;
    names.push_back(some.size() == cases.size()
                        ? phase.name
                        : fmt::format("{} (with {})", phase.name, conditions(some, cases)));
  }
  return names;
}

bool total_follows(const Case& one) {
  std::vector<double> seconds;
  seconds.reserve(one.order.size());
  for (const Measurement* m : one.order) seconds.push_back(total_seconds(*m));
  return order_of(seconds) == Order::Follows;
}

std::vector<Figure> figures_of(Measurements all, const std::vector<Case>& cases) {
  std::vector<Figure> figures;
  std::set<const Measurement*> told;
  for (const Case& one : cases) {
    const double bare = total_seconds(*find(all, one.series->bare, one.processors));
    for (size_t i = one.order.size(); i-- > 0;) {
      const Measurement& m = *one.order[i];
      if (!told.insert(&m).second) continue;
      figures.push_back({fmt::format("{} against {}, all phases, {}", m.way, one.series->bare,
                                     processors({one.processors})),
                         total_seconds(m) / bare, ""});
    }
  }
  return figures;
}

std::string part(const std::string& what, const std::vector<std::string>& names) {
  return names.empty() ? "" : fmt::format(" {}: {}.", what, list(names));
}

std::vector<std::string> limits_of(const std::vector<Case>& cases) {
  std::vector<std::string> limits;
  std::set<std::string> told;
  for (const Case& one : cases) {
    if (one.series->limit[0] != 0 && told.insert(one.series->limit).second)
      limits.emplace_back(one.series->limit);
  }
  if (std::ranges::none_of(cases, [](const Case& one) { return one.order.size() == 4; }))
    limits.emplace_back("firmware partitions are not measured");
  return limits;
}

}  // namespace

Verdict judge_overhead(Measurements all) {
  const std::vector<Case> cases = cases_of(all);
  Verdict verdict{
      "H1",
      "overhead: hosted above bare-metal hypervisor above operating-system level, firmware partitions least",
      Word::CannotBeTested,
      {},
      figures_of(all, cases),
      limits_of(cases)};
  if (cases.empty()) {
    verdict.text =
        "it takes bare, container, a hypervisor and hosted with the same devices and as many processors";
    return verdict;
  }
  const Measurement& bare = *find(all, cases.front().series->bare, cases.front().processors);
  const auto follows = phases_of(Order::Follows, cases, bare), ties = phases_of(Order::Ties, cases, bare),
             breaks = phases_of(Order::Breaks, cases, bare);
  if (std::ranges::all_of(cases, total_follows) && breaks.empty()) {
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
      part("Within 5 % of each other in one pair or more", ties) + part("The other way round", breaks);
  return verdict;
}

}  // namespace hvlab::analysis
