// A cluster's facts as JSON and back, and the names of its states.
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

Json json_of(const HostFacts& host) {
  return {{"name", host.name},       {"cores", host.cores},    {"core_mhz", host.core_mhz},
          {"memory", host.memory},   {"cards", host.cards},    {"mbps", host.mbps},
          {"idle_mw", host.idle_mw}, {"full_mw", host.full_mw}};
}

HostFacts host_of(Taker& taker, const Json& json) {
  HostFacts host;
  taker.take(json, "name", host.name);
  taker.take(json, "cores", host.cores);
  taker.take(json, "core_mhz", host.core_mhz);
  taker.take(json, "memory", host.memory);
  taker.take(json, "cards", host.cards);
  taker.take(json, "mbps", host.mbps);
  taker.take(json, "idle_mw", host.idle_mw);
  taker.take(json, "full_mw", host.full_mw);
  return host;
}

Json json_of(const MachineFacts& machine) {
  return {{"name", machine.name},
          {"way", machine.way},
          {"priority", machine.priority},
          {"processors", machine.processors},
          {"memory", machine.memory},
          {"disk", machine.disk},
          {"reservation", machine.reservation}};
}

MachineFacts machine_of(Taker& taker, const Json& json) {
  MachineFacts machine;
  taker.take(json, "name", machine.name);
  taker.take(json, "way", machine.way);
  taker.take(json, "priority", machine.priority);
  taker.take(json, "processors", machine.processors);
  taker.take(json, "memory", machine.memory);
  taker.take(json, "disk", machine.disk);
  taker.take(json, "reservation", machine.reservation);
  return machine;
}

Json json_of(const StoreFacts& store) {
  return {{"name", store.name},   {"kind", store.kind},         {"host", store.host},
          {"disks", store.disks}, {"capacity", store.capacity}, {"bandwidth", store.bandwidth}};
}

StoreFacts store_of(Taker& taker, const Json& json) {
  StoreFacts store;
  taker.take(json, "name", store.name);
  taker.take(json, "kind", store.kind);
  taker.take(json, "host", store.host);
  taker.take(json, "disks", store.disks);
  taker.take(json, "capacity", store.capacity);
  taker.take(json, "bandwidth", store.bandwidth);
  return store;
}

Json json_of(const PolicyFacts& policy) {
  return {{"name", policy.name},
          {"source", policy.source},
          {"downtime_goal", policy.downtime_goal},
          {"few_bytes", policy.few_bytes},
          {"most_rounds", policy.most_rounds},
          {"switch_over", policy.switch_over},
          {"no_progress", policy.no_progress}};
}

PolicyFacts policy_of(Taker& taker, const Json& json) {
  PolicyFacts policy;
  taker.take(json, "name", policy.name);
  taker.take(json, "source", policy.source);
  taker.take(json, "downtime_goal", policy.downtime_goal);
  taker.take(json, "few_bytes", policy.few_bytes);
  taker.take(json, "most_rounds", policy.most_rounds);
  taker.take(json, "switch_over", policy.switch_over);
  taker.take(json, "no_progress", policy.no_progress);
  return policy;
}

template <class Facts>
Json list_of(const std::vector<Facts>& all) {
  Json list = Json::array();
  for (const Facts& facts : all) list.push_back(json_of(facts));
  return list;
}

Json pairs_of(const auto& all, const char* one, const char* other, auto first, auto second) {
  Json list = Json::array();
  for (const auto& each : all) list.push_back({{one, each.*first}, {other, each.*second}});
  return list;
}

template <class Facts>
void take_list(Taker& taker, const Json& json, const char* key, std::vector<Facts>& to,
               Facts (*read)(Taker&, const Json&)) {
  taker.each(json, key, [&](const Json& element) {
    if (taker.check(element.is_object())) to.push_back(read(taker, element));
  });
}

void take_texts(Taker& taker, const Json& json, const char* key, std::vector<std::string>& to) {
  taker.each(json, key, [&](const Json& element) {
    if (taker.check(element.is_string())) to.push_back(element.get<std::string>());
  });
}

template <class Pair>
void take_pairs(Taker& taker, const Json& json, const char* key, const char* one, const char* other,
                std::vector<Pair>& to) {
  taker.each(json, key, [&](const Json& element) {
    if (!taker.check(element.is_object())) return;
    auto& [first, second] = to.emplace_back();
    taker.take(element, one, first);
    taker.take(element, other, second);
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
  return {
      {"hosts", list_of(facts.hosts)},
      {"machines", list_of(facts.machines)},
      {"datastores", list_of(facts.stores)},
      {"events", pairs_of(facts.events, "name", "value", &EventKindFacts::name, &EventKindFacts::value)},
      {"reasons", facts.reasons},
      {"rules", facts.rules},
      {"refusals", facts.refusals},
      {"faults", facts.faults},
      {"assumed", pairs_of(facts.assumed, "what", "source", &AssumedFigure::what, &AssumedFigure::source)},
      {"policy", json_of(facts.policy)},
      {"ha", facts.ha},
      {"balancing", facts.balancing},
      {"power_saving", facts.power_saving},
      {"ha_timings", facts.ha_timings},
      {"imbalance_threshold", facts.imbalance_threshold},
      {"load_step", facts.load_step},
      {"until", facts.until},
      {"manager", facts.manager}};
}

std::optional<ClusterFacts> facts_of(const Json& json) {
  ClusterFacts facts;
  Taker taker;
  if (!json.is_object()) return std::nullopt;
  take_list(taker, json, "hosts", facts.hosts, host_of);
  take_list(taker, json, "machines", facts.machines, machine_of);
  take_list(taker, json, "datastores", facts.stores, store_of);
  take_pairs(taker, json, "events", "name", "value", facts.events);
  take_pairs(taker, json, "assumed", "what", "source", facts.assumed);
  take_texts(taker, json, "reasons", facts.reasons);
  take_texts(taker, json, "rules", facts.rules);
  take_texts(taker, json, "refusals", facts.refusals);
  take_texts(taker, json, "faults", facts.faults);
  if (const auto found = json.find("policy"); found != json.end() && taker.check(found->is_object()))
    facts.policy = policy_of(taker, *found);
  taker.take(json, "ha", facts.ha);
  taker.take(json, "balancing", facts.balancing);
  taker.take(json, "power_saving", facts.power_saving);
  taker.take(json, "ha_timings", facts.ha_timings);
  taker.take(json, "imbalance_threshold", facts.imbalance_threshold);
  taker.take(json, "load_step", facts.load_step);
  taker.take(json, "until", facts.until);
  taker.take(json, "manager", facts.manager);
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
