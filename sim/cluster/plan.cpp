#include "sim/cluster/plan.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <set>

#include "sim/base/user_error.hpp"
#include "sim/cluster/first_start.hpp"

namespace hvlab::cluster {

namespace {

template <class Group>
std::vector<std::string> names_of(const std::vector<Group>& groups) {
  std::vector<std::string> names;
  for (const Group& group : groups)
    for (u32 i = 1; i <= group.count; ++i)
      names.push_back(group.count == 1 ? group.name : fmt::format("{}-{}", group.name, i));
  return names;
}

// Of the hosts from `first` on, which are alike.
void plug_in(const HostPlan& group, Index first, Cluster& cluster) {
  for (Index host = first; host < cluster.hosts.size(); ++host) {
    for (size_t card = 0; card < std::min<size_t>(group.ports.size(), group.cards); ++card) {
      Nic& nic = cluster.nics[cluster.hosts[host].first_nic + card];
      nic.to = group.ports[card].to;
      nic.vlans = group.ports[card].vlans;
      nic.mbps = group.ports[card].mbps;
    }
  }
}

void build_hosts(const Plan& plan, Cluster& cluster) {
  cluster.switches.resize(plan.switches);
  for (const HostPlan& group : plan.hosts) {
    Host host;
    host.cores = group.cores;
    host.core_mhz = group.core_mhz;
    host.memory = group.memory;
    host.curve = static_cast<u16>(cluster.curves.size());
    cluster.curves.push_back(group.power);
    host.stays_on = group.stays_on;
    const auto first = static_cast<Index>(cluster.hosts.size());
    add_hosts(cluster, group.count, host, group.cards, group.mbps);
    plug_in(group, first, cluster);
  }
}

void build_pool(const DatastorePlan& store, const Places& hosts, Cluster& cluster) {
  if (cluster.pool.datastore != kNone) throw UserError("there is one pooled datastore at most");
  cluster.pool.datastore = static_cast<Index>(cluster.datastores.size() - 1);
  cluster.pool.tolerates = store.tolerates;
  cluster.pool.repair_after = store.repair_after;
  cluster.datastores.back().copies = static_cast<u16>(store.tolerates + 1);
  for (const std::string& host : store.members) cluster.pool.hosts.push_back(hosts.at(host));
}

void build_datastores(const Plan& plan, const Places& hosts, Cluster& cluster) {
  for (const DatastorePlan& store : plan.datastores) {
    cluster.datastores.push_back(store.what);
    if (store.what.kind == StorageKind::Pooled) build_pool(store, hosts, cluster);
    if (!is_shared(store.what)) cluster.datastores.back().host = hosts.at(store.host);
  }
}

// What the group's way costs it.
Overhead overhead_of(const Plan& plan, const MachinePlan& group) {
  if (group.way == "none") return no_overhead();
  Overhead overhead = load_overhead(group.way);
  Mix mix = load_mix(group.mix);
  set_figures(overhead, plan.figures);
  set_figures(mix, plan.figures);
  apply_mix(overhead, mix);
  return overhead;
}

/// What groups of machines refer to.
struct Known {
  Places hosts, datastores;
  std::map<std::pair<std::string, std::string>, u16> overheads;  // by way and mix
};

u16 overhead_place(const Plan& plan, const MachinePlan& group, Cluster& cluster) {
  Overhead overhead = overhead_of(plan, group);
  const auto is_this = [&](const Overhead& known) {
    return known.name == overhead.name && known.mix == overhead.mix;
  };
  const auto found = std::ranges::find_if(cluster.overheads, is_this);
  if (found != cluster.overheads.end()) return static_cast<u16>(found - cluster.overheads.begin());
  cluster.overheads.push_back(std::move(overhead));
  return static_cast<u16>(cluster.overheads.size() - 1);
}

u16 overhead_place(const Plan& plan, const MachinePlan& group, Known& known, Cluster& cluster) {
  const std::pair key{group.way, group.mix};
  const auto found = known.overheads.find(key);
  if (found != known.overheads.end()) return found->second;
  return known.overheads[key] = overhead_place(plan, group, cluster);
}

u16 host_group(const Places& known, Cluster& cluster, const std::vector<std::string>& hosts) {
  if (cluster.host_groups.empty()) cluster.host_groups.emplace_back();
  if (hosts.empty()) return 0;
  std::vector<Index> places;
  places.reserve(hosts.size());
  for (const std::string& host : hosts) places.push_back(known.at(host));
  std::ranges::sort(places);
  cluster.host_groups.push_back(places);
  return static_cast<u16>(cluster.host_groups.size() - 1);
}

VirtualMachine machine_of(const Plan& plan, const MachinePlan& group, u16 number, Known& known,
                          Cluster& cluster) {
  VirtualMachine vm = group.what;
  vm.overhead = overhead_place(plan, group, known, cluster);
  vm.dirty = static_cast<Index>(cluster.dirty.size());
  cluster.dirty.push_back(group.writes);
  if (!group.datastore.empty()) vm.datastore = known.datastores.at(group.datastore);
  if (group.apart) vm.apart = number;
  if (group.together) vm.together = number;
  vm.hosts = host_group(known.hosts, cluster, group.hosts);
  if (vm.size == 0) vm.size = std::max(vm.reservation, 1u);
  return vm;
}

Index demand_of(const MachinePlan& group, u32 which, Cluster& cluster) {
  if (group.has_tasks) return kNone;
  Demand demand = group.demand;
  demand.phase += which * group.later_each;
  if (demand.shape == DemandShape::Trace) {
    if (which == 0) cluster.traces.push_back(group.trace);
    demand.trace = static_cast<u32>(cluster.traces.size() - 1);
  }
  cluster.demands.push_back(demand);
  return static_cast<Index>(cluster.demands.size() - 1);
}

void build_machines(const Plan& plan, Known known, Cluster& cluster) {
  u16 number = 0;
  for (const MachinePlan& group : plan.machines) {
    VirtualMachine vm = machine_of(plan, group, ++number, known, cluster);
    for (u32 i = 0; i < group.count; ++i) {
      vm.demand = demand_of(group, i, cluster);
      if (vm.datastore != kNone) cluster.datastores[vm.datastore].used += disk_space(vm);
      cluster.machines.push_back(vm);
      if (vm.datastore == kNone || vm.datastore != cluster.pool.datastore) continue;
      if (add_pooled_disk(cluster, static_cast<Index>(cluster.machines.size() - 1)) != Refusal::None)
        throw UserError(
            fmt::format("a pool that tolerates {} failures needs {} hosts with a card for storage",
                        cluster.pool.tolerates, 2 * cluster.pool.tolerates + 1));
    }
  }
}

// After those of the groups, whose numbers are their own.
void apply_rules(const Plan& plan, Cluster& cluster) {
  auto number = static_cast<u16>(plan.machines.size());
  const Places places(plan.rules.empty() ? std::vector<std::string>{} : machine_names(plan), "machine");
  for (const RulePlan& rule : plan.rules) {
    ++number;
    for (const std::string& name : rule.machines) {
      VirtualMachine& vm = cluster.machines[places.at(name)];
      (rule.rule == PlaceRule::Apart ? vm.apart : vm.together) = number;
    }
  }
}

void give_tasks(const Plan& plan, Simulation& sim) {
  Index machine = 0;
  for (const MachinePlan& group : plan.machines) {
    for (u32 i = 0; i < group.count; ++i, ++machine)
      for (const TaskPlan& task : group.tasks)
        sim.assignments.push_back({task.at, machine, task.count, task.megacycles});
  }
}

}  // namespace

std::vector<std::string> host_names(const Plan& plan) { return names_of(plan.hosts); }
std::vector<std::string> machine_names(const Plan& plan) { return names_of(plan.machines); }

std::vector<std::string> datastore_names(const Plan& plan) {
  std::vector<std::string> names;
  names.reserve(plan.datastores.size());
  for (const DatastorePlan& store : plan.datastores) names.push_back(store.name);
  return names;
}

Index place_of(const std::vector<std::string>& names, const std::string& name, const char* what) {
  return Places(names, what).at(name);
}

Places::Places(std::vector<std::string> names, const char* what) : names_(std::move(names)), what_(what) {
  for (const std::string& name : names_) places_.emplace(name, static_cast<Index>(places_.size()));
}

Index Places::at(const std::string& name) const {
  const auto found = places_.find(name);
  if (found != places_.end()) return found->second;
  constexpr size_t kMostNames = 20;
  const auto some = std::span(names_).first(std::min(names_.size(), kMostNames));
  throw UserError(fmt::format("no {} is called '{}'; there are: {}{}", what_, name, fmt::join(some, ", "),
                              names_.size() > kMostNames ? ", ..." : ""));
}

std::vector<UsedFigure> figures_of(const Plan& plan) {
  std::vector<UsedFigure> used;
  const auto add = [&](const std::string& of, const std::vector<media::Figure>& figures) {
    if (std::ranges::count(used, of, &UsedFigure::of) != 0) return;
    for (const media::Figure& figure : figures) used.push_back({of, figure});
  };
  std::set<std::pair<std::string, std::string>> seen;  // ways and mixes
  for (const MachinePlan& group : plan.machines) {
    if (group.way == "none" || !seen.emplace(group.way, group.mix).second) continue;
    const Overhead overhead = overhead_of(plan, group);
    Mix mix = load_mix(group.mix);
    set_figures(mix, plan.figures);
    add(overhead.name, overhead.figures);
    add(mix.name, mix.figures);
  }
  return used;
}

Simulation simulation_of(const Plan& plan) {
  check(plan);
  Simulation sim;
  sim.cluster.seed = plan.seed;
  sim.cluster.groups = plan.groups;
  sim.load_step = plan.load_step;
  sim.ha = plan.ha;
  sim.balancer = plan.balancer;
  sim.power = plan.power;
  sim.faults = plan.faults;
  sim.orders = plan.orders;
  sim.windows = plan.windows;
  const auto policy = find_precopy_policy(plan.migration);
  if (!policy) throw UserError("no way of migrating is called '" + plan.migration + "'");
  sim.moves.policy = changed(*policy, plan.precopy);
  sim.moves.at_a_time = plan.moves_at_a_time;
  sim.moves.service = plan.move_service;
  build_hosts(plan, sim.cluster);
  const Places hosts(host_names(plan), "host");
  build_datastores(plan, hosts, sim.cluster);
  build_machines(plan, {hosts, Places(datastore_names(plan), "datastore"), {}}, sim.cluster);
  apply_rules(plan, sim.cluster);
  give_tasks(plan, sim);
  if (!plan.manager.empty()) sim.manager.machine = place_of(machine_names(plan), plan.manager, "machine");
  sim.manager.standbys = plan.manager_standbys;
  sim.manager.takeover = plan.manager_takeover;
  sim.starts_with_host = plan.starts_with_host;
  prepare(sim);
  start_machines(plan, sim);
  return sim;
}

}  // namespace hvlab::cluster
