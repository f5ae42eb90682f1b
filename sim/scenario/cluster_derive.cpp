#include "sim/scenario/cluster_derive.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "sim/scenario/cluster_names.hpp"
#include "sim/scenario/made_values.hpp"

namespace hvlab::scenario {

namespace {

constexpr u64 kMHz = 1'000'000, kMbit = 1'000'000, kGbit = 1000 * kMbit;
constexpr u64 kMinute = 60 * kSecond, kHour = 60 * kMinute, kDay = 24 * kHour;

std::string word_at(const Value& section, const char* key) {
  const Value* value = section.at(key);
  return value == nullptr ? "" : value->text;
}

u64 count_at(const Value& section, const char* key, u64 otherwise) {
  const Value* value = section.at(key);
  return value == nullptr ? otherwise : value->count;
}

std::vector<Value>* items_of(Value& section, const char* key) {
  Value* list = section.at(key);
  return list == nullptr ? nullptr : &list->items;
}

/// Of the first group: what is planned is planned for its hosts.
u64 of_first_host(const Value& cluster, const char* key, u64 otherwise) {
  const Value* hosts = cluster.at("hosts");
  return hosts == nullptr || hosts->items.empty() ? otherwise : count_at(hosts->items[0], key, otherwise);
}

struct StorageKind {
  const char* name;
  Picoseconds latency;
  u64 bandwidth;
};
// SATA and SAS at 6 Gbit/s; Fibre Channel of 2008; a card of the storage network. Latencies are assumed.
constexpr StorageKind kStorageKinds[] = {{"local", 100 * kMicrosecond, 6 * kGbit},
                                         {"fc", 200 * kMicrosecond, 8 * kGbit},
                                         {"iscsi", 400 * kMicrosecond, kGbit},
                                         {"nfs", 500 * kMicrosecond, kGbit},
                                         {"pooled", 500 * kMicrosecond, kGbit}};

struct Medium {
  const char* name;
  u64 requests;         // a second
  Picoseconds latency;  // of a read besides 1 / requests: chips of flash work side by side
};
// Half a turn, and 3.5 ms, 4 ms (assumed) or 8.5 ms of seeking (Hitachi Deskstar 7K1000.C); what
// profiles/disk has of the two kinds of flash.
constexpr Medium kMedia[] = {{"disk-15k", 180, 0},
                             {"disk-10k", 140, 0},
                             {"disk-7k", 79, 0},
                             {"ssd-sata", 100'000, 90 * kMicrosecond},
                             {"ssd-nvme", 380'000, 68 * kMicrosecond}};

void derive_datastore(Value& store, const Value& cluster) {
  const std::string kind = word_at(store, "kind"), medium = word_at(store, "medium");
  const auto about = std::ranges::find(kStorageKinds, kind, &StorageKind::name);
  const auto disks = std::ranges::find(kMedia, medium, &Medium::name);
  if (about == std::end(kStorageKinds) || disks == std::end(kMedia)) return;
  const std::string origin = "kind " + kind;
  add(store, "disk_iops", count_value(disks->requests), "medium " + medium);
  add(store, "latency", time_value(about->latency + disks->latency),
      disks->latency == 0 ? origin : origin + ", medium " + medium);
  add(store, "bandwidth", rate_value(about->bandwidth), origin);
  if (kind != "pooled") return;
  std::vector<std::string> hosts;
  if (const Value* groups = cluster.at("hosts"); groups != nullptr) {
    for (const Value& group : groups->items) hosts.push_back(word_at(group, "name"));
  }
  add(store, "members", names_value(hosts), "hosts");
  add(store, "repair_after", time_value(kHour), origin);
}

/// Cards that are said of a group, and what they are plugged into unless that is said.
void derive_ports(Value& host, const Value& cluster) {
  std::vector<Value>* ports = items_of(host, "ports");
  const Value* switches = cluster.at("networks.switches");
  if (ports == nullptr || switches == nullptr || switches->count == 0) return;
  const Value* speed = host.find("speed");
  for (size_t i = 0; i < ports->size(); ++i) {
    add((*ports)[i], "switch", text_value(fmt::format("switch-{}", i % switches->count + 1)), "in turn");
    if (speed != nullptr) add((*ports)[i], "speed", rate_value(speed->count), "the group's speed");
  }
}

void derive_networks(Value& cluster) {
  Value* networks = cluster.at("networks");
  if (networks == nullptr) return;
  u64 cards = 1;
  if (const Value* hosts = cluster.at("hosts"); hosts != nullptr) {
    for (const Value& group : hosts->items) cards = std::max(cards, count_at(group, "cards", 1));
  }
  for (const char* purpose : {"management", "migration", "storage", "machines"}) {
    Value* group = networks->at(purpose);
    const std::string all = cards == 1 ? "0" : fmt::format("0-{}", cards - 1);
    if (group != nullptr) add(*group, "cards", text_value(all), "hosts' cards");
  }
}

void derive_demand(Value& demand) {
  const std::string shape = word_at(demand, "shape"), origin = "shape " + shape;
  if (shape == "peak") {
    add(demand, "high", number_value(0.6), origin);
    add(demand, "period", time_value(kDay), origin);
    add(demand, "peak_at", time_value(12 * kHour), origin);
    add(demand, "width", time_value(count_at(demand, "period", kDay) / 2), origin);
  } else if (shape == "bursts") {
    add(demand, "high", number_value(0.6), origin);
    add(demand, "period", time_value(kHour), origin);
    add(demand, "width", time_value(count_at(demand, "period", kHour) / 10), origin);
  } else if (shape == "trace") {
    add(demand, "period", time_value(5 * kMinute), origin);
  }
}

/// The part of its processors that a machine wants at most; of a trace all, since it is not read here.
double highest(const Value& demand) {
  const std::string shape = word_at(demand, "shape");
  const Value *low = demand.find("low"), *high = demand.find("high");
  if (shape == "trace") return 1;
  const Value* most = shape == "constant" || high == nullptr ? low : high;
  return most == nullptr ? 0 : most->number;
}

Value usual_dirty(u64 memory) {
  constexpr u64 kPage = 4096;
  Value part;
  part.type = Type::Map;
  add(part, "memory", size_value(std::max(kPage, memory / 8 / kPage * kPage)), "");
  add(part, "writes", count_value(2000), "");
  Value list;
  list.type = Type::List;
  list.items.push_back(std::move(part));
  return list;
}

/// One that has tasks wants what these do.
void take_demand_away(Value& vm) {
  const auto found = std::ranges::find(vm.keys, "demand");
  if (!vm.mentions("tasks") || found == vm.keys.end()) return;
  const auto place = found - vm.keys.begin();
  if (vm.items[static_cast<size_t>(place)].origin != "default") return;
  vm.items.erase(vm.items.begin() + place);
  vm.keys.erase(found);
}

void derive_vm(Value& vm, const Value& cluster) {
  const u64 vcpus = count_at(vm, "vcpus", 1);
  take_demand_away(vm);
  if (Value* demand = vm.at("demand"); demand != nullptr) derive_demand(*demand);
  const Value* demand = vm.find("demand");
  const double part = demand == nullptr || vm.mentions("tasks") ? 1 : highest(*demand);
  const auto hertz = static_cast<double>(vcpus) *
                     static_cast<double>(of_first_host(cluster, "frequency", 1000 * kMHz)) * part;
  const u64 size = std::max<u64>(1, static_cast<u64>(hertz / static_cast<double>(kMHz)));
  add(vm, "size", frequency_value(size * kMHz), "vcpus and demand");
  add(vm, "shares", count_value(1000 * vcpus), "vcpus");
  add(vm, "dirty", usual_dirty(count_at(vm, "memory", 0)), "memory");
  const Value* stores = cluster.at("datastores");
  if (stores != nullptr && !stores->items.empty())
    add(vm, "datastore", text_value(word_at(stores->items[0], "name")), "the first");
}

void derive_rest(Value& cluster) {
  constexpr u64 kFast = 10 * kGbit;
  if (Value* migration = cluster.at("migration"); migration != nullptr)
    add(*migration, "at_a_time", count_value(of_first_host(cluster, "speed", 0) >= kFast ? 8 : 4),
        "hosts' speed");
  u64 machines = 0;
  if (const Value* vms = cluster.at("vms"); vms != nullptr) {
    for (const Value& vm : vms->items) machines += count_at(vm, "count", 1);
  }
  if (Value* cost = cluster.at("cost"); cost != nullptr)
    add(*cost, "systems", count_value(std::min(machines, kMostThings)), "vms");
}

void take_defaults_away(Value& cell) {
  for (size_t i = cell.keys.size(); i-- > 0;) {
    const std::string& key = cell.keys[i];
    if (cell.items[i].origin != "default" || key == "seed") continue;
    cell.items.erase(cell.items.begin() + static_cast<std::ptrdiff_t>(i));
    cell.keys.erase(cell.keys.begin() + static_cast<std::ptrdiff_t>(i));
  }
}

}  // namespace

void derive_cluster(Value& cell) {
  take_defaults_away(cell);
  Value* cluster = cell.at("cluster");
  if (cluster == nullptr) return;  // what the file says there is no map
  if (auto* hosts = items_of(*cluster, "hosts"); hosts != nullptr) {
    for (Value& host : *hosts) {
      if (!host.mentions("watts")) add(host, "power", word_value("ibm-x3550-m3"), "default");
      derive_ports(host, *cluster);
    }
  }
  if (auto* stores = items_of(*cluster, "datastores"); stores != nullptr)
    for (Value& store : *stores) derive_datastore(store, *cluster);
  derive_networks(*cluster);
  if (auto* vms = items_of(*cluster, "vms"); vms != nullptr)
    for (Value& vm : *vms) derive_vm(vm, *cluster);
  derive_rest(*cluster);
}

}  // namespace hvlab::scenario
