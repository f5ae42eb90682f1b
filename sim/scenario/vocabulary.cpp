#include "sim/scenario/vocabulary.hpp"

#include <algorithm>

namespace hvlab::scenario {

namespace {

bool fits(const std::string& pattern, const std::string& name) {
  const size_t star = pattern.find('*');
  if (star == std::string::npos) return pattern == name;
  const std::string start = pattern.substr(0, star), end = pattern.substr(star + 1);
  return name.size() > start.size() + end.size() && name.starts_with(start) && name.ends_with(end);
}

const WayFacts* named(const std::vector<WayFacts>& list, const std::string& name) {
  const auto found = std::ranges::find(list, name, &WayFacts::name);
  return found == list.end() ? nullptr : &*found;
}

}  // namespace

std::vector<std::string> Vocabulary::list(const std::string& name) const {
  const std::pair<const char*, const std::vector<std::string>*> lists[] = {
      {"processors", &processors},
      {"disks", &disks},
      {"links", &links},
      {"features", &features},
      {"costs", &costs},
      {"claims", &claims},
      {"overheads", &overheads},
      {"mixes", &mixes},
      {"powers", &powers},
      {"overhead-figures", &overhead_figures},
      {"timings", &timings},
      {"migrations", &migrations},
      {"occurrences", &occurrences}};
  for (const auto& [known, list] : lists)
    if (name == known) return *list;
  std::vector<std::string> names;
  if (name == "models") std::ranges::transform(models, std::back_inserter(names), &WayFacts::name);
  if (name == "ways") std::ranges::transform(ways, std::back_inserter(names), &WayFacts::name);
  if (name == "metrics") std::ranges::transform(metrics, std::back_inserter(names), &Metric::name);
  return names;
}

const WayFacts* Vocabulary::way(const std::string& name) const { return named(ways, name); }
const WayFacts* Vocabulary::model(const std::string& name) const { return named(models, name); }

const Metric* Vocabulary::metric(const std::string& name) const {
  const auto found =
      std::ranges::find_if(metrics, [&](const Metric& metric) { return fits(metric.name, name); });
  return found == metrics.end() ? nullptr : &*found;
}

}  // namespace hvlab::scenario
