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

Refusal empty_host(Simulation& sim, const Order& order) { return enter_maintenance(sim, order.host); }

Refusal use_host(Simulation& sim, const Order& order) {
  leave_maintenance(sim, order.host);
  return Refusal::None;
}

Refusal resize(Simulation& sim, const Order& order) {
  if (!manager_works(sim)) return Refusal::NoManager;
  VirtualMachine& vm = sim.cluster.machines[order.machine];
  const auto [reservation, limit, shares] = order.values;
  if (vm.host != kNone && reservation != kNone &&
      reserved_on(sim.cluster, vm.host) - vm.reservation + reservation >
          sim.cluster.hosts[vm.host].capacity())
    return Refusal::NoProcessorTime;
  if (reservation != kNone) vm.reservation = reservation;
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
