// IRET in every mode (SDM vol. 2, IRET; vol. 3, 6.12, 6.14, 20.2.3).
#pragma once

#include "sim/control/segments.hpp"

namespace hvlab::control {

/// Returns from an interrupt handler; `bytes` is the operand size (2, 4, 8), `next_rip` the following
/// instruction's address (kept in the TSS by a return to a nested task). Unblocks NMIs, on Intel's processors
/// even if it faults (State::nmi_unblocked then). When done, Cpu::rip is the target.
Outcome interrupt_return(Cpu& cpu, unsigned bytes, u64 next_rip);

/// RFLAGS after `popped` has been popped with operand size `bytes` at the current CPL and IOPL: IF and IOPL
/// change only where privilege allows; `rf` is where RF comes from (IRET takes it from the image, POPF clears
/// it). VM, VIF and VIP stay.
u64 merge_flags(const Cpu& cpu, u64 popped, unsigned bytes, bool rf);

}  // namespace hvlab::control
