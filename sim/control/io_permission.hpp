// May this program use these ports (SDM vol. 1, 19.5)?
#pragma once

#include "sim/control/segments.hpp"

namespace hvlab::control {

/// #GP(0) unless CPL and IOPL, or the I/O permission bitmap of the TSS, allow `bytes` ports from `port` on.
Outcome check_io_permission(Cpu& cpu, u16 port, unsigned bytes);

}  // namespace hvlab::control
