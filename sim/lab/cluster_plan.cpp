#include "sim/lab/cluster_plan.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "sim/cluster/power.hpp"
#include "sim/lab/cluster_events.hpp"
#include "sim/lab/cluster_machines.hpp"
#include "sim/lab/cluster_values.hpp"
#include "sim/scenario/cluster_names.hpp"
#include "sim/scenario/entitlement.hpp"

namespace hvlab::lab {

using cluster::Plan;
using scenario::Value;

namespace {

/// The figures of a profile, or those of the file in its place.
cluster::PowerCurve load_of(const Value& host, std::vector<UsedFigure>& figures) {
  constexpr double kMilliwatts = 1000;
  cluster::PowerCurve curve;
  if (const Value* watts = host.find("watts"); watts != nullptr) {
    for (size_t i = 0; i < curve.load.size(); ++i)
      curve.load[i] = static_cast<u32>(std::lround(watts->items[i].number * kMilliwatts));
    curve.off = 8000;  // assumed: a management controller
    return curve;
  }
  const cluster::PowerProfile profile = cluster::load_power(text_at(host, "power"));
  for (const media::Figure& figure : profile.figures)
    figures.push_back({"power " + profile.name, figure.name, std::to_string(figure.value),
                       figure.assumed() ? "assumed" : "sourced", figure.source});
  return profile.curve;
}

cluster::PowerCurve curve_of(const Value& host, std::vector<UsedFigure>& figures) {
  constexpr double kMilliwatts = 1000;
  cluster::PowerCurve curve = load_of(host, figures);
  if (const Value* off = host.find("watts_off"); off != nullptr)
    curve.off = static_cast<u32>(std::lround(off->number * kMilliwatts));
  return curve;
}

cluster::PortPlan port_of(const Value& value) {
  constexpr unsigned kVlans = 64;
  cluster::PortPlan port;
  port.to = static_cast<u32>(std::max<u64>(scenario::switch_number(text_at(value, "switch")), 1) - 1);
  port.vlans = scenario::cores_of(text_at(value, "vlans"), kVlans).value_or(0);
  port.mbps = megahertz_at(value, "speed");
  return port;
}

cluster::HostPlan host_of(const Value& value, std::vector<UsedFigure>& figures) {
  cluster::HostPlan host;
  host.name = text_at(value, "name");
  host.count = count_at(value, "count");
  host.cores = static_cast<u16>(count_at(value, "cores"));
  host.core_mhz = megahertz_at(value, "frequency");
  host.memory = mebibytes_at(value, "memory");
  host.cards = count_at(value, "cards");
  host.mbps = megahertz_at(value, "speed");  // Mbit/s
  for (const Value& port : items_at(value, "ports")) host.ports.push_back(port_of(port));
  host.stays_on = count_at(value, "stays_on") != 0;
  host.power = curve_of(value, figures);
  return host;
}

struct Raid {
  const char* name;
  u16 redundant, write_cost;
};
constexpr Raid kRaids[] = {{"none", 0, 1}, {"raid10", 1, 2}, {"raid5", 1, 4}, {"raid6", 2, 6}};

constexpr std::pair<const char*, cluster::StorageKind> kStorageKinds[] = {
    {"local", cluster::StorageKind::Local},
    {"fc", cluster::StorageKind::FibreChannel},
    {"iscsi", cluster::StorageKind::Iscsi},
    {"nfs", cluster::StorageKind::Nfs},
    {"pooled", cluster::StorageKind::Pooled}};

cluster::DatastorePlan datastore_of(const Value& value, const scenario::ClusterNames& names) {
  constexpr u64 kMegabyte = 8'000'000;  // bits
  cluster::DatastorePlan store;
  store.name = text_at(value, "name");
  store.what.kind = word_at(value, "kind", kStorageKinds);
  store.what.disks = static_cast<u16>(count_at(value, "disks"));
  const std::string raid = text_at(value, "raid");
  const Raid& redundancy = *std::ranges::find(kRaids, raid, &Raid::name);
  store.what.redundant = redundancy.redundant;
  store.what.write_cost = redundancy.write_cost;
  store.what.disk_iops = count_at(value, "disk_iops");
  store.what.flash_reads = count_at(value, "flash_reads");
  store.what.flash_writes = count_at(value, "flash_writes");
  store.what.cache_hits = static_cast<u16>(permille(number_at(value, "cache")));
  store.what.latency = static_cast<u32>(whole_at(value, "latency") / kMicrosecond);
  store.what.cycles = count_at(value, "cycles");
  store.what.bandwidth = static_cast<u32>(whole_at(value, "bandwidth") / kMegabyte);
  store.what.capacity = gibibytes_at(value, "capacity");
  store.host = text_at(value, "host");
  if (const Value* members = value.find("members"); members != nullptr)
    store.members = scenario::expand(*members, names.hosts);
  store.tolerates = count_at(value, "tolerates");
  if (value.find("repair_after") != nullptr) store.repair_after = nanoseconds_at(value, "repair_after");
  return store;
}

constexpr std::pair<const char*, cluster::Teaming> kTeamings[] = {{"failover", cluster::Teaming::Failover},
                                                                  {"aggregate", cluster::Teaming::Aggregate},
                                                                  {"several", cluster::Teaming::Several}};
// In the order of cluster::Purpose.
constexpr const char* kPurposes[] = {"management", "migration", "storage", "machines"};

void read_networks(const Value& networks, Plan& plan) {
  constexpr unsigned kMostCards = 8;
  plan.switches = count_at(networks, "switches");
  for (size_t i = 0; i < plan.groups.size(); ++i) {
    const Value& group = *networks.find(kPurposes[i]);
    plan.groups[i].vlan = static_cast<u8>(count_at(group, "vlan"));
    plan.groups[i].cards =
        static_cast<u8>(scenario::cores_of(text_at(group, "cards"), kMostCards).value_or(1));
    plan.groups[i].limit = megahertz_at(group, "limit");  // Mbit/s
    plan.groups[i].teaming = word_at(group, "teaming", kTeamings);
  }
}

constexpr std::pair<const char*, cluster::Packing> kPackings[] = {
    {"first-fit", cluster::Packing::FirstFit},
    {"best-fit", cluster::Packing::BestFit},
    {"vector-fit", cluster::Packing::VectorFit}};

void read_migration(const Value& value, Plan& plan, std::vector<UsedFigure>& figures) {
  plan.migration = text_at(value, "policy");
  plan.moves_at_a_time = count_at(value, "at_a_time");
  plan.move_service = megahertz_at(value, "service");
  constexpr u64 kBits = 8;
  plan.precopy = {.downtime_goal = nanoseconds_at(value, "downtime"),
                  .most_bandwidth = whole_at(value, "bandwidth") / kBits,
                  .patience = nanoseconds_at(value, "give_up_after")};
  const auto policy = cluster::find_precopy_policy(plan.migration);
  const std::string source(policy ? policy->source : "");
  figures.push_back({"migration " + plan.migration, "policy", plan.migration,
                     source.starts_with("assumed") ? "assumed" : "sourced", source});
}

constexpr std::pair<const char*, cluster::IsolationResponse> kResponses[] = {
    {"leave-on", cluster::IsolationResponse::LeaveOn}, {"power-off", cluster::IsolationResponse::PowerOff}};
constexpr std::pair<const char*, cluster::Admission> kAdmissions[] = {
    {"none", cluster::Admission::None},
    {"host-failures", cluster::Admission::HostFailures},
    {"part", cluster::Admission::Part}};

void read_ha(const Value& value, cluster::Availability& ha, std::vector<UsedFigure>& figures) {
  ha.on = count_at(value, "on") != 0;
  if (const auto timings = cluster::find_ha_timings(text_at(value, "timings"))) ha.timings = *timings;
  ha.datastore_heartbeats = count_at(value, "heartbeats") != 0;
  ha.response = word_at(value, "isolation_response", kResponses);
  ha.admission = word_at(value, "admission", kAdmissions);
  ha.failures = count_at(value, "failures");
  ha.part = permille(number_at(value, "part"));
  ha.at_a_time = count_at(value, "at_a_time");
  ha.retry = nanoseconds_at(value, "retry");
  if (ha.on)
    figures.push_back({"ha " + std::string(ha.timings.name), "timings", std::string(ha.timings.name),
                       "sourced", std::string(ha.timings.source)});
}

void read_drs(const Value& value, cluster::Balancer& balancer) {
  balancer.on = count_at(value, "on") != 0;
  balancer.period = nanoseconds_at(value, "period");
  balancer.level = count_at(value, "level");
  if (value.find("threshold") != nullptr) balancer.threshold = number_at(value, "threshold");
  balancer.most_moves = count_at(value, "most_moves");
}

void read_power_saving(const Value& value, cluster::PowerSaving& power) {
  power.on = count_at(value, "on") != 0;
  power.target = permille(number_at(value, "target"));
  power.tolerance = permille(number_at(value, "tolerance"));
  power.boot = nanoseconds_at(value, "boot");
  power.after = nanoseconds_at(value, "after");
  power.least_hosts = count_at(value, "hosts");
}

void read_policies(const Value& value, ClusterCase& made) {
  Plan& plan = made.plan;
  plan.packing = word_at(value, "packing", kPackings);
  read_migration(*value.find("migration"), plan, made.figures);
  if (const Value* ha = value.find("ha"); ha != nullptr) read_ha(*ha, plan.ha, made.figures);
  if (const Value* drs = value.find("drs"); drs != nullptr) read_drs(*drs, plan.balancer);
  if (const Value* power = value.find("power_saving"); power != nullptr)
    read_power_saving(*power, plan.power);
  plan.manager = text_at(value, "manager");
  plan.manager_standbys = count_at(value, "manager_standbys");
  plan.manager_takeover = nanoseconds_at(value, "manager_takeover");
  plan.starts_with_host = count_at(value, "start_with_host") != 0;
  if (const Value* figures = value.find("overheads"); figures != nullptr) {
    for (size_t i = 0; i < figures->keys.size(); ++i)
      plan.figures.emplace_back(figures->keys[i], figures->items[i].count);
  }
}

CostPlan cost_of(const Value& cost, const std::vector<Value>& hosts) {
  CostPlan plan;
  plan.years = count_at(cost, "years");
  for (const Value& group : hosts) {
    cluster::ServerCosts& server = plan.servers.emplace_back();
    server.name = text_at(group, "name");
    server.count = count_at(group, "count");
    const Value* own = group.find("cost");
    if (own == nullptr) continue;
    server.price = number_at(*own, "price");
    server.maintenance = number_at(*own, "maintenance");
    server.rack_units = number_at(*own, "rack_units");
    server.licences = number_at(*own, "licences");
    server.support = number_at(*own, "support");
  }
  cluster::CommonCosts& common = plan.common;
  common.rack_unit_year = number_at(cost, "rack_unit_year");
  common.kilowatt_hour = number_at(cost, "kilowatt_hour");
  common.cooling = number_at(cost, "cooling");
  common.storage = number_at(cost, "storage");
  common.storage_maintenance = number_at(cost, "storage_maintenance");
  common.life = count_at(cost, "life");
  common.systems = count_at(cost, "systems");
  common.reinstallation = number_at(cost, "reinstallation");
  common.move = number_at(cost, "move");
  common.moves = count_at(cost, "moves") != 0;
  return plan;
}

}  // namespace

ClusterCase case_of(const scenario::Cell& cell, const std::string& folder) {
  const Value& value = *cell.resolved.find("cluster");
  const scenario::ClusterNames names = scenario::names_of(value);
  ClusterCase made;
  Plan& plan = made.plan;
  made.length = nanoseconds_at(value, "length");
  plan.load_step = nanoseconds_at(value, "load_step");
  plan.seed = cell.seed;
  for (const Value& host : items_at(value, "hosts")) plan.hosts.push_back(host_of(host, made.figures));
  for (const Value& store : items_at(value, "datastores"))
    plan.datastores.push_back(datastore_of(store, names));
  read_networks(*value.find("networks"), plan);
  for (const Value& vm : items_at(value, "vms")) plan.machines.push_back(machine_of(vm, names, folder));
  for (const Value& rule : items_at(value, "rules")) plan.rules.push_back(rule_of(rule, names));
  read_policies(value, made);
  const PlanPlaces places(plan);
  for (const Value& event : items_at(value, "events")) add_event(event, names, places, plan);
  for (const Value& window : items_at(value, "windows"))
    plan.windows.push_back(
        {text_at(window, "name"), nanoseconds_at(window, "from"), nanoseconds_at(window, "to")});
  if (const Value* cost = value.find("cost"); cost != nullptr)
    made.cost = cost_of(*cost, items_at(value, "hosts"));
  return made;
}

}  // namespace hvlab::lab
