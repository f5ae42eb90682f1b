// Which virtual processor runs on which core. The owner tells what happens (wake, halt, spins, take) and has
// assign() decide anew after it and whenever next_event() says so; each core then takes what it is to run.
#pragma once

#include "hv-models/hypervisor/schedule/state.hpp"

namespace hvlab::hypervisor::schedule {

/// "strict", "relaxed", "balance", "credit"; null if there is no such policy.
const Policy* find_policy(const char* name);
const char* name(const Policy& policy);

/// Up to kMostCores cores; times are more than 0. `now` in nanoseconds, which never go back.
void set_up(Scheduler& s, const Policy& policy, const Settings& settings, Nanoseconds now);

/// A machine of 1 to kMostMembers virtual processors, all halted; the first one's number is in `first`, the
/// others follow. Null, or why it cannot be: a reservation that could not be guaranteed, cores that there are
/// not.
const char* add_machine(Scheduler& s, const Rights& rights, unsigned vcpus, unsigned& first);

/// A virtual processor has something to do. No effect on one that is not halted.
void wake(Scheduler& s, unsigned vcpu, Nanoseconds now);
/// It has nothing to do any more; the core that it ran on has let it go.
void halt(Scheduler& s, unsigned vcpu, Nanoseconds now);

/// It spins (a PAUSE exit). True if assign() may decide otherwise now.
bool spins(Scheduler& s, unsigned vcpu, OnPause what, Nanoseconds now);

/// Decides. A bit for each core that is to run another one than it does: it has to take().
u32 assign(Scheduler& s, Nanoseconds now);
/// The core runs from here on what it is to run, Core::current, or nobody; whom it ran waits. A bit for each
/// other core that had to wait for this one to let go.
u32 take(Scheduler& s, unsigned core, Nanoseconds now);

/// When assign() has to be called again, if nothing else happens, as far as that concerns this core;
/// Scheduler::now if that is overdue; kNoEvent.
Nanoseconds next_event(const Scheduler& s, unsigned core);

/// Brings all accounts up to `now`.
void advance(Scheduler& s, Nanoseconds now);

}  // namespace hvlab::hypervisor::schedule
