// Fast system calls (SDM vol. 2, SYSCALL, SYSRET, SYSENTER, SYSEXIT; APM vol. 3, the same).
#pragma once

#include "sim/control/segments.hpp"

namespace hvlab::control {

/// SYSCALL; `next_rip` goes to RCX. When done, Cpu::rip is the target; so for all below.
Outcome system_call(Cpu& cpu, u64 next_rip);
/// SYSRET; `bytes` is the operand size: 8 returns to 64-bit code.
Outcome system_return(Cpu& cpu, unsigned bytes);
Outcome system_enter(Cpu& cpu);
Outcome system_exit(Cpu& cpu, unsigned bytes);

}  // namespace hvlab::control
