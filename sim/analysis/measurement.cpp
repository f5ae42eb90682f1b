#include "sim/analysis/measurement.hpp"

#include <algorithm>
#include <set>

namespace hvlab::analysis {

const Measurement* find(Measurements all, const std::string& way, unsigned processors, unsigned instances) {
  const auto found = std::ranges::find_if(all, [&](const Measurement& m) {
    return m.way == way && m.processors == processors && m.instances == instances;
  });
  return found == all.end() ? nullptr : &*found;
}

std::vector<unsigned> common_processors(Measurements all, const std::vector<std::string>& ways) {
  std::set<unsigned> counts;
  for (const Measurement& m : all) counts.insert(m.processors);
  std::vector<unsigned> common;
  for (const unsigned count : counts) {
    if (std::ranges::all_of(ways, [&](const auto& way) { return find(all, way, count) != nullptr; }))
      common.push_back(count);
  }
  return common;
}

double phase_seconds(const Measurement& measurement, const std::string& name) {
  const auto found = std::ranges::find(measurement.phases, name, &PhaseTime::name);
  return found == measurement.phases.end() ? 0 : found->seconds;
}

double total_seconds(const Measurement& measurement) {
  double sum = 0;
  for (const PhaseTime& phase : measurement.phases) sum += phase.seconds;
  return sum;
}

}  // namespace hvlab::analysis
