// Ways to end.
#pragma once

#include "sim/base/types.hpp"

namespace hvlab::runtime {

/// Switches the machine off: ACPI soft-off (ACPI 6.4, 7.4.2.5). Stops the processor if that does not exist.
[[noreturn]] void power_off();

/// Ends a simulated machine with a status by port F4h, which no real machine has: on one without it, and on
/// real hardware, this falls through to power_off().
[[noreturn]] void debug_exit(u32 status);

}  // namespace hvlab::runtime
