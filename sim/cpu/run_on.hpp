// Where an instruction pointer gets to that runs on from one instruction to the next.
#pragma once

#include "sim/cpu/cpu.hpp"

namespace hvlab::cpu {

/// `rip` with the bits that it has: 64 in 64-bit mode and 32 elsewhere, 16-bit code included. Only branches
/// of 16-bit operand size cut it further (SDM vol. 2, JMP); whether 1'0000h may follow FFFFh is the limit's
/// business.
inline u64 run_on(const Cpu& cpu, u64 rip) { return cpu.code64() ? rip : static_cast<u32>(rip); }

}  // namespace hvlab::cpu
