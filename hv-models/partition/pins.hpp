// The machine's I/O APIC, which all partitions share: each programs its own pins, to its own processors.
#pragma once

#include "hv-models/hypervisor/virtual_machine.hpp"

namespace hvlab::partition {

/// What `machine` has written to its I/O APIC goes to the machine's own, as far as it may. Its lock is held.
void program_pins(hypervisor::VirtualMachine& machine);
/// Its pins are silent.
void mask_pins(unsigned number);

}  // namespace hvlab::partition
