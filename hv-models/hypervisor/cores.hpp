// The processors of a hypervisor that has them to itself (monolithic, driver-domain): each runs the loop
// choose, enter, handle. There are no threads: a virtual processor that waits is just not chosen.
#pragma once

#include "hv-models/hypervisor/virtual_machine.hpp"

namespace hvlab::hypervisor {

/// Interrupt handlers of the loop, and the scheduler as the configuration says. Once, before anything else
/// here; panics if there is no such scheduler.
void set_up_cores(const Configuration& configuration);

/// A machine whose processors are to be run. Before run_core(), or later with no lock held;
/// panics if the scheduler cannot give it what it is to have.
void add_machine(VirtualMachine& machine);

/// For ever; interrupts are off. Every processor calls it.
[[noreturn]] void run_core();

/// `vcpu` has something to do: it leaves the guest, or some processor looks for work.
void kick(VirtualProcessor& vcpu);

/// Prints where the time of the machine's virtual processors went, a line each.
void report_times(const VirtualMachine& machine);
const char* scheduler_name();

}  // namespace hvlab::hypervisor
