// What `hvlab boot` puts into a machine before it runs.
#pragma once

#include <string>

#include "sim/board/machine.hpp"
#include "sim/lab/boot_options.hpp"

namespace hvlab::lab {

/// Puts a kernel into the machine, unless it starts in its firmware. Returns the Linux that runs then, if it
/// is one and known. Throws UserError.
std::string load_boot(board::Machine& machine, const BootOptions& options);

}  // namespace hvlab::lab
