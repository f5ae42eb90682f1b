#include "sim/cluster/faults.hpp"

#include <algorithm>
#include <array>

#include "sim/cluster/life.hpp"
#include "sim/cluster/load.hpp"
#include "sim/cluster/restarts.hpp"
#include "sim/cluster/simulation.hpp"
#include "sim/cluster/standstill.hpp"

namespace hvlab::cluster {

namespace {

void fail_moves_to(Simulation& sim, Index host) {
  std::vector<Index> moves = sim.moves.waiting;
  for (const Index machine : sim.cluster.hosts[host].coming)
    moves.push_back(sim.cluster.machines[machine].migration);
  for (const Index place : moves)
    if (sim.moves.all[place].to == host) fail_move(sim, place, Refusal::HostFailed);
}

void host_fails(Simulation& sim, Index host) {
  Host& at = sim.cluster.hosts[host];
  if (at.state == HostState::Failed) return;
  settle_host(sim, host);
  at.state = HostState::Failed;
  forget_to_save_with(sim, host);
  std::erase(sim.moves.emptied, host);
  const std::vector<Index> machines = at.machines;
  for (const Index machine : machines) machine_dies(sim, machine);
  fail_moves_to(sim, host);
  refresh_host(sim, host);
  for (const Index machine : machines) machine_was_lost(sim, machine, host);
}

void host_is_back(Simulation& sim, Index host) {
  Host& at = sim.cluster.hosts[host];
  if (at.state != HostState::Failed) return;
  settle_host(sim, host);
  at.state = HostState::On;
  refresh_host(sim, host);
  if (!sim.ha.on) start_with_host(sim, host);
}

void host(Simulation& sim, const Fault& fault) {
  fault.mended ? host_is_back(sim, fault.subject) : host_fails(sim, fault.subject);
}

// Machines' traffic takes another card, or ends.
void card(Simulation& sim, const Fault& fault) {
  Nic& card = sim.cluster.nics[fault.subject];
  card.up = fault.mended;
  refresh_host(sim, card.host);
}

void physical_switch(Simulation& sim, const Fault& fault) {
  sim.cluster.switches[fault.subject].up = fault.mended;
  for (Index host = 0; host < sim.cluster.hosts.size(); ++host) refresh_host(sim, host);
}

void datastore(Simulation& sim, const Fault& fault) {
  sim.cluster.datastores[fault.subject].up = fault.mended;
  refresh_datastores(sim);
}

void disk(Simulation& sim, const Fault& fault) {
  Datastore& store = sim.cluster.datastores[fault.subject];
  if (fault.mended ? store.failed_disks == 0 : store.failed_disks == store.disks) return;
  if (lost(store)) return;  // a new disk does not bring data back
  fault.mended ? --store.failed_disks : ++store.failed_disks;
  if (lost(store)) tell(sim, What::DataLost, kNone, kNone, fault.subject);
  refresh_datastores(sim);
}

// The instance that works fails; if another one waits, it takes over.
void manager(Simulation& sim, const Fault& fault) {
  Manager& manager = sim.manager;
  if (fault.mended ? manager.failed == 0 : manager.failed > manager.standbys) return;
  manager.failed = fault.mended ? manager.failed - 1 : manager.failed + 1;
  const bool was_up = manager.up;
  manager.up = manager.failed <= manager.standbys;
  if (!fault.mended && manager.up) manager.back_at = sim.now() + manager.takeover;
  if (fault.mended && !was_up) manager.back_at = sim.now();
}

void partition(Simulation& sim, const Fault& fault) {
  const auto island = static_cast<u16>(fault.mended ? 0 : fault.subject + 1);
  for (const Index at : fault.hosts) {
    sim.cluster.hosts[at].island = island;
    refresh_host(sim, at);
  }
}

void pool_disks(Simulation& sim, const Fault& fault) {
  fault.mended ? pool_disks_are_mended(sim, fault.subject) : pool_disks_fail(sim, fault.subject);
}

struct Row {
  std::string_view name;
  void (*happens)(Simulation&, const Fault&);
};
constexpr std::array<Row, static_cast<size_t>(FaultKind::Count)> kRows = {{{"host", host},
                                                                           {"card", card},
                                                                           {"switch", physical_switch},
                                                                           {"datastore", datastore},
                                                                           {"disk", disk},
                                                                           {"manager", manager},
                                                                           {"partition", partition},
                                                                           {"pool-disks", pool_disks}}};

}  // namespace

std::string_view name(FaultKind kind) { return kRows[static_cast<size_t>(kind)].name; }

void happens(Simulation& sim, const Fault& fault) {
  account_rest(sim);
  tell(sim, fault.mended ? What::Repair : What::Fault, kNone, fault.subject, kNone,
       static_cast<u64>(fault.kind));
  kRows[static_cast<size_t>(fault.kind)].happens(sim, fault);
  refresh_flows(sim);
  look_at_pool(sim);
  if (sim.cluster.pool.datastore != kNone) refresh_datastores(sim);  // it has fewer disks, or more
  look_at_disks(sim);
  look_around(sim);
}

}  // namespace hvlab::cluster
