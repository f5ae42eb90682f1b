// What makes a policy, and what policies are made of.
#pragma once

#include "hv-models/hypervisor/schedule/schedule.hpp"

namespace hvlab::hypervisor::schedule {

/// Who is to run where, while it is being decided.
struct Placement {
  unsigned on[kMostCores];
};

struct Policy {
  const char* name;
  bool gangs;  // a machine pays for all its cores, busy or not
  /// Fills the placement; Machine::placed is 0 before.
  void (*choose)(Scheduler& s, Placement& placement);
  /// More reasons to decide anew on account of `vcpu`, which runs; kNoEvent. May be null.
  Nanoseconds (*next_event)(const Scheduler& s, unsigned vcpu);
};
extern const Policy kStrict, kRelaxed, kBalance, kCredit;

// ---- Rights: rights.cpp

inline constexpr u64 kScale = 1'000'000;  // of virtual time: nanoseconds of a machine with so many shares

/// A time of this machine's as virtual time.
u64 weighted(const Machine& machine, Nanoseconds time);
/// It has not had its reservation in this period.
bool is_owed(const Scheduler& s, const Machine& machine);
/// `left` has a better claim to the next core than `right`: what is owed first, then who has had least for
/// its shares. What this decision has given counts as if it had been used.
bool better_claim(const Scheduler& s, const Machine& left, const Machine& right);
/// It wants to run, and is not held back by a limit or for its siblings' sake.
bool may_run(const Scheduler& s, const Vcpu& vcpu);
/// Limit and reservation of a machine that runs `running` at once: when one of them is used up.
Nanoseconds next_right(const Scheduler& s, const Machine& machine, unsigned running);
/// A new period, if it is time.
void begin_period(Scheduler& s);
/// A machine with nobody waiting gathers no claims for later: with decisions, and when one wakes.
void forget_old_claims(Scheduler& s);
void forget_sleep(Scheduler& s, Machine& machine);
/// Null, or why the reservations cannot be guaranteed with this machine in addition.
const char* refuse(const Scheduler& s, const Machine& machine);

// ---- Placement: placement.cpp

void clear(Placement& placement);
bool is_placed(const Placement& placement, unsigned vcpu);
/// Gives it a core: the one it has, if that is free, or another, moving those that are there already if that
/// makes room. False: there is none, however they are moved.
bool place(Scheduler& s, Placement& placement, unsigned vcpu);
/// The same on exactly this core, which has to be free.
bool place_on(Scheduler& s, Placement& placement, unsigned vcpu, unsigned core);
/// Gives cores to all for which `wanted` is true and who may run, as far as there are any: best claims first.
using Filter = bool (*)(const Scheduler& s, unsigned vcpu, unsigned argument);
void place_all(Scheduler& s, Placement& placement, Filter wanted);
/// Those whom pause.cpp has put before all others.
void place_boosted(Scheduler& s, Placement& placement);
/// It has a core, and its slice is not over.
bool in_slice(const Scheduler& s, const Vcpu& vcpu);

/// Of those for which `wanted` is true, who may run and are not placed nor `refused` (by number; may be
/// null): who has the best claim; kNobody.
unsigned best(const Scheduler& s, const Placement& placement, Filter wanted, unsigned argument,
              const bool* refused = nullptr);

}  // namespace hvlab::hypervisor::schedule
