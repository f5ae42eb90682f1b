// Shares, reservations and limits: the same for every policy.
#include "hv-models/hypervisor/schedule/policy.hpp"

namespace hvlab::hypervisor::schedule {
namespace {

Nanoseconds percent(const Scheduler& s, unsigned of_a_core) { return s.settings.period * of_a_core / 100; }

// What it will have used if all that it has been given now is used for a slice.
Nanoseconds expected(const Scheduler& s, const Machine& machine) {
  return machine.used + machine.placed * s.settings.slice;
}

// What it has at once for a slice.
u64 one_turn(const Scheduler& s, const Machine& machine) {
  const unsigned cores = machine.count < s.settings.cores ? machine.count : s.settings.cores;
  return weighted(machine, cores * s.settings.slice);
}

bool has_work(const Scheduler& s, const Machine& machine) {
  for (unsigned v = machine.first; v < machine.first + machine.count; ++v) {
    if (wants_to_run(s.vcpus[v])) return true;
  }
  return false;
}

bool has_waiting(const Scheduler& s, const Machine& machine) {
  for (unsigned v = machine.first; v < machine.first + machine.count; ++v) {
    if (s.vcpus[v].core == kNowhere && may_run(s, s.vcpus[v])) return true;
  }
  return false;
}

}  // namespace

u64 weighted(const Machine& machine, Nanoseconds time) { return time * kScale / machine.rights.shares; }

bool is_owed(const Scheduler& s, const Machine& machine) {
  return machine.used < percent(s, machine.rights.reservation);
}

bool better_claim(const Scheduler& s, const Machine& left, const Machine& right) {
  const bool owed = is_owed(s, left);
  if (owed != is_owed(s, right)) return owed;
  if (owed) {  // the smaller part of its reservation first, or some would get all of it too late
    return expected(s, left) * right.rights.reservation < expected(s, right) * left.rights.reservation;
  }
  return left.virtual_time + weighted(left, left.placed * s.settings.slice) <
         right.virtual_time + weighted(right, right.placed * s.settings.slice);
}

bool may_run(const Scheduler& s, const Vcpu& vcpu) {
  return wants_to_run(vcpu) && !s.machines[vcpu.machine].limited && !vcpu.leading;
}

Nanoseconds next_right(const Scheduler& s, const Machine& machine, unsigned running) {
  Nanoseconds next = kNoEvent;
  const auto at = [&](unsigned of_a_core) {
    const Nanoseconds end = percent(s, of_a_core);
    if (of_a_core == 0 || machine.used >= end) return;
    const Nanoseconds left = (end - machine.used) / running;
    const Nanoseconds time = s.now + (left != 0 ? left : 1);
    if (time < next) next = time;
  };
  at(machine.rights.limit);
  at(machine.rights.reservation);
  return next;
}

void begin_period(Scheduler& s) {
  if (s.now < s.period_end) return;
  s.period_end += s.settings.period;
  bool reserved = false;
  for (unsigned i = 0; i < s.machine_count; ++i) {
    Machine& machine = s.machines[i];
    // What it had too much, because nobody could stop it in time, it has had of this period.
    const Nanoseconds most = percent(s, machine.rights.limit);
    machine.used = machine.rights.limit != 0 && machine.used > most ? machine.used - most : 0;
    reserved = reserved || machine.rights.reservation != 0;
  }
  // Whoever is owed something does not wait for others' slices.
  if (!reserved) return;
  s.round_end = s.now;
  for (unsigned v = 0; v < s.vcpu_count; ++v) s.vcpus[v].slice_end = s.now;
}

void forget_old_claims(Scheduler& s) {
  u64 least = ~u64{0}, floor = ~u64{0}, turn = 0;
  bool waits[kMostMachines] = {};
  for (unsigned i = 0; i < s.machine_count; ++i) {
    waits[i] = has_waiting(s, s.machines[i]);
    if (waits[i] && s.machines[i].virtual_time < least) {
      least = s.machines[i].virtual_time;
      turn = one_turn(s, s.machines[i]);
    }
    if (has_work(s, s.machines[i]) && s.machines[i].virtual_time < floor) floor = s.machines[i].virtual_time;
  }
  if (floor != ~u64{0} && floor > s.virtual_time) s.virtual_time = floor;
  for (unsigned i = 0; i < s.machine_count; ++i) {
    Machine& machine = s.machines[i];
    // Who has just had a turn of few shares is ahead by that much for a while.
    const u64 slack = 2 * (one_turn(s, machine) + turn);
    if (waits[i] || least == ~u64{0} || machine.virtual_time + slack >= least) continue;
    machine.virtual_time = least - slack;
  }
}

void forget_sleep(Scheduler& s, Machine& machine) {
  const u64 slack = weighted(machine, s.settings.slice);
  if (!has_work(s, machine) && machine.virtual_time + slack < s.virtual_time)
    machine.virtual_time = s.virtual_time - slack;
}

// Every set of machines has to find its reservations on the cores that one of them may use (Hall's
// condition). Gangs run one after the other at worst: the times in which each needs all its cores must add up
// to less than all.
const char* refuse(const Scheduler& s, const Machine& machine) {
  constexpr const char* kTooMuch = "more is reserved than there is";
  Machine all[kMostMachines];
  const unsigned count = s.machine_count + 1;
  for (unsigned i = 0; i < s.machine_count; ++i) all[i] = s.machines[i];
  all[s.machine_count] = machine;
  unsigned serial = 0;
  for (unsigned i = 0; i < count; ++i)
    serial += (all[i].rights.reservation + all[i].count - 1) / all[i].count;
  if (s.policy->gangs) return serial > 100 ? kTooMuch : nullptr;
  for (unsigned set = 1; set < 1u << count; ++set) {
    unsigned reserved = 0;
    u32 cores = 0;
    for (unsigned i = 0; i < count; ++i) {
      if ((set >> i & 1) == 0) continue;
      reserved += all[i].rights.reservation;
      cores |= allowed_cores(s, all[i]);
    }
    if (reserved > 100 * count_cores(cores)) return kTooMuch;
  }
  return nullptr;
}

}  // namespace hvlab::hypervisor::schedule
