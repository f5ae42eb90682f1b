#include "sim/cluster/migration.hpp"

#include <algorithm>
#include <array>

#include "sim/base/check.hpp"
#include "sim/cluster/life.hpp"
#include "sim/cluster/load.hpp"
#include "sim/cluster/simulation.hpp"
#include "sim/cluster/standstill.hpp"

namespace hvlab::cluster {

namespace {

constexpr u64 kMebibyte = u64{1} << 20;
constexpr u64 kGibibyte = u64{1} << 30;

bool copies_memory(const Move& move) { return move.from != move.to; }

// Memory and reservation are taken on the destination from the beginning, so that the move cannot fail at its
// end.
void hold_places(Simulation& sim, const Move& move, bool hold) {
  const u64 memory = memory_on_host(sim.cluster, sim.cluster.machines[move.machine]);
  for (const Index at : {move.from, move.to}) {
    Host& host = sim.cluster.hosts[at];
    hold ? ++host.moving : --host.moving;
    host.service = hold ? host.service + sim.moves.service : host.service - sim.moves.service;
  }
  Host& to = sim.cluster.hosts[move.to];
  if (copies_memory(move)) {
    sim.cluster.machines[move.machine].heading = hold ? move.to : kNone;
    to.committed = hold ? to.committed + memory : to.committed - memory;
    const u32 reservation = sim.cluster.machines[move.machine].reservation;
    to.reserved = hold ? to.reserved + reservation : to.reserved - reservation;
    hold ? to.coming.push_back(move.machine) : static_cast<void>(std::erase(to.coming, move.machine));
  }
  if (move.datastore == kNone) return;
  const u32 disk = disk_space(sim.cluster.machines[move.machine]);
  u64& used = sim.cluster.datastores[move.datastore].used;
  used = hold ? used + disk : used - disk;
}

void refresh_both(Simulation& sim, const Move& move) {
  refresh_host(sim, move.from);
  if (move.to != move.from) refresh_host(sim, move.to);
}

Flow flow_of(const Simulation& sim, Index place) {
  const Move& move = sim.moves.all[place];
  Flow flow;
  flow.migration = place;
  if (copies_memory(move)) flow.lanes = lanes(sim.cluster, move.from, move.to, Purpose::Migration);
  return flow;
}

void copy(Simulation& sim, Index place, u64 bytes, u64 rate) {
  Flow flow = flow_of(sim, place);
  Move& move = sim.moves.all[place];
  if (move.phase == MovePhase::Disk) {
    flow.read_from = sim.cluster.machines[move.machine].datastore;
    flow.write_to = move.datastore;
    const bool reached = reaches_datastore(sim.cluster, move.from, move.datastore);
    if (reached) flow.lanes.clear();  // the host writes there itself
  }
  flow.total = move.left = bytes;
  flow.limit = rate;
  move.round_began = sim.now();
  settle_host(sim, move.from);
  move.used_before = sim.cluster.machines[move.machine].used;
  if (copies_memory(move) && flow.lanes.empty() && flow.write_to == kNone) {
    fail_move(sim, place, Refusal::NoNetwork);
    return;
  }
  const Index started = start_flow(sim, flow);
  // It may have failed at once.
  if (!sim.moves.all[place].is_over()) sim.moves.all[place].flow = started;
}

void set_speed(Simulation& sim, const Move& move, u32 speed) {
  VirtualMachine& vm = sim.cluster.machines[move.machine];
  if (vm.speed == speed) return;
  vm.speed = static_cast<u16>(speed);
  refresh_host(sim, vm.host);
}

// How long a moved machine stands still besides copying: as its way was measured, otherwise as the policy
// says.
Nanoseconds switch_over_of(const Simulation& sim, const Move& move) {
  const Overhead& way = sim.cluster.overheads[sim.cluster.machines[move.machine].overhead];
  return way.standstill != 0 ? way.standstill : sim.moves.policy.switch_over;
}

void stop_machine(Simulation& sim, Index place) {
  Move& move = sim.moves.all[place];
  VirtualMachine& vm = sim.cluster.machines[move.machine];
  const u64 left = move.rounds.back().written;
  move.phase = MovePhase::LastCopy;
  move.stopped = sim.now();
  settle_host(sim, vm.host);
  vm.state = VmState::Stopped;
  goes_down(sim, move.machine);
  refresh_host(sim, vm.host);
  tell(sim, What::MoveStopped, move.machine, move.from, move.to, left);
  copy(sim, place, left, 0);
}

void next_round(Simulation& sim, Index place) {
  const u64 path_rate = possible_rate(sim, flow_of(sim, place));
  Move& move = sim.moves.all[place];
  const Decision decision = next_step(sim.moves.policy, move.rounds, path_rate);
  switch (decision.step) {
    case NextStep::GiveUp: fail_move(sim, place, Refusal::NoProgress); return;
    case NextStep::StopAndCopy: stop_machine(sim, place); return;
    case NextStep::AnotherRound: break;
  }
  set_speed(sim, move, decision.speed);
  if (move.rounds.empty()) {
    move.copied_disk = sim.now();
    if (sim.moves.policy.patience != 0)
      sim.calendar.add(sim.moves.policy.patience, EventKind::MoveTooLong, place);
  }
  move.phase = MovePhase::Rounds;
  const u64 bytes = move.rounds.empty() ? sim.cluster.machines[move.machine].memory * kMebibyte
                                        : move.rounds.back().written;
  copy(sim, place, bytes, decision.rate);
}

// What the machine wrote in the round that ends: its working set's part, by the processor time that its own
// work got meanwhile, of all that its processors could have.
u64 written_in_round(Simulation& sim, const Move& move) {
  settle_host(sim, move.from);
  const VirtualMachine& vm = sim.cluster.machines[move.machine];
  const Nanoseconds span = sim.now() - move.round_began;
  const Host& host = sim.cluster.hosts[move.from];
  const u64 full = std::min<u64>(u64{vm.processors} * host.core_mhz, host.capacity());
  if (vm.dirty == kNone || span == 0 || full == 0) return 0;
  const Sum own =
      (vm.used - move.used_before) * (vm.wants == 0 ? 1 : vm.guest_wants) / std::max(vm.wants, 1u);
  const u64 speed = std::min<u64>(saturated(own * 1000 / (Sum{full} * span)), 1000);
  const u64 pages = pages_written(sim.cluster.dirty[vm.dirty], span, static_cast<u32>(speed));
  return std::min(pages * kPageBytes, vm.memory * kMebibyte);
}

void end_of_move(Simulation& sim, Index place) {
  Move& move = sim.moves.all[place];
  sim.cluster.machines[move.machine].migration = kNone;
  move.ended = sim.now();
  ++move.version;
  refresh_both(sim, move);
  tell_of_emptied(sim);
  start_waiting(sim);
}

void disk_has_moved(Simulation& sim, Move& move) {
  VirtualMachine& vm = sim.cluster.machines[move.machine];
  if (vm.datastore != kNone) sim.cluster.datastores[vm.datastore].used -= disk_space(vm);
  vm.datastore = move.datastore;
  vm.snapshots = 0;  // they are joined as the disk is copied
  if (facts(vm.disk_kind).becomes_a_file) {
    vm.disk_kind = DiskKind::Thick;
    ++sim.account.converted;
  }
  tell(sim, What::DiskMoved, move.machine, vm.host, move.datastore);
}

void arrive(Simulation& sim, Index place) {
  Move& move = sim.moves.all[place];
  VirtualMachine& vm = sim.cluster.machines[move.machine];
  settle_host(sim, move.from);
  settle_host(sim, move.to);
  hold_places(sim, move, false);
  if (move.datastore != kNone) {
    sim.cluster.datastores[move.datastore].used += disk_space(vm);
    disk_has_moved(sim, move);
  }
  move.phase = MovePhase::Done;
  if (copies_memory(move)) {
    leave_host(sim.cluster, move.machine);
    enter_host(sim.cluster, move.machine, move.to);
    vm.state = VmState::Running;
    vm.speed = 1000;
    ++vm.moves;
    move.downtime = sim.now() - move.stopped;
    comes_up(sim, move.machine);
    tell(sim, What::Moved, move.machine, move.from, move.to, move.downtime);
  }
  const Index machine = move.machine, to = move.to;
  end_of_move(sim, place);
  look_at_disk(sim, machine);
  // It was on its way when its destination was to be emptied. (`move` may have moved itself.)
  if (!sim.cluster.hosts[to].maintenance || sim.cluster.machines[machine].host != to) return;
  ask_move(sim, machine, kNone, kNone, {why_emptied(sim, to)});
}

}  // namespace

std::string_view name(MoveReason reason) {
  static constexpr std::array<std::string_view, static_cast<size_t>(MoveReason::Count)> kNames = {
      "order", "maintenance", "power-saving", "rule", "balance"};
  return kNames[static_cast<size_t>(reason)];
}

Moves::Moves() : policy(find_precopy_policy("vmotion").value_or(PrecopyPolicy{})) {}

void begin_move(Simulation& sim, Index place) {
  Move& move = sim.moves.all[place];
  move.began = sim.now();
  settle_host(sim, move.from);
  settle_host(sim, move.to);
  hold_places(sim, move, true);
  tell(sim, What::MoveBegan, move.machine, move.from, move.to, static_cast<u64>(move.cause.reason));
  move.phase = move.datastore == kNone ? MovePhase::Rounds : MovePhase::Disk;
  refresh_both(sim, move);
  if (move.phase == MovePhase::Disk) {
    copy(sim, place, disk_space(sim.cluster.machines[move.machine]) * kGibibyte, 0);
  } else {
    next_round(sim, place);
  }
}

void part_is_copied(Simulation& sim, Index place) {
  Move& move = sim.moves.all[place];
  move.sent += move.left;
  move.flow = kNone;
  switch (move.phase) {
    case MovePhase::Disk: copies_memory(move) ? next_round(sim, place) : arrive(sim, place); return;
    case MovePhase::Rounds: {
      const VirtualMachine& vm = sim.cluster.machines[move.machine];
      move.rounds.push_back({sim.now() - move.round_began, move.left, written_in_round(sim, move), vm.speed});
      tell(sim, What::Round, move.machine, move.from, move.to, move.rounds.back().written);
      next_round(sim, place);
      return;
    }
    case MovePhase::LastCopy:
      move.phase = MovePhase::SwitchOver;
      sim.calendar.add(switch_over_of(sim, move), EventKind::MigrationStep, place, move.version);
      return;
    default: HVLAB_CHECK(false);
  }
}

void move_step(Simulation& sim, Index place, u32 version) {
  if (sim.moves.all[place].version == version && sim.moves.all[place].phase == MovePhase::SwitchOver)
    arrive(sim, place);
}

void move_takes_too_long(Simulation& sim, Index place) {
  if (sim.moves.all[place].phase == MovePhase::Rounds) fail_move(sim, place, Refusal::NoProgress);
}

void fail_move(Simulation& sim, Index place, Refusal why) {
  Move& move = sim.moves.all[place];
  if (move.is_over()) return;
  const MovePhase phase = move.phase;
  move.phase = MovePhase::Failed;
  move.why = why;
  VirtualMachine& vm = sim.cluster.machines[move.machine];
  tell(sim, What::MoveFailed, move.machine, move.from, move.to, static_cast<u64>(why));
  if (phase == MovePhase::Waiting) {
    std::erase(sim.moves.waiting, place);
    vm.migration = kNone;
    move.ended = sim.now();
    return;
  }
  settle_host(sim, move.from);
  settle_host(sim, move.to);
  hold_places(sim, move, false);
  vm.speed = 1000;
  if (vm.state == VmState::Stopped) {  // the source has all of its memory still
    vm.state = VmState::Running;
    comes_up(sim, move.machine);
  }
  if (move.flow != kNone) cancel_flow(sim, move.flow);
  end_of_move(sim, place);
}

}  // namespace hvlab::cluster
