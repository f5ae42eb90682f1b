#include "sim/scenario/cluster_rules.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <set>

#include "sim/scenario/cluster_event_rules.hpp"
#include "sim/scenario/cluster_machine_rules.hpp"
#include "sim/scenario/cluster_names.hpp"
#include "sim/scenario/cluster_rule_parts.hpp"
#include "sim/scenario/entitlement.hpp"
#include "sim/scenario/software_rules.hpp"

namespace hvlab::scenario {

namespace {

constexpr u64 kMHz = 1'000'000, kMiB = 1 << 20, kGiB = 1 << 30;

void check_name(const Value& group, const char* what, std::set<std::string>& taken, Problems& problems) {
  const Value *name = group.find("name"), *count = group.find("count");
  if (name == nullptr) return;
  const bool good = std::ranges::all_of(name->text, [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' || c == '_';
  });
  if (!good)
    return problems.add(name->place, name->text, fmt::format("'{}' is no name of a {}", name->text, what),
                        "letters, digits, - and _");
  std::vector<std::string> names = members_of(name->text, count == nullptr ? 1 : count->count);
  if (names.size() > 1) names.push_back(name->text);
  for (const std::string& each : names) {
    if (taken.insert(each).second) continue;
    return problems.add(name->place, name->text,
                        fmt::format("another {} is called '{}' already", what, each));
  }
}

void check_names(const Value& cluster, Problems& problems) {
  static constexpr std::pair<const char*, const char*> kKinds[] = {
      {"hosts", "host"}, {"vms", "machine"}, {"datastores", "datastore"}};
  for (const auto& [key, what] : kKinds) {
    std::set<std::string> taken;
    for (const Value& group : items_at(cluster, key)) check_name(group, what, taken, problems);
  }
}

/// Whether there are so few of everything that names can be told apart.
bool check_counts(const Value& cluster, Problems& problems) {
  bool good = true;
  static constexpr std::pair<const char*, u64> kMost[] = {{"hosts", 200'000}, {"vms", kMostThings}};
  for (const auto& [key, most] : kMost) {
    const Value* groups = cluster.find(key);
    if (count_of(groups) <= most) continue;
    problems.add(groups->key_place, key, fmt::format("{} {}", count_of(groups), key),
                 fmt::format("at most {}", most));
    good = false;
  }
  return good;
}

void check_ports(const Value& host, const ClusterNames& names, Problems& problems) {
  constexpr unsigned kVlans = 64;
  const Value *ports = host.find("ports"), *cards = host.find("cards");
  if (ports == nullptr) return;
  if (cards != nullptr && ports->items.size() > cards->count)
    problems.add(ports->key_place, "ports",
                 fmt::format("ports of {} cards; a host has {}", ports->items.size(), cards->count),
                 "one for each card at most");
  for (const Value& port : ports->items) {
    check_whole(port, {{"speed", kMHz, "Mbit/s"}}, problems);
    check_name_of(port.find("switch"), names.switches, "switch", true, problems);
    const Value* vlans = port.find("vlans");
    if (vlans != nullptr && !cores_of(vlans->text, kVlans))
      problems.add(vlans->place, vlans->text, fmt::format("'{}' is no list of VLANs", vlans->text),
                   "one like 0-3,7 of 0 to 63");
  }
}

void check_host(const Value& host, const ClusterNames& names, Problems& problems) {
  constexpr size_t kSteps = 11;
  check_ports(host, names, problems);
  check_whole(host, {{"frequency", kMHz, "MHz"}, {"memory", kMiB, "MiB"}, {"speed", kMHz, "Mbit/s"}},
              problems);
  const Value *watts = host.find("watts"), *power = host.find("power");
  if (watts == nullptr) return;
  if (watts->items.size() != kSteps)
    problems.add(watts->key_place, "watts", fmt::format("{} figures", watts->items.size()),
                 "eleven, at 0, 10, ... 100 % of load");
  if (power != nullptr)
    problems.add(power->key_place, "power", "there is a power profile, and there are figures in its place",
                 "one of power and watts");
}

/// An array of so few disks cannot be that redundant.
void check_raid(const Value& store, Problems& problems) {
  static constexpr std::pair<const char*, u64> kLeast[] = {{"raid10", 2}, {"raid5", 3}, {"raid6", 4}};
  const Value *disks = store.find("disks"), *raid = store.find("raid");
  for (const auto& [name, least] : kLeast) {
    if (disks == nullptr || raid == nullptr || raid->text != name || disks->count >= least) continue;
    problems.add(disks->place, disks->text, fmt::format("{} needs {} disks", name, least),
                 "more disks, or raid: none");
  }
}

void check_datastore(const Value& store, const ClusterNames& names, Problems& problems) {
  const bool local = says(store, "kind", "local"), pooled = says(store, "kind", "pooled");
  check_whole(store, {{"capacity", kGiB, "GiB"}, {"bandwidth", 8 * kMHz, "MB/s"}}, problems);
  check_raid(store, problems);
  if (local && !store.mentions("host"))
    problems.add(store.place, "", "a local datastore is the disks of a host, and none is said", "host: NAME");
  if (!local) refuse(store, {"host"}, "is for a local datastore", problems);
  check_name_of(store.find("host"), names.hosts, "host", true, problems);
  if (!pooled) return refuse(store, {"members", "repair_after"}, "is for a pooled datastore", problems);
  check_names_of(store.find("members"), names.hosts, "host", problems);
  const Value *members = store.find("members"), *tolerates = store.find("tolerates");
  if (members == nullptr || tolerates == nullptr) return;
  const size_t hosts = expand(*members, names.hosts).size(), needed = 2 * tolerates->count + 1;
  if (hosts < needed)
    problems.add(store.place, "",
                 fmt::format("a pool that tolerates {} failures needs {} hosts; this one has {}",
                             tolerates->count, needed, hosts),
                 "more members, or a smaller 'tolerates'");
}

void check_datastores(const Value& cluster, const ClusterNames& names, Problems& problems) {
  size_t pools = 0;
  for (const Value& store : items_at(cluster, "datastores")) {
    check_datastore(store, names, problems);
    if (says(store, "kind", "pooled") && ++pools == 2)
      problems.add(store.place, "", "there is one pooled datastore at most");
  }
}

void check_networks(const Value& cluster, Problems& problems) {
  const Value* networks = cluster.find("networks");
  if (networks == nullptr) return;
  u64 cards = 0;
  for (const Value& host : items_at(cluster, "hosts")) {
    if (const Value* count = host.find("cards"); count != nullptr) cards = std::max(cards, count->count);
  }
  for (const Value& group : networks->items) {
    const Value* list = group.find("cards");
    if (list == nullptr || cards == 0 || cores_of(list->text, static_cast<unsigned>(cards))) continue;
    problems.add(list->place, list->text, fmt::format("'{}' is no list of the hosts' cards", list->text),
                 cards == 1 ? "0: hosts have one" : fmt::format("one like 0-1 of 0 to {}", cards - 1));
  }
}

void check_window(const Value& window, const Value& cluster, std::set<std::string>& taken,
                  Problems& problems) {
  const Value *from = window.find("from"), *to = window.find("to"), *length = cluster.find("length");
  check_name(window, "window", taken, problems);
  if (from != nullptr && to != nullptr && to->count <= from->count)
    problems.add(to->place, to->text, fmt::format("the window ends before it begins, at {}", from->text));
  if (to != nullptr && length != nullptr && to->count > length->count)
    problems.add(to->place, to->text,
                 fmt::format("the run ends before the window does, after {}", length->text));
}

void check_policies(const Value& cluster, const ClusterNames& names, Problems& problems) {
  check_name_of(cluster.find("manager"), names.machines, "machine", true, problems);
  if (is_set(cluster, "power_saving.on") && !is_set(cluster, "drs.on"))
    problems.add(cluster.find("power_saving")->key_place, "power_saving",
                 "hosts are switched off by balancing, which is off", "drs: {on: true}");
  const Value *target = cluster.at("power_saving.target"), *tolerance = cluster.at("power_saving.tolerance");
  if (target != nullptr && tolerance != nullptr && tolerance->number > target->number)
    problems.add(tolerance->place, tolerance->text,
                 fmt::format("more than the target, which is {}", target->text));
  for (const char* purpose : {"management", "migration", "storage", "machines"}) {
    const std::string path = std::string("networks.") + purpose + ".limit";
    check_whole(cluster, {{path.c_str(), kMHz, "Mbit/s"}}, problems);
  }
  check_whole(cluster, {{"migration.service", kMHz, "MHz"}, {"migration.bandwidth", kMHz, "Mbit/s"}},
              problems);
}

/// Only what is said; defaults of the machine were taken away.
void check_alone(const Value& cell, Problems& problems) {
  const Value* cluster = cell.find("cluster");
  for (const char* key :
       {"machine", "software", "workload", "vms", "events", "limits", "measure", "ending", "clock"}) {
    const Value* value = cell.find(key);
    if (value == nullptr) continue;
    const bool inside =
        cluster != nullptr && (std::string_view(key) == "vms" || std::string_view(key) == "events");
    problems.add(value->key_place, key, fmt::format("'{}' is of one machine, and this is a cluster", key),
                 inside                              ? fmt::format("'{}' below 'cluster'", key)
                 : std::string_view(key) == "limits" ? "cluster: {length: TIME}"
                                                     : "either software or cluster");
  }
}

}  // namespace

void check_cluster(const Value& cell, Problems& problems) {
  check_alone(cell, problems);
  const Value* cluster = cell.find("cluster");
  if (cluster == nullptr) return;  // it is no map
  const Value* hosts = cluster->find("hosts");
  if (hosts != nullptr && hosts->items.empty())
    problems.add(hosts->place, "", "a cluster without a host", "- {name: server, count: 3}");
  if (!check_counts(*cluster, problems)) return;
  check_names(*cluster, problems);
  const ClusterNames names = names_of(*cluster);
  for (const Value& host : items_at(*cluster, "hosts")) check_host(host, names, problems);
  check_datastores(*cluster, names, problems);
  check_networks(*cluster, problems);
  check_machines(*cluster, names, problems);
  check_policies(*cluster, names, problems);
  std::set<std::string> windows;
  for (const Value& window : items_at(*cluster, "windows")) check_window(window, *cluster, windows, problems);
  for (const Value& event : items_at(*cluster, "events"))
    check_cluster_event(event, *cluster, names, problems);
}

}  // namespace hvlab::scenario
