// Identifiers of address spaces, AMD's ASIDs (APM vol. 2, 15.16) and Intel's VPIDs (SDM vol. 3, 29.1): each
// virtual processor has one as long as it lives, so that what the processor remembers of its translations is
// never taken for another's. 0 is the host's.
#pragma once

#include "sim/base/types.hpp"

namespace hvlab::hypervisor {

/// One below `end` that nobody has; 0 if all are in use.
u16 take_identifier(u32 end);
void give_back_identifier(u16 identifier);

}  // namespace hvlab::hypervisor
