#include "sim/lab/cost_origins.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cstring>

#include "sim/cluster/overhead.hpp"

namespace hvlab::lab {

using Json = nlohmann::ordered_json;

namespace {

/// Whether a figure of a processor profile is a number of cycles; the others are sizes, which cannot move by
/// any quarter.
bool in_cycles(const std::string& name) {
  return !name.ends_with("_hz") && name != "physical_address_bits" && name.rfind("tlb_", 0) != 0;
}

/// What is added to an instruction's own cost may be nothing; an instruction is not.
bool may_be_nothing(const std::string& name) {
  static constexpr const char* kAdded[] = {"cost.load", "cost.store", "cost.locked_atomic",
                                           "cost.string_unit"};
  return name.rfind("cost.", 0) != 0 || std::ranges::find(kAdded, name) != std::end(kAdded);
}

bool is_set(const timing::Profile& profile, const std::string& name) {
  return std::ranges::any_of(profile.overrides, [&](const auto& given) { return given.first == name; });
}

Json json_of(const std::vector<sweep::Cost>& costs) {
  Json list = Json::array();
  for (const sweep::Cost& cost : costs)
    list.push_back({{"name", cost.name},
                    {"value", static_cast<u64>(cost.value)},
                    {"origin", origin_of(cost)},
                    {"source", cost.source}});
  return list;
}

}  // namespace

std::vector<sweep::Cost> costs_of(const timing::Profile& profile) {
  std::vector<sweep::Cost> costs;
  if (profile.accuracy == timing::Accuracy::Functional) return costs;
  for (const timing::Figure& figure : profile.figures) {
    if (!in_cycles(figure.name)) continue;
    const bool set = is_set(profile, figure.name);
    costs.push_back({figure.name, figure.value, set ? sweep::kSetSource : figure.source,
                     !set && figure.assumed(), may_be_nothing(figure.name) ? 0.0 : 1.0});
  }
  return costs;
}

namespace {

/// A profile of a way, or a mix, with the figures that the scenario sets.
struct ProfileFigures {
  std::string name;
  std::vector<media::Figure> figures;
};

/// Of those that a cluster's machines name, each once.
std::vector<ProfileFigures> profiles_of_ways(const scenario::Value& said) {
  std::vector<std::pair<std::string, u64>> figures;
  if (const scenario::Value* set = said.find("overheads"); set != nullptr) {
    for (size_t i = 0; i < set->keys.size(); ++i) figures.emplace_back(set->keys[i], set->items[i].count);
  }
  std::vector<ProfileFigures> profiles;
  const auto is_new = [&](const std::string& name) {
    return std::ranges::count(profiles, name, &ProfileFigures::name) == 0;
  };
  for (const scenario::Value& machine : said.find("vms")->items) {
    const std::string &way = machine.find("way")->text, &mix = machine.find("mix")->text;
    if (way == "none") continue;
    if (is_new(way)) {
      cluster::Overhead overhead = cluster::load_overhead(way);
      cluster::set_figures(overhead, figures);
      profiles.push_back({way, overhead.figures});
    }
    if (is_new(mix)) {
      cluster::Mix made = cluster::load_mix(mix);
      cluster::set_figures(made, figures);
      profiles.push_back({mix, made.figures});
    }
  }
  return profiles;
}

/// What is nothing, or yes or no, cannot move by any quarter.
std::vector<sweep::Cost> costs_of_ways(const scenario::Value& said) {
  std::vector<sweep::Cost> costs;
  for (const ProfileFigures& profile : profiles_of_ways(said)) {
    for (const media::Figure& figure : profile.figures) {
      if (figure.value <= 1) continue;
      const bool set = figure.source == cluster::kSetSource;
      costs.push_back({"cluster.overheads." + profile.name + "." + figure.name,
                       static_cast<double>(figure.value), set ? sweep::kSetSource : figure.source,
                       !set && figure.assumed(), 0});
    }
  }
  return costs;
}

/// What a cell's costs are of, and these: {"processor", "costs"} or, of a cluster, {"ways", "costs"}.
Json group_of(const scenario::Cell& cell) {
  if (!cell.cluster)
    return {{"processor", scenario::profile_of(cell.machine)},
            {"cells", Json::array()},
            {"costs", json_of(costs_of(cell))}};
  Json names = Json::array(), costs = Json::array();
  for (const ProfileFigures& profile : profiles_of_ways(*cell.resolved.find("cluster"))) {
    names.push_back(profile.name);
    for (const media::Figure& figure : profile.figures)
      costs.push_back({{"name", profile.name + "." + figure.name},
                       {"value", figure.value},
                       {"origin", cluster::origin_of(figure)},
                       {"source", figure.source}});
  }
  return {{"ways", names}, {"cells", Json::array()}, {"costs", costs}};
}

}  // namespace

std::vector<sweep::Cost> costs_of(const scenario::Cell& cell) {
  if (cell.cluster) return costs_of_ways(*cell.resolved.find("cluster"));
  const timing::Accuracy accuracy =
      cell.machine.timing == "functional" ? timing::Accuracy::Functional : timing::Accuracy::Approximate;
  return costs_of(timing::load_profile(cell.machine.processor, accuracy, cell.machine.costs));
}

const char* origin_of(const sweep::Cost& cost) {
  if (cost.source == sweep::kSetSource) return "set";
  return cost.assumed ? "assumed" : "sourced";
}

void write_costs(JsonWriter& json, const std::vector<sweep::Cost>& costs) {
  json.key("costs").begin_array();
  for (const sweep::Cost& cost : costs) {
    json.begin_object().member("name", cost.name).member("value", static_cast<u64>(cost.value));
    json.member("origin", origin_of(cost)).member("source", cost.source).end_object();
  }
  json.end_array();
}

Json costs_json(const std::vector<scenario::Cell>& cells) {
  Json groups = Json::array();
  for (const scenario::Cell& cell : cells) {
    const Json made = group_of(cell);
    const char* of = cell.cluster ? "ways" : "processor";
    auto group = std::ranges::find_if(groups, [&](const Json& known) {
      return known.contains(of) && known[of] == made[of] && known["costs"] == made["costs"];
    });
    if (group == groups.end()) {
      groups.push_back(made);
      group = groups.end() - 1;
    }
    (*group)["cells"].push_back(cell.label);
  }
  return groups;
}

std::string count_costs(const Json& costs) {
  std::string text;
  for (const char* origin : {"sourced", "assumed", "set"}) {
    const auto count =
        std::ranges::count_if(costs, [&](const Json& cost) { return cost["origin"] == origin; });
    if (count == 0 && std::strcmp(origin, "set") == 0) continue;
    text += fmt::format("{}{} {}", text.empty() ? "" : ", ", count, origin);
  }
  return text;
}

std::string costs_text(const Json& groups) {
  std::string text;
  for (const Json& group : groups) {
    if (group.contains("ways")) continue;  // the summary of its run has that
    const std::string processor = group["processor"].get<std::string>();
    const std::string line = group["costs"].empty()
                                 ? fmt::format("{}: no costs (timing is functional)\n", processor)
                                 : fmt::format("costs of {}: {}\n", processor, count_costs(group["costs"]));
    if (text.find(line) == std::string::npos) text += line;
  }
  return text;
}

}  // namespace hvlab::lab
