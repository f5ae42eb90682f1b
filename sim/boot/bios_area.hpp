// What a BIOS leaves in low memory, as far as software started without one still looks at it.
#pragma once

#include "sim/boot/load_target.hpp"

namespace hvlab::boot {

/// Writes the interrupt vector table, the BIOS data area (serial ports, EBDA, base memory), the EBDA's size,
/// and, in the BIOS area, service routines that answer every call with "not supported" (CF = 1, and ZF = 1:
/// no key pressed). Xen's start-up code asks a BIOS for memory map, disks and video modes, and goes on
/// without.
void write_bios_area(LoadTarget& target);

}  // namespace hvlab::boot
