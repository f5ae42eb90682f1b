// How VMX instructions end (SDM vol. 3, 31.2), and what they check first (31.3).
#pragma once

#include "sim/vmx/unit.hpp"

namespace hvlab::vmx {

using arch::vmx::Error;

/// The launch state of a VMCS (25.11.3).
inline constexpr u32 kClear = 0, kLaunched = 1;

/// VMsucceed: the six status flags are clear.
void succeed(Cpu& cpu);
/// VMfailInvalid: as above but CF. There is no VMCS to keep an error number.
void fail_invalid(Cpu& cpu);
/// VMfail: VMfailValid, which is ZF and the VM-instruction error field of the current VMCS, or VMfailInvalid
/// if there is none.
void fail(Cpu& cpu, Error error);

/// VMX instructions exist in protected mode and in 64-bit mode only.
inline bool mode_allows(const Cpu& cpu) {
  return cpu.mode == cpu::Mode::Protected || cpu.mode == cpu::Mode::Long;
}

/// The first checks of most VMX instructions, in the manual's order: #UD outside VMX operation and in other
/// modes, the VM exit in VMX non-root operation, which no control forbids (26.1.2), #GP(0) unless CPL is 0.
Outcome check_allowed(Cpu& cpu, Intercept what);

/// 4-KByte aligned, and within the physical-address width.
inline bool region_address_valid(const Cpu& cpu, u64 address) {
  return (address & 0xFFF) == 0 && (address >> cpu.identity.physical_address_bits) == 0;
}

}  // namespace hvlab::vmx
