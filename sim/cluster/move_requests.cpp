// Who may move where, whose turn it is, and hosts that are emptied.
#include <algorithm>

#include "sim/cluster/life.hpp"
#include "sim/cluster/simulation.hpp"

namespace hvlab::cluster {

void begin_move(Simulation& sim, Index place);

namespace {

Refusal disk_may_move(const Simulation& sim, const VirtualMachine& vm, Index to, Index datastore) {
  const Datastore& store = sim.cluster.datastores[datastore];
  if (datastore == vm.datastore) return Refusal::AlreadyThere;
  // A pooled disk's parts are placed when it is made; such disks are not copied here.
  if (store.kind == StorageKind::Pooled || vm.pooled != kNone) return Refusal::PooledDisk;
  if (!facts(vm.disk_kind).copied_while_running) return Refusal::RawDisk;
  if (!reaches_datastore(sim.cluster, to, datastore)) return Refusal::NoDatastore;
  if (!reaches_datastore(sim.cluster, vm.host, vm.datastore)) return Refusal::NoDatastore;
  return u64{store.used} + disk_space(vm) > store.capacity ? Refusal::DatastoreFull : Refusal::None;
}

Refusal machine_may_move(const Simulation& sim, Index machine) {
  const VirtualMachine& vm = sim.cluster.machines[machine];
  if (vm.state != VmState::Running) return Refusal::NotRunning;
  if (vm.migration != kNone) return Refusal::MovesAlready;
  return sim.cluster.overheads[vm.overhead].migrates ? Refusal::None : Refusal::WayCannotMove;
}

// The load that it would have with one more machine of `wants` MHz.
u64 load_with(const Host& host, u32 wants) { return host.load_of(host.wanted + wants); }

Refusal place_may_take(const Simulation& sim, Index machine, Index to, Index datastore) {
  const VirtualMachine& vm = sim.cluster.machines[machine];
  if (datastore != kNone) {
    const Refusal disk = disk_may_move(sim, vm, to, datastore);
    if (disk != Refusal::None) return disk;
  }
  if (!manager_reaches(sim, to)) return Refusal::NoManager;
  if (to == vm.host) return datastore == kNone ? Refusal::AlreadyThere : Refusal::None;
  const Refusal refusal = may_be_on(sim.cluster, machine, to);
  if (refusal != Refusal::None && refusal != Refusal::NoDatastore) return refusal;
  if (refusal == Refusal::NoDatastore && datastore == kNone) return Refusal::NoSharedStorage;
  return reach_each_other(sim.cluster, vm.host, to, Purpose::Migration) ? Refusal::None : Refusal::NoNetwork;
}

bool has_place(const Simulation& sim, Index host) {
  return sim.cluster.hosts[host].moving < sim.moves.at_a_time;
}

// A move that waits and can go nowhere.
void fail_and_explain(Simulation& sim, Index place, Refusal why) {
  const Move move = sim.moves.all[place];
  std::vector<RefusalPart> parts;
  if (why == Refusal::NoHost && explains_more(sim)) {
    parts = why_nowhere(sim, [&](Index host) {
      if (host == move.from) return RefusalPart{};
      return particulars(sim, move.machine, host, place_may_take(sim, move.machine, host, move.datastore),
                         move.datastore);
    });
  }
  const size_t occurrence = sim.log.size();
  fail_move(sim, place, why);
  explain(sim, occurrence, std::move(parts));
}

enum class Turn : u8 { Begun, Waits, Failed };

Turn try_to_begin(Simulation& sim, Index place) {
  Move& move = sim.moves.all[place];
  if (!has_place(sim, move.from)) return Turn::Waits;
  const bool chosen = move.to != kNone;
  const Index to = chosen ? move.to : best_host_for(sim, move.machine);
  if (to != kNone && !has_place(sim, to)) return Turn::Waits;
  VirtualMachine& vm = sim.cluster.machines[move.machine];
  vm.migration = kNone;
  const Refusal refusal = to == kNone ? Refusal::NoHost : may_move(sim, move.machine, to, move.datastore);
  vm.migration = place;
  if (refusal != Refusal::None) {
    fail_and_explain(sim, place, refusal);
    return Turn::Failed;
  }
  move.to = to;
  std::erase(sim.moves.waiting, place);
  begin_move(sim, place);
  return Turn::Begun;
}

}  // namespace

Refusal may_move(const Simulation& sim, Index machine, Index to, Index datastore) {
  const Refusal refusal = machine_may_move(sim, machine);
  return refusal != Refusal::None ? refusal : place_may_take(sim, machine, to, datastore);
}

Index best_host_for(const Simulation& sim, Index machine) {
  const VirtualMachine& vm = sim.cluster.machines[machine];
  Index best = kNone;
  u64 least = ~u64{0};
  for (Index host = 0; host < sim.cluster.hosts.size(); ++host) {
    if (host == vm.host || place_may_take(sim, machine, host, kNone) != Refusal::None) continue;
    const u64 load = load_with(sim.cluster.hosts[host], vm.wants);
    if (load < least) least = load, best = host;
  }
  return best;
}

Refusal ask_move(Simulation& sim, Index machine, Index to, Index datastore, const MoveCause& cause) {
  const VirtualMachine& vm = sim.cluster.machines[machine];
  Refusal refusal = manager_works(sim) ? machine_may_move(sim, machine) : Refusal::NoManager;
  if (refusal == Refusal::None && !manager_reaches(sim, vm.host)) refusal = Refusal::NoManager;
  if (refusal == Refusal::None && to != kNone) refusal = place_may_take(sim, machine, to, datastore);
  if (refusal != Refusal::None) {
    tell_refused(sim, machine, to, refusal, datastore);
    return refusal;
  }
  const auto place = static_cast<Index>(sim.moves.all.size());
  Move move;
  move.machine = machine;
  move.from = vm.host;
  move.to = to;
  move.datastore = datastore;
  move.asked = sim.now();
  move.cause = cause;
  sim.moves.all.push_back(move);
  sim.moves.waiting.push_back(place);
  sim.cluster.machines[machine].migration = place;
  try_to_begin(sim, place);
  return Refusal::None;
}

void start_waiting(Simulation& sim) {
  // Each that begins or fails changes the list: it is gone through from the beginning.
  for (size_t i = 0; i < sim.moves.waiting.size();)
    i = try_to_begin(sim, sim.moves.waiting[i]) == Turn::Waits ? i + 1 : 0;
}

Refusal enter_maintenance(Simulation& sim, Index host, MoveReason reason) {
  if (!manager_works(sim)) return Refusal::NoManager;
  Host& at = sim.cluster.hosts[host];
  if (at.state != HostState::On) return Refusal::HostNotOn;
  if (!manager_reaches(sim, host)) return Refusal::NoManager;
  at.maintenance = true;
  look_around(sim);  // it watches nobody any more
  if (at.machines.empty() && at.coming.empty()) {
    tell(sim, What::Evacuated, kNone, host);
    return Refusal::None;
  }
  if (std::ranges::count(sim.moves.emptied, host) == 0) sim.moves.emptied.push_back(host);
  const std::vector<Index> machines = at.machines;  // moves that are over at once change it
  for (const Index machine : machines) ask_move(sim, machine, kNone, kNone, {reason});
  return Refusal::None;
}

void tell_of_emptied(Simulation& sim) {
  std::erase_if(sim.moves.emptied, [&](Index host) {
    const bool empty = sim.cluster.hosts[host].machines.empty() && sim.cluster.hosts[host].coming.empty();
    if (empty) tell(sim, What::Evacuated, kNone, host);
    return empty;
  });
}

MoveReason why_emptied(const Simulation& sim, Index host) {
  return std::ranges::count(sim.power.emptying, host) != 0 ? MoveReason::PowerSaving
                                                           : MoveReason::Maintenance;
}

void go_on_emptying(Simulation& sim) {
  if (sim.moves.emptied.empty() || !manager_works(sim)) return;
  const std::vector<Index> hosts = sim.moves.emptied;
  for (const Index host : hosts) {
    const std::vector<Index> machines = sim.cluster.hosts[host].machines;
    for (const Index machine : machines)
      if (machine_may_move(sim, machine) == Refusal::None && best_host_for(sim, machine) != kNone)
        ask_move(sim, machine, kNone, kNone, {why_emptied(sim, host)});
  }
  tell_of_emptied(sim);
}

void leave_maintenance(Simulation& sim, Index host) {
  sim.cluster.hosts[host].maintenance = false;
  std::erase(sim.moves.emptied, host);
  look_around(sim);
}

}  // namespace hvlab::cluster
