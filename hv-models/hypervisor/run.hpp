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
/// When its timer fires next; clock::kNever.
u64 next_event(const VirtualProcessor& vcpu);

/// The answer to an access for which it waits.
void complete_access(VirtualProcessor& vcpu, u64 value);

/// The floating-point registers belong to whoever runs: before and after a guest has the processor.
void load_fpu(const VirtualProcessor& vcpu);
void save_fpu(VirtualProcessor& vcpu);

}  // namespace hvlab::hypervisor
