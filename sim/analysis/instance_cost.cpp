// H3. Cost is measured twice: memory for an instance, and processor time for each further one (the slope of a
// straight line through busy time against number of instances). Operating-system-level virtualization is
// container; plain processes (apps) are told beside it, since they are not isolated.
#include <fmt/format.h>

#include <algorithm>

#include "sim/analysis/architectures.hpp"
#include "sim/analysis/verdict.hpp"

namespace hvlab::analysis {

namespace {

struct Cost {
  std::string way;
  Layer layer = Layer::None;
  double memory = 0;     // bytes for each
  double processor = 0;  // seconds for each further one
};

/// Least squares: how much `y` grows when `x` grows by one.
double slope(const std::vector<std::pair<double, double>>& points) {
  double x_mean = 0, y_mean = 0, above = 0, below = 0;
  const auto count = static_cast<double>(points.size());
  for (const auto& [x, y] : points) x_mean += x / count, y_mean += y / count;
  for (const auto& [x, y] : points)
    above += (x - x_mean) * (y - y_mean), below += (x - x_mean) * (x - x_mean);
  return below == 0 ? 0 : above / below;
}

/// The way's costs with so many processors; nothing if it was not measured with two numbers of instances.
std::vector<Cost> costs_of(Measurements all, unsigned processors) {
  std::vector<Cost> costs;
  for (const Architecture& row : architectures()) {
    std::vector<std::pair<double, double>> busy;
    Cost cost{row.way, row.layer};
    unsigned most = 0;
    for (const Measurement& m : all) {
      if (m.way != row.way || m.processors != processors) continue;
      busy.emplace_back(m.instances, m.busy_seconds);
      if (m.instances >= most) most = m.instances, cost.memory = m.memory_each;
    }
    cost.processor = slope(busy);
    if (busy.size() >= 2 && cost.memory > 0) costs.push_back(cost);
  }
  return costs;
}

const Cost* find_cost(const std::vector<Cost>& costs, Layer layer) {
  const auto found = std::ranges::find(costs, layer, &Cost::layer);
  return found == costs.end() ? nullptr : &*found;
}

std::string told(const Cost& cost) {
  return fmt::format("{} {:.1f} MiB and {:.0f} ms", cost.way, cost.memory / 1048576, cost.processor * 1e3);
}

/// The number of processors with which most ways were measured.
unsigned best_processors(Measurements all) {
  unsigned best = 0;
  size_t most = 0;
  for (const Measurement& m : all) {
    if (const size_t ways = costs_of(all, m.processors).size(); ways > most) most = ways, best = m.processors;
  }
  return best;
}

}  // namespace

Verdict judge_instance_cost(Measurements all) {
  Verdict verdict{"H3",
                  "cost per instance grows slowest with operating-system-level virtualization",
                  Word::CannotBeTested,
                  {},
                  {},
                  {"no page sharing between virtual machines", "up to the number of instances measured"}};
  const std::vector<Cost> costs = costs_of(all, best_processors(all));
  const Cost* container = find_cost(costs, Layer::OperatingSystem);
  const bool others = std::ranges::any_of(costs, [&](const Cost& cost) {
    return is_isolated(cost.layer) && cost.layer != Layer::OperatingSystem;
  });
  if (container == nullptr || !others) {
    verdict.text =
        "it takes container and a way with virtual machines, each with two numbers of instances or more";
    return verdict;
  }
  bool memory = true, processor = true;
  std::vector<std::string> words;
  for (const Cost& cost : costs) {
    verdict.figures.push_back({cost.way + ", memory for each", cost.memory, "B"});
    verdict.figures.push_back({cost.way + ", processor time for each further one", cost.processor, "s"});
    if (!is_isolated(cost.layer)) continue;
    words.push_back(told(cost));
    if (&cost == container) continue;
    memory = memory && compare(container->memory, cost.memory) < 0;
    processor = processor && compare(container->processor, cost.processor) < 0;
  }
  verdict.word = memory && processor ? Word::Holds : memory || processor ? Word::HoldsIf : Word::DoesNotHold;
  if (verdict.word == Word::HoldsIf)
    verdict.text = memory ? "memory is what counts, not processor time: "
                          : "processor time is what counts, not memory: ";
  verdict.text += "each further instance takes " + list(words) + ".";
  if (const Cost* apps = find_cost(costs, Layer::Processes)) {
    verdict.text += fmt::format(" Plain processes, not isolated: {}.", told(*apps));
  }
  return verdict;
}

}  // namespace hvlab::analysis
