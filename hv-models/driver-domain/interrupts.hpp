// The machine's device interrupts, on their way to the management machine.
#pragma once

#include "hv-models/hypervisor/virtual_machine.hpp"

namespace hvlab::driver_domain {

/// From now on they arrive at its I/O APIC, each at the pin at which they arrive at the machine's.
void route_interrupts(hypervisor::VirtualMachine& management);
/// A level-triggered one has ended there, or its pins have changed (hook of the core; its lock is held).
void interrupt_ended(hypervisor::VirtualMachine& machine);

}  // namespace hvlab::driver_domain
