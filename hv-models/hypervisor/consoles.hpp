// What guests write on their serial ports, in whole lines on the machine's console.
#pragma once

#include "sim/base/types.hpp"

namespace hvlab::hypervisor {

struct VirtualProcessor;

/// The machine's port is given lines by its interrupt, which needs the machine's first processor to take it.
void set_up_consoles();

/// A byte of machine `number`'s console. With several machines its lines begin "vmN: ", and "HVLAB ..."
/// becomes "HVLAB instance=N ...".
void console_byte(unsigned number, bool several, u8 byte);

/// Behind an access of `vcpu`'s: whether it ended a line that is still on its way. Then complete_access()
/// comes when all lines are on the wire: a guest does not run ahead of its console, as it does not on a
/// machine of its own. The machine's lock is held.
bool waits_for_console(VirtualProcessor& vcpu);

}  // namespace hvlab::hypervisor
