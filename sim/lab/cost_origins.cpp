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

/// Figures of the ways that a cluster's machines run in; what is nothing, or yes or no, cannot move by any
/// quarter.
std::vector<sweep::Cost> costs_of_ways(const scenario::Value& said) {
  std::vector<std::pair<std::string, u64>> figures;
  if (const scenario::Value* set = said.find("overheads"); set != nullptr) {
    for (size_t i = 0; i < set->keys.size(); ++i) figures.emplace_back(set->keys[i], set->items[i].count);
  }
  std::vector<sweep::Cost> costs;
  const auto add = [&](const std::string& file, const std::vector<media::Figure>& list) {
    for (const media::Figure& figure : list) {
      const std::string path = "cluster.overheads." + file + "." + figure.name;
      if (figure.value <= 1 || std::ranges::count(costs, path, &sweep::Cost::name) != 0) continue;
      const bool set = figure.source == cluster::kSetSource;
      costs.push_back({path, static_cast<double>(figure.value), set ? sweep::kSetSource : figure.source,
                       !set && figure.assumed(), 0});
    }
  };
  for (const scenario::Value& machine : said.find("vms")->items) {
    const std::string& name = machine.find("way")->text;
    if (name == "none") continue;
    cluster::Overhead way = cluster::load_overhead(name);
    cluster::Mix mix = cluster::load_mix(machine.find("mix")->text);
    cluster::set_figures(way, figures);
    cluster::set_figures(mix, figures);
    add(way.name, way.figures);
    add(mix.name, mix.figures);
  }
  return costs;
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
    if (cell.cluster) continue;  // its figures are in the statistics of its run
    const std::string processor = scenario::profile_of(cell.machine);
    const Json costs = json_of(costs_of(cell));
    auto group = std::ranges::find_if(groups, [&](const Json& known) {
      return known["processor"] == processor && known["costs"] == costs;
    });
    if (group == groups.end()) {
      groups.push_back({{"processor", processor}, {"cells", Json::array()}, {"costs", costs}});
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
    const std::string processor = group["processor"].get<std::string>();
    const std::string line = group["costs"].empty()
                                 ? fmt::format("{}: no costs (timing is functional)\n", processor)
                                 : fmt::format("costs of {}: {}\n", processor, count_costs(group["costs"]));
    if (text.find(line) == std::string::npos) text += line;
  }
  return text;
}

}  // namespace hvlab::lab
