// Cores and partitions: each virtual processor has one core, for as long as its partition lives.
#pragma once

#include "hv-models/hypervisor/virtual_machine.hpp"

namespace hvlab::partition {

/// Gives `machine`, which create() is about to make, cores that nobody has; panics if there are too few.
void take_cores(hypervisor::VirtualMachine& machine, unsigned vcpus);
/// After create(): its processors are those cores, with their APIC ids.
void bind_cores(hypervisor::VirtualMachine& machine);

/// Before the first partition is made, on the first processor: the others have been started, and wait.
void set_up_cores();
/// Lets the others begin; then each of them, and the caller, runs what it has been given.
void release_cores();
[[noreturn]] void run_core();

// Hooks of the core.
void kick(hypervisor::VirtualProcessor& vcpu);
void interrupt(hypervisor::VirtualProcessor& vcpu, u8 vector);

}  // namespace hvlab::partition
