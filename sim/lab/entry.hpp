// From what a loader says about the first instruction to the processor that executes it.
#pragma once

#include "sim/board/machine.hpp"
#include "sim/boot/load.hpp"

namespace hvlab::lab {

/// Loads the kernel and its companions into the machine and sets the bootstrap processor at the kernel's
/// entry. Throws UserError.
boot::BootResult load_machine(board::Machine& machine, boot::BootSetup setup);

}  // namespace hvlab::lab
