// What a VM exit tells of the instruction that caused it: the VM-exit instruction-information field (SDM vol.
// 3, 28.2.5, tables 28-8 to 28-14) and the displacement, which is the exit qualification (28.2.1). Bits that
// the manual leaves undefined are 0.
#pragma once

#include "sim/cpu/cpu.hpp"

namespace hvlab::vmx {

/// The VM-exit instruction-information field of a VM exit by `op`, which stands at Cpu::rip. 0 for the
/// instructions that have none; INS and OUTS have it where IA32_VMX_BASIC bit 54 says so.
u32 instruction_information(const cpu::Cpu& cpu, const decode::Op& op);

/// The exit qualification of the instructions with a memory operand in tables 28-9 to 28-11, 28-13 and 28-14:
/// the displacement, sign-extended to 64 bits; with RIP-relative addressing the address itself; 0 with a
/// register operand.
u64 displacement(const cpu::Cpu& cpu, const decode::Op& op);

}  // namespace hvlab::vmx
