// H4. How many instances fit is the smaller of two numbers: so many until the mean time of all phases is
// above the service level, on a straight line between the numbers measured; and so many times the memory that
// one needs goes into the machine. The level is the same for all: kServiceLevel times a container that is
// alone.
#include "sim/analysis/density.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "sim/analysis/architectures.hpp"
#include "sim/analysis/verdict.hpp"

namespace hvlab::analysis {

namespace {

/// The way's runs with so many processors, fewest instances first.
std::vector<const Measurement*> runs_of(Measurements all, const std::string& way, unsigned processors) {
  std::vector<const Measurement*> runs;
  for (const Measurement& m : all) {
    if (m.way == way && m.processors == processors) runs.push_back(&m);
  }
  std::ranges::sort(runs, {}, &Measurement::instances);
  return runs;
}

Density density_of(const Architecture& row, const std::vector<const Measurement*>& runs, double level) {
  Density density{row.way, row.layer};
  double count = 0, seconds = 0;  // with none it takes no time
  for (const Measurement* m : runs) {
    const double next = total_seconds(*m);
    if (!density.passed) {
      density.passed = next > level;
      density.by_time =
          density.passed ? count + (m->instances - count) * std::max(0.0, level - seconds) / (next - seconds)
                         : m->instances;
    }
    count = m->instances, seconds = next;
    if (m->memory > 0 && m->memory_each > 0) density.by_memory = m->memory / m->memory_each;
  }
  return density;
}

bool is_container_alone(const Measurement& m) {
  const Architecture* row = architecture(m.way);
  return row != nullptr && row->layer == Layer::OperatingSystem && m.instances == 1;
}

}  // namespace

double service_level(Measurements all, unsigned processors) {
  const auto alone = std::ranges::find_if(
      all, [&](const Measurement& m) { return m.processors == processors && is_container_alone(m); });
  return alone == all.end() ? 0 : kServiceLevel * total_seconds(*alone);
}

std::vector<Density> densities(Measurements all, unsigned processors, double level) {
  std::vector<Density> found;
  for (const Architecture& row : architectures()) {
    const auto runs = runs_of(all, row.way, processors);
    if (runs.size() >= 2 && runs.front()->instances == 1) found.push_back(density_of(row, runs, level));
  }
  return found;
}

namespace {

std::string told(const Density& density) {
  return fmt::format("{} {}{:.1f} ({})", density.way,
                     density.passed || density.memory_ends() ? "" : "at least ", density.fits(),
                     density.memory_ends() ? "then memory is used up" : "by time");
}

Verdict judge(const std::vector<Density>& found, Verdict verdict) {
  const Density& container = *std::ranges::find(found, Layer::OperatingSystem, &Density::layer);
  std::vector<std::string> words, below;
  size_t others = 0;
  for (const Density& each : found) {
    words.push_back(told(each));
    verdict.figures.push_back({each.way + ", instances by the service level", each.by_time, ""});
    if (each.by_memory != 0)
      verdict.figures.push_back({each.way + ", instances by memory", each.by_memory, ""});
    if (!is_isolated(each.layer) || each.layer == Layer::OperatingSystem) continue;
    ++others;
    if (compare(container.fits(), each.fits()) > 0) below.push_back(each.way);
  }
  verdict.word = below.size() == others ? Word::Holds : !below.empty() ? Word::HoldsIf : Word::DoesNotHold;
  if (verdict.word == Word::HoldsIf) verdict.text = "compared with " + list(below) + ". ";
  verdict.text += "So many fit: " + list(words) + ".";
  return verdict;
}

}  // namespace

Verdict judge_density(Measurements all) {
  Verdict verdict{
      "H4",
      "more instances fit with operating-system-level virtualization",
      Word::CannotBeTested,
      {},
      {},
      {"no page sharing between virtual machines",
       "what the hypervisor or the system needs of the machine's memory for itself is not taken off"}};
  for (const Measurement& alone : all) {
    if (!is_container_alone(alone)) continue;
    const auto found = densities(all, alone.processors, service_level(all, alone.processors));
    const bool others = std::ranges::any_of(found, [](const Density& each) {
      return is_isolated(each.layer) && each.layer != Layer::OperatingSystem;
    });
    if (others && std::ranges::count(found, Layer::OperatingSystem, &Density::layer) != 0)
      return judge(found, std::move(verdict));
  }
  verdict.text = "it takes container and a way with virtual machines, each with one instance and with more";
  return verdict;
}

}  // namespace hvlab::analysis
