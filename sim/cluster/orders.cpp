#include "sim/cluster/orders.hpp"

#include <algorithm>
#include <array>

#include "sim/cluster/life.hpp"
#include "sim/cluster/load.hpp"
#include "sim/cluster/simulation.hpp"

namespace hvlab::cluster {

namespace {

Refusal refuse(Simulation& sim, Index machine, Refusal why) {
  tell_refused(sim, machine, sim.cluster.machines[machine].host, why);
  return why;
}

Refusal no_host(Simulation& sim, Index machine) {
  std::vector<RefusalPart> parts;
  if (explains_more(sim)) parts = why_nowhere(sim, machine);
  const size_t occurrence = sim.log.size();
  tell(sim, What::Refused, machine, kNone, kNone, static_cast<u64>(Refusal::NoHost));
  explain(sim, occurrence, std::move(parts));
  return Refusal::NoHost;
}

Refusal start(Simulation& sim, const Order& order) {
  if (order.host != kNone) return power_on(sim, order.machine, order.host);
  // Whoever asks a host itself knows which; to choose one is the manager's affair.
  if (!manager_works(sim)) return refuse(sim, order.machine, Refusal::NoManager);
  if (sim.cluster.machines[order.machine].is_on()) return refuse(sim, order.machine, Refusal::AlreadyOn);
  const Index host = freest_host(sim.cluster, order.machine);
  return host != kNone ? power_on(sim, order.machine, host) : no_host(sim, order.machine);
}

Refusal stop(Simulation& sim, const Order& order) {
  power_off(sim, order.machine, true);
  return Refusal::None;
}

Refusal move(Simulation& sim, const Order& order) {
  return ask_move(sim, order.machine, order.host, order.datastore);
}

Refusal move_disk(Simulation& sim, const Order& order) {
  return ask_move(sim, order.machine, sim.cluster.machines[order.machine].host, order.datastore);
}

Refusal empty_host(Simulation& sim, const Order& order) {
  if (manager_works(sim)) forget_to_save_with(sim, order.host);
  return enter_maintenance(sim, order.host);
}

Refusal use_host(Simulation& sim, const Order& order) {
  leave_maintenance(sim, order.host);
  return Refusal::None;
}

// On its host and, if it moves, on the one where it will be: false if one of them has not so much.
bool reserve(Simulation& sim, VirtualMachine& vm, u32 reservation) {
  const auto with = [&](Index host) {
    return sim.cluster.hosts[host].reserved - vm.reservation + reservation;
  };
  for (const Index host : {vm.host, vm.heading})
    if (host != kNone && with(host) > sim.cluster.hosts[host].capacity()) return false;
  for (const Index host : {vm.host, vm.heading})
    if (host != kNone) sim.cluster.hosts[host].reserved = with(host);
  vm.reservation = reservation;
  return true;
}

// By the host of the two that has least left.
void refuse_reservation(Simulation& sim, Index machine, u32 reservation) {
  const VirtualMachine& vm = sim.cluster.machines[machine];
  RefusalPart part;
  part.why = Refusal::NoProcessorTime;
  for (const Index host : {vm.host, vm.heading}) {
    if (host == kNone) continue;
    const Host& at = sim.cluster.hosts[host];
    const u64 with = at.reserved - vm.reservation + reservation;
    const u64 lack = with - std::min<u64>(with, at.capacity());
    if (lack > part.lack.amount) part.lack = {Lack::Of::ProcessorTime, lack}, part.host = host;
  }
  tell(sim, What::Refused, machine, part.host, kNone, static_cast<u64>(part.why));
  explain(sim, sim.log.size() - 1, {part}, false);
}

Refusal resize(Simulation& sim, const Order& order) {
  if (!manager_works(sim)) {
    tell(sim, What::Refused, order.machine, kNone, kNone, static_cast<u64>(Refusal::NoManager));
    return Refusal::NoManager;
  }
  VirtualMachine& vm = sim.cluster.machines[order.machine];
  const auto [reservation, limit, shares] = order.values;
  if (reservation != kNone && !reserve(sim, vm, reservation)) {
    refuse_reservation(sim, order.machine, reservation);
    return Refusal::NoProcessorTime;
  }
  if (limit != kNone) vm.limit = limit;
  if (shares != kNone) vm.shares = shares;
  if (vm.host != kNone) refresh_host(sim, vm.host);
  return Refusal::None;
}

Refusal keep_disk(Simulation& sim, const Order& order) {
  VirtualMachine& vm = sim.cluster.machines[order.machine];
  if (!manager_works(sim)) return refuse(sim, order.machine, Refusal::NoManager);
  if (vm.datastore == kNone || !facts(vm.disk_kind).snapshots)
    return refuse(sim, order.machine, Refusal::RawDisk);
  vm.snapshots = static_cast<u8>(std::min(vm.snapshots + 1, 32));  // VMware's limit
  tell(sim, What::Snapshot, order.machine, vm.host);
  refresh_datastores(sim);
  return Refusal::None;
}

Refusal service(Simulation& sim, const Order& order) { return begin_service(sim, order.host, order.lasts); }

// One that is not moving is where it is to be.
Refusal cancel_move(Simulation& sim, const Order& order) {
  if (!manager_works(sim)) return refuse(sim, order.machine, Refusal::NoManager);
  const Index move = sim.cluster.machines[order.machine].migration;
  if (move != kNone) fail_move(sim, move, Refusal::Cancelled);
  return Refusal::None;
}

struct Row {
  std::string_view name;
  Refusal (*carry_out)(Simulation&, const Order&);
};
constexpr std::array<Row, static_cast<size_t>(OrderKind::Count)> kRows = {{{"power-on", start},
                                                                           {"power-off", stop},
                                                                           {"move", move},
                                                                           {"move-disk", move_disk},
                                                                           {"enter-maintenance", empty_host},
                                                                           {"leave-maintenance", use_host},
                                                                           {"resize", resize},
                                                                           {"snapshot", keep_disk},
                                                                           {"service", service},
                                                                           {"cancel-move", cancel_move}}};

}  // namespace

std::string_view name(OrderKind kind) { return kRows[static_cast<size_t>(kind)].name; }

Refusal carry_out(Simulation& sim, const Order& order) {
  const Refusal refusal = kRows[static_cast<size_t>(order.kind)].carry_out(sim, order);
  account_order(sim, order, refusal);
  return refusal;
}

}  // namespace hvlab::cluster
