// Far jumps, calls and returns (SDM vol. 2, JMP, CALL, RET; vol. 3, 5.8).
#pragma once

#include "sim/control/stack.hpp"

namespace hvlab::control {

/// Far JMP or CALL to `selector`:`offset`: through a code segment, a call gate, a task gate or a TSS. `bytes`
/// is the operand size (2, 4, 8); `next_rip` the address of the following instruction. When done, Cpu::rip is
/// the target.
Outcome far_jump(Cpu& cpu, u16 selector, u64 offset, unsigned bytes, u64 next_rip);
Outcome far_call(Cpu& cpu, u16 selector, u64 offset, unsigned bytes, u64 next_rip);

/// Far RET, releasing `release` bytes of parameters.
Outcome far_return(Cpu& cpu, unsigned bytes, u16 release);

}  // namespace hvlab::control
