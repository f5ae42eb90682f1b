// What guests write on their serial ports, in whole lines on the machine's console.
#pragma once

#include "sim/base/types.hpp"

namespace hvlab::hypervisor {

/// A byte of machine `number`'s console. With several machines its lines begin "vmN: ", and "HVLAB ..."
/// becomes "HVLAB instance=N ...".
void console_byte(unsigned number, bool several, u8 byte);

}  // namespace hvlab::hypervisor
