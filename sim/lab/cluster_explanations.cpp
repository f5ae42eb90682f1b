#include "sim/lab/cluster_explanations.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "sim/cluster/availability.hpp"
#include "sim/cluster/overhead.hpp"
#include "sim/cluster/power.hpp"
#include "sim/cluster/precopy.hpp"

namespace hvlab::lab {

namespace {

std::vector<Explanation> overheads(const std::string& kind) {
  std::vector<Explanation> entries;
  for (const std::string& name : media::profile_names("overhead")) {
    const cluster::Overhead overhead = cluster::load_overhead(name);
    const auto assumed = std::ranges::count_if(overhead.figures, &media::Figure::assumed);
    entries.push_back(
        {kind,
         name,
         fmt::format("{} Of {} figures {} are assumed.", overhead.title, overhead.figures.size(), assumed),
         "",
         "profiles/overhead/" + name + ".yaml",
         {}});
  }
  entries.push_back({kind, "none", "A machine that costs nothing.", "", "", {}});
  return entries;
}

std::vector<Explanation> mixes(const std::string& kind) {
  std::vector<Explanation> entries;
  for (const std::string& name : media::profile_names("mix"))
    entries.push_back({kind, name, cluster::load_mix(name).title, "", "profiles/mix/" + name + ".yaml", {}});
  return entries;
}

std::vector<Explanation> overhead_figures(const std::string& kind) {
  std::vector<Explanation> entries;
  for (const std::string& name : media::profile_names("overhead")) {
    for (const media::Figure& figure : cluster::load_overhead(name).figures)
      entries.push_back(
          {kind, name + "." + figure.name, std::to_string(figure.value), "", figure.source, {}});
  }
  for (const std::string& name : media::profile_names("mix")) {
    for (const media::Figure& figure : cluster::load_mix(name).figures)
      entries.push_back(
          {kind, name + "." + figure.name, std::to_string(figure.value), "", figure.source, {}});
  }
  return entries;
}

std::vector<Explanation> powers(const std::string& kind) {
  constexpr double kWatts = 1e-3;
  std::vector<Explanation> entries;
  for (const std::string& name : media::profile_names("power")) {
    const cluster::PowerProfile power = cluster::load_power(name);
    entries.push_back({kind,
                       name,
                       fmt::format("{:g} W without load, {:g} W at half and {:g} W at full load",
                                   power.curve.load[0] * kWatts, power.curve.load[5] * kWatts,
                                   power.curve.load[10] * kWatts),
                       "",
                       "profiles/power/" + name + ".yaml",
                       {}});
  }
  return entries;
}

std::vector<Explanation> timings(const std::string& kind) {
  std::vector<Explanation> entries;
  for (const cluster::HaTimings& each : cluster::ha_timings())
    entries.push_back({kind,
                       std::string(each.name),
                       fmt::format("a silent host is dead after {:g} s, an isolated one says so after {:g} s",
                                   cluster::seconds(each.dead_with), cluster::seconds(each.isolated_other)),
                       "",
                       std::string(each.source),
                       {}});
  return entries;
}

std::vector<Explanation> migrations(const std::string& kind) {
  static constexpr const char* kWithoutProgress[] = {"stops the machine anyway", "gives up",
                                                     "goes on until there is"};
  std::vector<Explanation> entries;
  for (const cluster::PrecopyPolicy& each : cluster::precopy_policies())
    entries.push_back({kind,
                       std::string(each.name),
                       fmt::format("pre-copy of {}; without progress it {}{}",
                                   each.most_rounds == 0 ? "any number of rounds"
                                                         : fmt::format("at most {} rounds", each.most_rounds),
                                   each.slows_down ? "slows the machine down, then " : "",
                                   kWithoutProgress[static_cast<size_t>(each.no_progress)]),
                       "",
                       std::string(each.source),
                       {}});
  return entries;
}

}  // namespace

std::vector<Explanation> cluster_explanations(const std::string& list, const std::string& kind) {
  static constexpr std::pair<const char*, std::vector<Explanation> (*)(const std::string&)> kLists[] = {
      {"overheads", overheads}, {"mixes", mixes},     {"overhead-figures", overhead_figures},
      {"powers", powers},       {"timings", timings}, {"migrations", migrations}};
  for (const auto& [name, entries] : kLists)
    if (list == name) return entries(kind);
  return {};
}

}  // namespace hvlab::lab
