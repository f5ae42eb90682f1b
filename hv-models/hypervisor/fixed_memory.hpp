// Memory at its own addresses, of machines that have devices of the machine's: what their drivers tell a
// device is where it then looks.
#pragma once

#include "hv-models/hypervisor/virtual_machine.hpp"

namespace hvlab::hypervisor {

/// Gives `machine` memory that its kernel may hand out, and what is its image's; then create() and load()
/// make the rest. False without memory.
bool prepare_fixed_memory(VirtualMachine& machine, unsigned mebibytes);

}  // namespace hvlab::hypervisor
