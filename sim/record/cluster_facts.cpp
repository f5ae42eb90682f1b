// A cluster's facts as JSON and back, and the names of its states.
#include <tuple>
#include <utility>

#include "sim/record/cluster_codec.hpp"

namespace hvlab::record {

namespace {

/// Takes members out of a document; the first that is of another kind is remembered.
class Taker {
 public:
  template <class T>
  void take(const Json& from, const char* key, T& to) {
    const auto found = from.find(key);
    if (found == from.end()) return;
    const bool fits = std::is_same_v<T, std::string> ? found->is_string()
                      : std::is_same_v<T, bool>      ? found->is_boolean()
                                                     : found->is_number_unsigned();
    if (fits) {
      to = found->get<T>();
    } else {
      failed_ = true;
    }
  }
  template <class Read>
  void each(const Json& from, const char* key, const Read& read) {
    const auto found = from.find(key);
    if (found == from.end()) return;
    if (!found->is_array()) failed_ = true;
    for (const Json& element : *found) read(element);
  }
  /// An element of a list that has to be a list's `fits`.
  bool check(bool fits) {
    failed_ |= !fits;
    return fits;
  }
  bool failed() const { return failed_; }

 private:
  bool failed_ = false;
};

// The members of each as the document calls them, for both directions.

constexpr auto members(const HostFacts*) {
  return std::tuple{std::pair{"name", &HostFacts::name},         std::pair{"cores", &HostFacts::cores},
                    std::pair{"core_mhz", &HostFacts::core_mhz}, std::pair{"memory", &HostFacts::memory},
                    std::pair{"cards", &HostFacts::cards},       std::pair{"mbps", &HostFacts::mbps},
                    std::pair{"idle_mw", &HostFacts::idle_mw},   std::pair{"full_mw", &HostFacts::full_mw}};
}

constexpr auto members(const MachineFacts*) {
  return std::tuple{std::pair{"name", &MachineFacts::name},
                    std::pair{"way", &MachineFacts::way},
                    std::pair{"priority", &MachineFacts::priority},
                    std::pair{"processors", &MachineFacts::processors},
                    std::pair{"memory", &MachineFacts::memory},
                    std::pair{"disk", &MachineFacts::disk},
                    std::pair{"reservation", &MachineFacts::reservation}};
}

constexpr auto members(const StoreFacts*) {
  return std::tuple{
      std::pair{"name", &StoreFacts::name},         std::pair{"kind", &StoreFacts::kind},
      std::pair{"host", &StoreFacts::host},         std::pair{"disks", &StoreFacts::disks},
      std::pair{"capacity", &StoreFacts::capacity}, std::pair{"bandwidth", &StoreFacts::bandwidth}};
}

constexpr auto members(const PolicyFacts*) {
  return std::tuple{std::pair{"name", &PolicyFacts::name},
                    std::pair{"source", &PolicyFacts::source},
                    std::pair{"downtime_goal", &PolicyFacts::downtime_goal},
                    std::pair{"few_bytes", &PolicyFacts::few_bytes},
                    std::pair{"most_rounds", &PolicyFacts::most_rounds},
                    std::pair{"switch_over", &PolicyFacts::switch_over},
                    std::pair{"no_progress", &PolicyFacts::no_progress}};
}

constexpr auto members(const EventKindFacts*) {
  return std::tuple{std::pair{"name", &EventKindFacts::name}, std::pair{"value", &EventKindFacts::value}};
}

constexpr auto members(const AssumedFigure*) {
  return std::tuple{std::pair{"what", &AssumedFigure::what}, std::pair{"source", &AssumedFigure::source}};
}

// What a cluster has one of.
constexpr auto members(const ClusterFacts*) {
  return std::tuple{std::pair{"ha", &ClusterFacts::ha},
                    std::pair{"balancing", &ClusterFacts::balancing},
                    std::pair{"power_saving", &ClusterFacts::power_saving},
                    std::pair{"ha_timings", &ClusterFacts::ha_timings},
                    std::pair{"imbalance_threshold", &ClusterFacts::imbalance_threshold},
                    std::pair{"load_step", &ClusterFacts::load_step},
                    std::pair{"until", &ClusterFacts::until},
                    std::pair{"manager", &ClusterFacts::manager}};
}

// What it has lists of: of things, and of names.
constexpr auto lists(const ClusterFacts*) {
  return std::tuple{
      std::pair{"hosts", &ClusterFacts::hosts},       std::pair{"machines", &ClusterFacts::machines},
      std::pair{"datastores", &ClusterFacts::stores}, std::pair{"events", &ClusterFacts::events},
      std::pair{"reasons", &ClusterFacts::reasons},   std::pair{"rules", &ClusterFacts::rules},
      std::pair{"refusals", &ClusterFacts::refusals}, std::pair{"faults", &ClusterFacts::faults},
      std::pair{"assumed", &ClusterFacts::assumed}};
}

template <class Facts>
void put_members(Json& to, const Facts& facts) {
  std::apply([&](const auto&... member) { ((to[member.first] = facts.*member.second), ...); },
             members(&facts));
}

template <class Facts>
void take_members(Taker& taker, const Json& from, Facts& facts) {
  std::apply([&](const auto&... member) { (taker.take(from, member.first, facts.*member.second), ...); },
             members(&facts));
}

template <class Facts>
Json object_of(const Facts& facts) {
  Json object = Json::object();
  put_members(object, facts);
  return object;
}

template <class Element>
Json list_of(const std::vector<Element>& all) {
  if constexpr (std::is_same_v<Element, std::string>) {
    return all;
  } else {
    Json list = Json::array();
    for (const Element& facts : all) list.push_back(object_of(facts));
    return list;
  }
}

template <class Element>
void take_list(Taker& taker, const Json& json, const char* key, std::vector<Element>& to) {
  taker.each(json, key, [&](const Json& element) {
    if constexpr (std::is_same_v<Element, std::string>) {
      if (taker.check(element.is_string())) to.push_back(element.get<std::string>());
    } else {
      if (taker.check(element.is_object())) take_members(taker, element, to.emplace_back());
    }
  });
}

constexpr const char* kHostConditions[] = {"on", "maintenance", "off", "failed", "booting"};
constexpr const char* kWatches[] = {"heard", "silent", "unreachable", "lives", "dead"};
constexpr const char* kMachineConditions[] = {"off", "starting", "running", "stopped", "frozen"};
constexpr const char* kStages[] = {"waiting", "disk", "rounds", "last-copy", "switch-over", "done", "failed"};

}  // namespace

const char* name(HostCondition condition) { return kHostConditions[static_cast<size_t>(condition)]; }
const char* name(HostWatch watch) { return kWatches[static_cast<size_t>(watch)]; }
const char* name(MachineCondition condition) { return kMachineConditions[static_cast<size_t>(condition)]; }
const char* name(MoveStage stage) { return kStages[static_cast<size_t>(stage)]; }

Json json_of(const ClusterFacts& facts) {
  Json json = Json::object();
  std::apply([&](const auto&... list) { ((json[list.first] = list_of(facts.*list.second)), ...); },
             lists(&facts));
  json["policy"] = object_of(facts.policy);
  put_members(json, facts);
  return json;
}

std::optional<ClusterFacts> facts_of(const Json& json) {
  ClusterFacts facts;
  Taker taker;
  if (!json.is_object()) return std::nullopt;
  std::apply([&](const auto&... list) { (take_list(taker, json, list.first, facts.*list.second), ...); },
             lists(&facts));
  if (const auto found = json.find("policy"); found != json.end() && taker.check(found->is_object()))
    take_members(taker, *found, facts.policy);
  take_members(taker, json, facts);
  return taker.failed() ? std::nullopt : std::optional(facts);
}

ClusterState blank_state(const ClusterFacts& facts) {
  ClusterState state;
  state.hosts.resize(facts.hosts.size());
  state.machines.resize(facts.machines.size());
  state.stores.resize(facts.stores.size());
  state.manager.resize(1);
  return state;
}

}  // namespace hvlab::record
