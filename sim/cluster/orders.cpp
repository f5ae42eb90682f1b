#include "sim/cluster/orders.hpp"

#include <array>

#include "sim/cluster/life.hpp"
#include "sim/cluster/load.hpp"
#include "sim/cluster/simulation.hpp"

namespace hvlab::cluster {

namespace {

Refusal start(Simulation& sim, const Order& order) {
  const Index host = order.host != kNone ? order.host : freest_host(sim.cluster, order.machine);
  if (host != kNone) return power_on(sim, order.machine, host);
  tell(sim, What::Refused, order.machine, kNone, kNone, static_cast<u64>(Refusal::NoHost));
  return Refusal::NoHost;
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

Refusal resize(Simulation& sim, const Order& order) {
  if (!manager_works(sim)) {
    tell(sim, What::Refused, order.machine, kNone, kNone, static_cast<u64>(Refusal::NoManager));
    return Refusal::NoManager;
  }
  VirtualMachine& vm = sim.cluster.machines[order.machine];
  const auto [reservation, limit, shares] = order.values;
  if (reservation != kNone && !reserve(sim, vm, reservation)) {
    tell(sim, What::Refused, order.machine, vm.host, kNone, static_cast<u64>(Refusal::NoProcessorTime));
    return Refusal::NoProcessorTime;
  }
  if (limit != kNone) vm.limit = limit;
  if (shares != kNone) vm.shares = shares;
  if (vm.host != kNone) refresh_host(sim, vm.host);
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
                                                                           {"resize", resize}}};

}  // namespace

std::string_view name(OrderKind kind) { return kRows[static_cast<size_t>(kind)].name; }

Refusal carry_out(Simulation& sim, const Order& order) {
  return kRows[static_cast<size_t>(order.kind)].carry_out(sim, order);
}

}  // namespace hvlab::cluster
