#include "sim/cluster/load.hpp"

#include <algorithm>

#include "sim/cluster/simulation.hpp"

namespace hvlab::cluster {

namespace {

constexpr u64 kAll = 1000;
constexpr u64 kMillion = 1'000'000;

void wants_nothing(VirtualMachine& vm) { vm.wants = vm.guest_wants = vm.io_wants = vm.packets_wanted = 0; }

u64 fraction_wanted(const Simulation& sim, Index machine, const VirtualMachine& vm) {
  if (vm.demand != kNone)
    return demand_at(sim.cluster.demands[vm.demand], sim.cluster.traces, sim.cluster.seed, machine,
                     sim.now());
  return std::min<u64>(vm.tasks, vm.processors) * kAll / std::max<u16>(vm.processors, 1);
}

/// What a machine does by itself, without its way's overhead.
struct Work {
  u64 mhz = 0;
  u64 requests = 0;  // a second, to its disk
};

// Requests of one that asks again when an answer comes: each takes its own processor time, what its way adds,
// and what its datastore takes.
Work ask_in_turn(const Simulation& sim, const Host& host, const VirtualMachine& vm, u64 part) {
  if (vm.datastore == kNone) return {};
  const Nanoseconds each = u64{vm.request_cycles} * 1000 / host.core_mhz +
                           sim.cluster.overheads[vm.overhead].disk_latency +
                           sim.cluster.datastores[vm.datastore].response * kMicroseconds;
  const u64 requests = u64{vm.in_flight} * kSeconds / std::max<Nanoseconds>(each, 1) * part / kAll;
  return {requests * vm.request_cycles / kMillion, requests};
}

Work work_wanted(const Simulation& sim, const Host& host, const VirtualMachine& vm, u64 part) {
  if (vm.in_flight != 0) return ask_in_turn(sim, host, vm, part);
  // More virtual processors than the host has cores run no faster than all of these.
  return {std::min<u64>(u64{vm.processors} * host.core_mhz, host.capacity()) * part / kAll,
          (u64{vm.reads} + vm.writes) * part / kAll};
}

// Of the host, for one of the machine's packets: large ones are parts of streams, which cards and drivers
// take in larger pieces.
u64 cycles_of_packet(const Overhead& way, const VirtualMachine& vm) {
  constexpr u32 kLarge = 1024;
  return vm.packet_bytes < kLarge ? way.packet : u64{way.stream_kib} * vm.packet_bytes / 1024;
}

// What a running machine wants: its own work, and what its way of virtualizing makes of it.
void look_at_demand(const Simulation& sim, const Host& host, Index machine, VirtualMachine& vm) {
  const Overhead& way = sim.cluster.overheads[vm.overhead];
  const u64 part = fraction_wanted(sim, machine, vm) * vm.speed / kAll;
  const Work own = work_wanted(sim, host, vm, part);
  const u64 packets = vm.packets * part / kAll;
  const u64 request = request_cycles(sim.cluster, vm);
  const u64 devices = (own.requests * request + packets * cycles_of_packet(way, vm)) / kMillion;
  const u64 most = vm.limit == 0 ? host.capacity() : std::min(vm.limit, host.capacity());
  // Work at requests in flight is paid with them.
  const u64 work = vm.in_flight != 0 ? own.mhz : own.mhz * way.processor / kAll;
  // A limit holds back its work, its requests and its packets alike.
  const u64 all = work + devices;
  const auto held_back = [&](u64 wanted) {
    return static_cast<u32>(all <= most ? wanted : saturated(Sum{wanted} * most / all));
  };
  vm.guest_wants = held_back(own.mhz);
  vm.io_wants = held_back(own.requests);
  vm.packets_wanted = held_back(packets);
  vm.wants = static_cast<u32>(std::min(all, most));
}

void look_at(const Simulation& sim, const Host& host, Index machine, VirtualMachine& vm) {
  if (vm.frozen) {
    wants_nothing(vm);
    return;
  }
  switch (vm.state) {
    case VmState::Running: look_at_demand(sim, host, machine, vm); return;
    case VmState::Starting:  // a kernel boots on one processor for the most part
      wants_nothing(vm);
      vm.wants = host.core_mhz;
      return;
    case VmState::Off:
    case VmState::Stopped: wants_nothing(vm); return;
  }
}

void serve_requests(const Simulation& sim, VirtualMachine& vm) {
  const u64 served = vm.datastore == kNone ? kAll : sim.cluster.datastores[vm.datastore].served;
  const u64 carried =
      vm.datastore == kNone || vm.host == kNone ? kAll : sim.cluster.hosts[vm.host].storage_part;
  vm.io_gets = vm.wants == 0
                   ? 0
                   : static_cast<u32>(u64{vm.io_wants} * vm.gets / vm.wants * served / kAll * carried / kAll);
}

void divide_host(Simulation& sim, Host& host) {
  sim.claimants.clear();
  host.wanted = 0;
  for (const Index machine : host.machines) {
    VirtualMachine& vm = sim.cluster.machines[machine];
    look_at(sim, host, machine, vm);
    host.wanted += vm.wants;
    sim.claimants.push_back({vm.wants, vm.reservation, vm.shares});
  }
  host.most_wanted = std::max(host.most_wanted, host.wanted + host.service);
  host.served = std::min(host.service, host.capacity());
  host.given = static_cast<u32>(divide(sim.claimants, host.capacity() - host.served));
  for (size_t i = 0; i < host.machines.size(); ++i)
    sim.cluster.machines[host.machines[i]].gets = sim.claimants[i].gets;
  share_cards(sim, host);
  for (size_t i = 0; i < host.machines.size(); ++i) {
    VirtualMachine& vm = sim.cluster.machines[host.machines[i]];
    serve_requests(sim, vm);
    if (vm.tasks != 0) pace_tasks(sim, host.machines[i]);
  }
}

}  // namespace

void settle_host(Simulation& sim, Index at) {
  Host& host = sim.cluster.hosts[at];
  const Nanoseconds span = sim.now() - host.settled;
  if (span == 0) return;
  host.settled = sim.now();
  host.energy += Sum{host.power} * span;
  if (host.state != HostState::On) return;
  host.offered += Sum{host.capacity()} * span;
  host.used += Sum{host.given} * span;
  host.in_service += Sum{host.served} * span;
  settle_cards(sim, host, span);
  account_host(sim, at, span);
  for (const Index machine : host.machines) {
    VirtualMachine& vm = sim.cluster.machines[machine];
    vm.wanted += Sum{vm.wants} * span;
    vm.used += Sum{vm.gets} * span;
    vm.requests += Sum{vm.io_gets} * span;
  }
}

void settle_all(Simulation& sim) {
  for (Index host = 0; host < sim.cluster.hosts.size(); ++host) settle_host(sim, host);
}

void refresh_host(Simulation& sim, Index at) {
  settle_host(sim, at);
  Host& host = sim.cluster.hosts[at];
  const PowerCurve& curve = sim.cluster.curves[host.curve];
  if (host.state != HostState::On) {
    host.wanted = host.given = host.served = 0;
    clear_cards(sim, host);
    host.power = host.state == HostState::Booting ? curve.load.front() : curve.off;
    return;
  }
  divide_host(sim, host);
  host.power = power_at(curve, u64{host.given} + host.served, host.capacity());
}

namespace {

// Of a datastore, in a second.
struct Asked {
  u64 reads = 0, writes = 0, kib = 0;
};

// Disks are copied in pieces of 256 KiB, each of which takes a disk as long as a random request (assumed: one
// of 180 requests a second then streams 46 MB/s between the machines' own).
constexpr u64 kCopyKib = 256;

void add_copy(const Flow& flow, std::vector<Asked>& asked) {
  u64 rate = 0;
  for (const u64 part : flow.rates) rate += part;
  const u64 requests = rate / (kCopyKib * 1024);
  for (const Index store : {flow.read_from, flow.write_to}) {
    if (store == kNone) continue;
    (store == flow.read_from ? asked[store].reads : asked[store].writes) += requests;
    asked[store].kib += requests * kCopyKib;
  }
}

}  // namespace

void refresh_datastores(Simulation& sim) {
  account_rest(sim);
  std::vector<Asked> asked(sim.cluster.datastores.size());
  for (const VirtualMachine& vm : sim.cluster.machines) {
    if (vm.datastore == kNone || vm.io_wants == 0 || vm.wants == 0) continue;
    const u64 carried = vm.host == kNone ? 0 : sim.cluster.hosts[vm.host].storage_part;
    const u64 requests = u64{vm.io_wants} * vm.gets / vm.wants * carried / kAll;
    const u64 kinds = u64{vm.reads} + vm.writes;
    const u64 reads = kinds == 0 ? requests : requests * vm.reads / kinds;
    Asked& sum = asked[vm.datastore];
    const u64 times = disk_requests(vm);
    sum.reads += reads * times;
    sum.writes += (requests - reads) * times;
    sum.kib += requests * times * vm.request_kib;
  }
  for (const Index place : sim.flows.active) add_copy(sim.flows.all[place], asked);
  for (size_t i = 0; i < asked.size(); ++i) {
    const u64 all = asked[i].reads + asked[i].writes;
    const auto bounded = [](u64 requests) { return static_cast<u32>(std::min<u64>(requests, kNone)); };
    load_datastore(sim.cluster.datastores[i], bounded(asked[i].reads), bounded(asked[i].writes),
                   all == 0 ? 1 : static_cast<u32>(asked[i].kib / all));
  }
}

void load_step(Simulation& sim) {
  for (Index host = 0; host < sim.cluster.hosts.size(); ++host) refresh_host(sim, host);
  refresh_datastores(sim);
  for (VirtualMachine& vm : sim.cluster.machines)
    if (vm.datastore != kNone) serve_requests(sim, vm);
  if (!sim.flows.active.empty()) refresh_flows(sim);  // beside traffic that changed
  go_on_emptying(sim);
  note_peaks(sim);
  go_on_with_services(sim);
  if (sim.load_step != 0) sim.calendar.add(sim.load_step, EventKind::LoadStep);
}

}  // namespace hvlab::cluster
