// A virtual processor's life: enter, handle what happened, until it has no more to do.
#pragma once

#include "hv-models/hypervisor/virtual_machine.hpp"

namespace hvlab::hypervisor {

enum class Outcome : u8 {
  Continue,  // it can go on at once
  Halted,    // until an interrupt: next_event() says when its timer fires
  Waiting,   // for an access that somebody else does
  Paused,    // it spins: somebody else may make better use of the processor
  Ended,     // its machine is over
};

/// Offers pending interrupts, runs the guest once and handles what it did. Called with interrupts off, which
/// are on for a moment after the guest was left, so that the host takes its own.
Outcome run_once(VirtualProcessor& vcpu);

/// True if it has something to run for: an interrupt that it would take, or it is not halted at all. `now` in
/// nanoseconds.
bool has_work(VirtualProcessor& vcpu, u64 now);
/// When its timer fires next; clock::kNever without one, or if it cannot run now (not started, ended, waits for a
/// device).
u64 next_event(const VirtualProcessor& vcpu);

/// The answer to an access for which it waits.
void complete_access(VirtualProcessor& vcpu, u64 value);

/// What processors remember of the machine's second stage is forgotten when this returns. No lock held.
void forget_translations(VirtualMachine& machine);
/// What the hypervisor was doing for the machine's processors, each on a processor of its own, has been done
/// when this returns: nobody has a pointer any more into memory that the machine had before. No lock held;
/// not by a processor of that machine.
void wait_for_handlers(VirtualMachine& machine);

/// The floating-point registers belong to whoever runs: before and after a guest has the processor.
void load_fpu(const VirtualProcessor& vcpu);
void save_fpu(VirtualProcessor& vcpu);

}  // namespace hvlab::hypervisor
