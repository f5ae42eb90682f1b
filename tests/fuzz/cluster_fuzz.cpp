// Any bytes as a plan of a cluster: refused with a message, or simulated for a day, in which no law is
// broken. Bytes that ran out are zeros.
#include <algorithm>
#include <span>
#include <utility>

#include "fuzz.hpp"
#include "sim/base/check.hpp"
#include "sim/base/user_error.hpp"
#include "sim/cluster/audit.hpp"
#include "sim/cluster/kernel.hpp"
#include "sim/cluster/load.hpp"
#include "sim/cluster/log_text.hpp"
#include "sim/cluster/metrics.hpp"
#include "sim/cluster/plan.hpp"

using namespace hvlab;
using namespace hvlab::cluster;

namespace {

struct Bytes {
  std::span<const u8> left;

  u8 byte() {
    if (left.empty()) return 0;
    const u8 value = left.front();
    left = left.subspan(1);
    return value;
  }
  u32 below(u32 most) { return byte() % most; }
  bool flag() { return (byte() & 1) != 0; }
  // Mostly what is usual, now and then what nobody has.
  u32 number(u32 usual) {
    constexpr u32 kStrange[] = {0,    1,      63,     64,     255,      256,      1000,
                                1001, 32'768, 65'535, 65'536, 1u << 24, 1u << 31, kNone};
    const u8 which = byte();
    return which < 0xF0 ? usual * (which % 16 + 1) / 4 : kStrange[which % std::size(kStrange)];
  }
  Nanoseconds time() {
    constexpr Nanoseconds kStrange[] = {0,         1,        kMinutes,     kDays,
                                        kDays + 1, kForever, kForever - 1, kForever / 2};
    const u8 which = byte();
    return which >= 0xF8 ? kStrange[which % std::size(kStrange)] : which * 6 * kMinutes;
  }
};

void hosts(Bytes& bytes, Plan& plan) {
  const u32 groups = 1 + bytes.below(3);
  for (u32 i = 0; i < groups; ++i) {
    HostPlan host;
    host.name = std::string(1, static_cast<char>('a' + i));
    host.count = bytes.below(5);
    host.cores = static_cast<u16>(bytes.number(8));
    host.core_mhz = bytes.number(2000);
    host.memory = bytes.number(16 << 10);
    host.cards = bytes.below(10);
    host.mbps = bytes.number(1000);
    for (u32 ports = bytes.below(3); ports > 0; --ports)
      host.ports.push_back({bytes.below(3), u64{bytes.byte()} | ~u64{0xFF}, 1 + bytes.number(1000)});
    plan.hosts.push_back(host);
  }
  plan.switches = bytes.below(4);
  for (PortGroup& group : plan.groups)
    group = {static_cast<u8>(bytes.below(66)), bytes.byte(), static_cast<Teaming>(bytes.below(3)),
             bytes.flag() ? bytes.number(500) : 0};
}

void datastores(Bytes& bytes, Plan& plan) {
  const u32 count = bytes.below(4);
  for (u32 i = 0; i < count; ++i) {
    DatastorePlan store;
    store.name = std::string(1, static_cast<char>('s' + i));
    store.what.kind = static_cast<StorageKind>(bytes.below(5));
    store.what.disks = static_cast<u16>(bytes.number(4));
    store.what.redundant = static_cast<u16>(bytes.below(4));
    store.what.disk_iops = bytes.number(200);
    store.what.cache_hits = static_cast<u16>(bytes.number(100));
    store.what.bandwidth = bytes.number(100);
    store.what.capacity = bytes.number(4000);
    store.what.flash_reads = bytes.number(0);
    store.what.flash_writes = bytes.number(0);
    store.tolerates = bytes.below(5);
    const std::vector<std::string> names = host_names(plan);
    if (!names.empty()) store.host = names[bytes.below(static_cast<u32>(names.size()))];
    if (store.what.kind == StorageKind::Pooled) store.members = names;
    plan.datastores.push_back(store);
  }
}

void demand(Bytes& bytes, MachinePlan& machine) {
  Demand& demand = machine.demand;
  demand.shape = static_cast<DemandShape>(bytes.below(4));
  demand.low = static_cast<u16>(bytes.number(100));
  demand.high = static_cast<u16>(bytes.number(200));
  demand.noise = static_cast<u16>(bytes.below(100));
  demand.period = bytes.flag() ? bytes.time() : kHours;
  demand.phase = bytes.time();
  demand.width = bytes.time();
  demand.growth = static_cast<i16>(bytes.number(100));
  demand.season = static_cast<u16>(bytes.below(2) * bytes.number(100));
  machine.trace.assign(bytes.below(4), static_cast<u16>(bytes.number(300)));
  for (DirtyClass& part : machine.writes.classes) part = {bytes.number(10'000), bytes.number(2000)};
}

void machines(Bytes& bytes, Plan& plan) {
  const u32 groups = bytes.below(5);
  const std::vector<std::string> names = host_names(plan), stores = datastore_names(plan);
  const auto host = [&] { return names[bytes.below(static_cast<u32>(names.size()))]; };
  for (u32 i = 0; i < groups; ++i) {
    MachinePlan machine;
    machine.name = std::string(1, static_cast<char>('m' + i));
    machine.count = bytes.below(8);
    VirtualMachine& vm = machine.what;
    vm.processors = static_cast<u16>(bytes.number(2));
    vm.memory = bytes.number(2048);
    vm.disk = bytes.number(20);
    vm.size = bytes.number(1000);
    vm.shares = bytes.number(1000);
    vm.reservation = bytes.flag() ? bytes.number(500) : 0;
    vm.limit = bytes.flag() ? bytes.number(2000) : 0;
    vm.priority = static_cast<Priority>(bytes.below(6));
    vm.reads = bytes.number(100);
    vm.writes = bytes.number(50);
    vm.request_kib = bytes.number(4);
    vm.packets = bytes.number(5000);
    vm.packet_bytes = bytes.number(800);
    vm.in_flight = static_cast<u16>(bytes.below(4) == 0 ? bytes.below(20) : 0);
    vm.request_cycles = bytes.number(10'000);
    vm.port_mbps = bytes.flag() ? bytes.number(100) : 0;
    demand(bytes, machine);
    machine.starts = bytes.below(8) != 0;
    machine.has_tasks = bytes.below(4) == 0;
    for (u32 tasks = bytes.below(3); tasks > 0; --tasks)
      machine.tasks.push_back({bytes.time(), bytes.below(5), bytes.number(1'000'000)});
    if (!stores.empty() && bytes.below(4) != 0)
      machine.datastore = stores[bytes.below(static_cast<u32>(stores.size()))];
    if (!names.empty() && bytes.flag()) machine.host = host();
    machine.apart = bytes.below(4) == 0;
    machine.together = bytes.below(4) == 0;
    if (!names.empty() && bytes.below(4) == 0) machine.hosts = {host(), host()};
    plan.machines.push_back(machine);
  }
}

// A machine is in one rule of a kind at most.
void rules(Bytes& bytes, Plan& plan) {
  std::vector<std::string> names = machine_names(plan);
  for (u32 count = bytes.below(3); count > 0 && names.size() > 1; --count) {
    RulePlan rule;
    rule.rule = bytes.flag() ? PlaceRule::Apart : PlaceRule::Together;
    for (u32 machines = 2; machines > 0; --machines) {
      rule.machines.push_back(names.back());
      names.pop_back();
    }
    plan.rules.push_back(rule);
  }
}

void mechanisms(Bytes& bytes, Plan& plan) {
  rules(bytes, plan);
  plan.precopy.most_bandwidth = bytes.flag() ? u64{bytes.number(100)} * 125'000 : 0;
  plan.precopy.patience = (1 + bytes.below(60)) * kMinutes;  // what has no end takes long to look at
  plan.power.after = bytes.flag() ? bytes.time() : 0;
  plan.manager_takeover = bytes.time();
  plan.starts_with_host = bytes.flag();
  plan.packing = static_cast<Packing>(bytes.below(3));
  plan.migration = precopy_policies()[bytes.below(static_cast<u32>(precopy_policies().size()))].name;
  plan.ha.on = bytes.flag();
  plan.ha.timings = ha_timings()[bytes.below(3)];
  plan.ha.datastore_heartbeats = bytes.flag();
  plan.ha.response = static_cast<IsolationResponse>(bytes.below(2));
  plan.ha.admission = static_cast<Admission>(bytes.below(3));
  plan.ha.failures = bytes.number(1);
  plan.ha.part = bytes.number(100);
  plan.ha.at_a_time = bytes.number(4);
  plan.balancer.on = bytes.flag();
  plan.balancer.most_moves = bytes.number(8);
  plan.power.on = bytes.flag();
  plan.power.least_hosts = bytes.number(1);
  plan.power.boot = bytes.time();
  plan.manager_standbys = bytes.below(3);
  const std::vector<std::string> names = machine_names(plan);
  if (!names.empty() && bytes.flag()) plan.manager = names[bytes.below(static_cast<u32>(names.size()))];
  plan.load_step = bytes.below(8) == 0 ? bytes.time() : 5 * kMinutes;
}

void events(Bytes& bytes, Plan& plan) {
  const u32 faults = bytes.below(32), orders = bytes.below(32);
  for (u32 i = 0; i < faults; ++i) {
    Fault fault;
    fault.at = bytes.time();
    fault.kind = static_cast<FaultKind>(bytes.below(static_cast<u32>(FaultKind::Count)));
    fault.mended = bytes.flag();
    fault.subject = bytes.below(8);
    if (fault.kind == FaultKind::Partition) fault.hosts = {bytes.below(8), bytes.below(8)};
    plan.faults.push_back(fault);
  }
  const auto place = [&] {
    const u32 which = bytes.below(9);
    return which == 8 ? kNone : which;
  };
  for (u32 i = 0; i < orders; ++i) {
    Order order;
    order.at = bytes.time();
    order.kind = static_cast<OrderKind>(bytes.below(static_cast<u32>(OrderKind::Count)));
    order.machine = place();
    order.host = place();
    order.datastore = bytes.flag() ? place() : kNone;
    for (u32& value : order.values) value = bytes.flag() ? bytes.number(500) : kNone;
    plan.orders.push_back(order);
  }
}

void fit(Index& place, u32 count) {
  if (place != kNone) place = count == 0 ? kNone : place % count;
}

void fit_events(Plan& plan) {
  u32 cards = 0;
  for (const HostPlan& host : plan.hosts) cards += host.count * host.cards;
  const auto hosts = static_cast<u32>(host_names(plan).size());
  const auto machines = static_cast<u32>(machine_names(plan).size());
  const auto stores = static_cast<u32>(plan.datastores.size());
  for (Fault& fault : plan.faults) {
    const u32 counts[] = {hosts, cards, plan.switches, stores, stores, 8, 8, hosts};
    fit(fault.subject, counts[static_cast<size_t>(fault.kind)]);
    for (Index& host : fault.hosts) fit(host, hosts);
  }
  for (Order& order : plan.orders) {
    fit(order.machine, machines);
    fit(order.host, hosts);
    fit(order.datastore, stores);
    const bool of_host =
        order.kind == OrderKind::EnterMaintenance || order.kind == OrderKind::LeaveMaintenance;
    if (of_host && order.host == kNone) order.host = 0;
    if (!of_host && order.machine == kNone) order.machine = 0;
    if (order.kind == OrderKind::MoveDisk && order.datastore == kNone) order.datastore = 0;
  }
  std::erase_if(plan.faults, [](const Fault& fault) { return fault.subject == kNone; });
  std::erase_if(plan.orders, [&](const Order& order) {
    return (order.machine == 0 && machines == 0) || (order.host == 0 && hosts == 0) ||
           (order.datastore == 0 && stores == 0);
  });
}

// What would be refused is put right, so that most plans run.
void bring_into_range(Plan& plan) {
  for (HostPlan& host : plan.hosts) {
    host.count = std::max(host.count, 1u);
    host.cores = std::clamp<u16>(host.cores, 1, 1024);
    host.core_mhz = std::clamp(host.core_mhz, 1u, 100'000u);
    host.memory = std::clamp(host.memory, 1u, 64u << 20);
    host.cards = std::min(host.cards, 8u);
    host.mbps = std::clamp(host.mbps, 1u, 1'000'000u);
    for (PortPlan& port : host.ports) {
      port.to = std::min(port.to, std::max(plan.switches, 1u) - 1);
      port.mbps = std::clamp(port.mbps, 1u, 1'000'000u);
    }
  }
  plan.switches = std::max(plan.switches, 1u);
  for (PortGroup& group : plan.groups) group.vlan &= 63;
  bool pooled = false;
  for (DatastorePlan& store : plan.datastores) {
    if (store.what.kind == StorageKind::Pooled && std::exchange(pooled, true))
      store.what.kind = StorageKind::Nfs;
    store.what.disks = std::max<u16>(store.what.disks, 1);
    store.what.redundant = std::min(store.what.redundant, store.what.disks);
    store.what.cache_hits = std::min<u16>(store.what.cache_hits, 1000);
    store.what.capacity = std::min(store.what.capacity, 4u << 20);
    store.what.bandwidth = std::min(store.what.bandwidth, 125'000u);
    store.tolerates = std::min(
        store.tolerates, (static_cast<u32>(store.members.size()) + 1) / 2 - (store.members.empty() ? 0 : 1));
    store.tolerates = std::min(store.tolerates, 3u);
  }
  for (MachinePlan& machine : plan.machines) {
    machine.what.processors = std::clamp<u16>(machine.what.processors, 1, 1024);
    machine.what.memory = std::min(machine.what.memory, 64u << 20);
    machine.what.disk = std::min(machine.what.disk, 4u << 20);
    machine.what.reads = std::min(machine.what.reads, 10'000'000u);
    machine.what.writes = std::min(machine.what.writes, 10'000'000u);
    machine.what.request_kib = std::min(machine.what.request_kib, 16'384u);
    for (u32* number : {&machine.what.size, &machine.what.shares, &machine.what.reservation,
                        &machine.what.limit, &machine.what.packets})
      *number = std::min(*number, 100'000'000u);
    machine.what.packet_bytes = std::min(machine.what.packet_bytes, 65'535u);
    machine.what.port_mbps = std::min(machine.what.port_mbps, 1'000'000u);
    machine.what.request_cycles = std::min(machine.what.request_cycles, 1'000'000'000u);
    for (TaskPlan& task : machine.tasks) {
      task.at = std::min(task.at, 100 * kDays);
      task.megacycles = std::clamp<u64>(task.megacycles, 1, 1'000'000'000);
    }
    machine.demand.period = std::clamp(machine.demand.period, Nanoseconds{kMinutes}, 100 * kDays);
    for (Nanoseconds* time : {&machine.demand.phase, &machine.demand.width})
      *time = std::min(*time, 100 * kDays);
    for (u16* part : {&machine.demand.low, &machine.demand.high, &machine.demand.season})
      *part = std::min<u16>(*part, 1000);
  }
  plan.ha.part = std::min(plan.ha.part, 1000u);
  for (Nanoseconds* time : {&plan.power.boot, &plan.power.after, &plan.manager_takeover})
    *time = std::min(*time, 100 * kDays);
  if (plan.load_step != 0) plan.load_step = std::max(plan.load_step, Nanoseconds{kMinutes});
  fit_events(plan);
}

void require_laws(Simulation& sim) {
  for (const std::string& broken : broken_laws(sim)) {
    std::fprintf(stderr, "at %.3f s: %s\n", seconds(sim.now()), broken.c_str());
    HVLAB_CHECK(false);
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const u8* data, size_t size) {
  Bytes bytes{{data, size}};
  Plan plan;
  hosts(bytes, plan);
  datastores(bytes, plan);
  machines(bytes, plan);
  mechanisms(bytes, plan);
  events(bytes, plan);
  if (bytes.below(8) != 0) bring_into_range(plan);
  try {
    Simulation sim = simulation_of(plan);
    std::vector<u32> groups;
    for (const MachinePlan& group : plan.machines) groups.push_back(group.count);
    Hours hours(sim, groups);
    for (Nanoseconds until = 0; until <= kDays; until += 3 * kHours) {
      carry_plainly(sim.calendar, until, [&](const Event& event) { happen(sim, event); });
      require_laws(sim);
      hours.look(sim);
    }
    hours.finish();
    (void)log_lines(plan, sim);
    (void)metrics_of(plan, sim, hours);
  } catch (const UserError&) {
  }
  return 0;
}
