// The processors of a hypervisor that has them to itself (monolithic, driver-domain): each runs the loop
// choose, enter, handle. There are no threads: a virtual processor that waits is just not chosen.
#pragma once

#include "hv-models/hypervisor/virtual_machine.hpp"

namespace hvlab::hypervisor {

/// A machine whose processors are to be run. Before run_core(), or later with no lock held.
void add_machine(VirtualMachine& machine);

/// For ever; interrupts are off. Every processor calls it.
[[noreturn]] void run_core();

/// `vcpu` has something to do: it leaves the guest, or some processor looks for work.
void kick(VirtualProcessor& vcpu);

/// Interrupt handlers of the loop: timer, and what processors send each other. Once.
void set_up_cores();

}  // namespace hvlab::hypervisor
