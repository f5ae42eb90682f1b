// What a plan may say. Everything behind it counts on these bounds: sums of MHz, MiB and bytes fit into their
// types, nothing is divided by zero, and no time stands still.
#include <fmt/format.h>

#include <algorithm>

#include "sim/base/user_error.hpp"
#include "sim/cluster/plan.hpp"

namespace hvlab::cluster {

namespace {

constexpr u64 kMostThousandths = 1000;
constexpr u64 kMostHosts = 200'000, kMostMachines = 10'000'000, kMostGroups = 65'535;
constexpr u64 kMostCores = 1024, kMostMhz = 100'000;
constexpr u64 kMostMebibytes = u64{64} << 20;  // 64 TiB
constexpr u64 kMostGibibytes = u64{4} << 20;   // 4 PiB
constexpr u64 kMostMbps = 1'000'000;
constexpr u64 kMostRequests = 10'000'000, kMostPackets = 100'000'000;
constexpr u64 kMostCycles = 1'000'000'000;  // of a request
constexpr u64 kMostMegacycles = 1'000'000'000;
constexpr u64 kMostTasks = 10'000'000;
constexpr u64 kMostTime = kForever / 4;
constexpr u64 kNoMost = ~u64{0};

struct Bound {
  const char* what;
  u64 value;
  u64 least;
  u64 most;
};

void hold(const std::string& of, std::initializer_list<Bound> bounds) {
  for (const Bound& bound : bounds)
    if (bound.value < bound.least || bound.value > bound.most)
      throw UserError(fmt::format("{}: {} is {}; it must be from {} to {}", of, bound.what, bound.value,
                                  bound.least, bound.most));
}

template <class Group>
u64 all_of(const std::vector<Group>& groups, const char* what, u64 most) {
  if (groups.size() > kMostGroups)
    throw UserError(
        fmt::format("there are {} groups of {}; at most {} are possible", groups.size(), what, kMostGroups));
  u64 sum = 0;
  for (const Group& group : groups) sum += group.count;
  if (sum > most) throw UserError(fmt::format("there are {} {}; at most {} are possible", sum, what, most));
  return sum;
}

void no_name_twice(std::vector<std::string> names, const char* what) {
  std::ranges::sort(names);
  const auto twice = std::ranges::adjacent_find(names);
  if (twice != names.end()) throw UserError(fmt::format("two {} are called '{}'", what, *twice));
}

void check_hosts(const Plan& plan) {
  for (const HostPlan& group : plan.hosts)
    hold(fmt::format("hosts '{}'", group.name), {{"count", group.count, 0, kMostHosts},
                                                 {"cores", group.cores, 1, kMostCores},
                                                 {"MHz of a core", group.core_mhz, 1, kMostMhz},
                                                 {"memory in MiB", group.memory, 1, kMostMebibytes},
                                                 {"cards", group.cards, 0, 8},
                                                 {"Mbit/s of a card", group.mbps, 1, kMostMbps}});
  for (const HostPlan& group : plan.hosts)
    for (const PortPlan& port : group.ports)
      hold(fmt::format("ports of hosts '{}'", group.name),
           {{"the physical switch", port.to, 0, plan.switches - 1}, {"Mbit/s", port.mbps, 1, kMostMbps}});
  hold("the network", {{"physical switches", plan.switches, 1, 64}});
  for (const PortGroup& group : plan.groups)
    hold("a port group", {{"VLAN", group.vlan, 0, 63}, {"Mbit/s", group.limit, 0, kMostMbps}});
}

void check_datastores(const Plan& plan) {
  for (const DatastorePlan& store : plan.datastores)
    hold(fmt::format("datastore '{}'", store.name),
         {{"disks", store.what.disks, 1, 65'535},
          {"disks that may fail", store.what.redundant, 0, store.what.disks},
          {"requests a second of a disk", store.what.disk_iops, 0, kMostRequests},
          {"requests of a write", store.what.write_cost, 0, 100},
          {"thousandths of reads from the cache", store.what.cache_hits, 0, kMostThousandths},
          {"MB/s", store.what.bandwidth, 0, kMostMbps / 8},
          {"capacity in GiB", store.what.capacity, 0, kMostGibibytes},
          {"failures tolerated", store.tolerates, 0, 3},
          {"ns until parts are built anew", store.repair_after, kSeconds, kMostTime}});
}

void check_demand(const std::string& of, const Demand& demand) {
  hold(of, {{"the demand in thousandths", demand.low, 0, kMostThousandths},
            {"the highest demand in thousandths", demand.high, 0, kMostThousandths},
            {"the demand's noise in thousandths", demand.noise, 0, kMostThousandths},
            {"the season in thousandths", demand.season, 0, kMostThousandths},
            {"the season's day", demand.season_day, 0, 364},
            {"the demand's period in ns", demand.period, kMilliseconds, kMostTime},
            {"the peak's time in ns", demand.phase, 0, kMostTime},
            {"the peak's width in ns", demand.width, 0, kMostTime}});
}

void check_machines(const Plan& plan) {
  for (const MachinePlan& group : plan.machines) {
    const VirtualMachine& vm = group.what;
    const std::string of = fmt::format("machines '{}'", group.name);
    hold(of,
         {{"processors", vm.processors, 1, kMostCores},
          {"memory in MiB", vm.memory, 0, kMostMebibytes},
          {"disk in GiB", vm.disk, 0, kMostGibibytes},
          {"MHz planned with", vm.size, 0, kMostCores * kMostMhz},
          {"shares", vm.shares, 0, 100'000'000},
          {"MHz reserved", vm.reservation, 0, kMostCores * kMostMhz},
          {"MHz at most", vm.limit, 0, kMostCores * kMostMhz},
          {"reads a second", vm.reads, 0, kMostRequests},
          {"writes a second", vm.writes, 0, kMostRequests},
          {"cycles of a request", vm.request_cycles, 0, kMostCycles},
          {"KiB of a request", vm.request_kib, 0, 16'384},
          {"packets a second", vm.packets, 0, kMostPackets},
          {"bytes of a packet", vm.packet_bytes, 0, 65'535},
          {"Mbit/s of its port", vm.port_mbps, 0, kMostMbps},
          {"requests in flight", vm.in_flight, 0, 1024},
          {"ns between the machines' peaks", group.later_each, 0, kMostTime / std::max(group.count, 1u)}});
    check_demand(of, group.demand);
    for (const TaskPlan& task : group.tasks)
      hold(of, {{"ns until a task comes", task.at, 0, kMostTime},
                {"tasks at a time", task.count, 0, 1000},
                {"megacycles of a task", task.megacycles, 1, kMostMegacycles}});
  }
}

void check_tasks(const Plan& plan) {
  u64 sum = 0;
  for (const MachinePlan& group : plan.machines)
    for (const TaskPlan& task : group.tasks) sum += u64{group.count} * task.count;
  if (sum > kMostTasks)
    throw UserError(fmt::format("there are {} tasks; at most {} are possible", sum, kMostTasks));
}

void check_rules(const Plan& plan) {
  if (plan.rules.size() + plan.machines.size() > kMostGroups)
    throw UserError(fmt::format("there are {} groups of machines and rules; at most {} are possible",
                                plan.rules.size() + plan.machines.size(), kMostGroups));
  std::vector<std::string> names = machine_names(plan);
  std::ranges::sort(names);
  for (const RulePlan& rule : plan.rules)
    for (const std::string& name : rule.machines)
      if (!std::ranges::binary_search(names, name))
        throw UserError(fmt::format("a rule is of a machine '{}', which there is not", name));
}

void check_mechanisms(const Plan& plan) {
  if (plan.load_step != 0) hold("the plan", {{"the load step in ns", plan.load_step, kSeconds, kNoMost}});
  hold("high availability", {{"the part kept in thousandths", plan.ha.part, 0, kMostThousandths},
                             {"the wait for a retry in ns", plan.ha.retry, kSeconds, kMostTime}});
  hold("balancing", {{"the period in ns", plan.balancer.period, kSeconds, kMostTime}});
  hold("power saving", {{"the target in thousandths", plan.power.target, 0, kMostThousandths},
                        {"the tolerance in thousandths", plan.power.tolerance, 0, plan.power.target},
                        {"the time to boot in ns", plan.power.boot, 0, kMostTime},
                        {"the wait before a host is emptied in ns", plan.power.after, 0, kMostTime}});
  hold("the manager", {{"the time until a standby works in ns", plan.manager_takeover, 0, kMostTime}});
  hold("migration", {{"the downtime in ns", plan.precopy.downtime_goal, 0, kMostTime},
                     {"bytes a second", plan.precopy.most_bandwidth, 0, kMostMbps * 125'000},
                     {"ns until moves are given up", plan.precopy.patience, 0, kMostTime}});
}

struct Counts {
  u64 hosts, machines, datastores, cards, switches;
};

void check_faults(const Plan& plan, const Counts& counts) {
  const auto most = [&](const Fault& fault) {
    switch (fault.kind) {
      case FaultKind::Host:
      case FaultKind::PoolDisks: return counts.hosts;
      case FaultKind::Card: return counts.cards;
      case FaultKind::Switch: return counts.switches;
      case FaultKind::Datastore:
      case FaultKind::Disk: return counts.datastores;
      case FaultKind::Partition: return u64{kMostGroups - 1};
      default: return kNoMost;
    }
  };
  for (const Fault& fault : plan.faults) {
    if (fault.subject >= most(fault))
      throw UserError(fmt::format("a fault is of {} number {}, of which there are {}", name(fault.kind),
                                  fault.subject, most(fault)));
    for (const Index host : fault.hosts)
      if (host >= counts.hosts)
        throw UserError(
            fmt::format("a partition has host number {}, of which there are {}", host, counts.hosts));
  }
}

void check_orders(const Plan& plan, const Counts& counts) {
  for (const Order& order : plan.orders) {
    const bool of_host = order.kind == OrderKind::EnterMaintenance ||
                         order.kind == OrderKind::LeaveMaintenance || order.kind == OrderKind::Service;
    const bool of_store = order.kind == OrderKind::MoveDisk;
    const auto wrong = [](Index place, u64 count, bool needed) {
      return place >= count && (needed || place != kNone);
    };
    if (wrong(order.machine, counts.machines, !of_host) || wrong(order.host, counts.hosts, of_host) ||
        wrong(order.datastore, counts.datastores, of_store))
      throw UserError(fmt::format("an order to {} is of a machine, host or datastore that there is not",
                                  name(order.kind)));
  }
}

}  // namespace

void check(const Plan& plan) {
  Counts counts{};
  counts.hosts = all_of(plan.hosts, "hosts", kMostHosts);
  counts.machines = all_of(plan.machines, "machines", kMostMachines);
  counts.datastores = plan.datastores.size();
  for (const HostPlan& group : plan.hosts) counts.cards += u64{group.count} * group.cards;
  counts.switches = plan.switches;
  check_hosts(plan);
  check_datastores(plan);
  check_machines(plan);
  check_tasks(plan);
  check_rules(plan);
  check_mechanisms(plan);
  check_faults(plan, counts);
  check_orders(plan, counts);
  no_name_twice(host_names(plan), "hosts");
  no_name_twice(machine_names(plan), "machines");
  no_name_twice(datastore_names(plan), "datastores");
}

}  // namespace hvlab::cluster
