// The MSR areas of a VMCS: MSRs that VM entry loads, and that VM exit stores and loads (SDM vol. 3, 25.7.2,
// 25.8.2, 27.4, 28.4 and 28.6).
#pragma once

#include "sim/cpu/cpu.hpp"

namespace hvlab::vmx {

/// One entry of an area, in memory.
struct MsrEntry {
  u32 number;
  u32 reserved;  // 0
  u64 value;
};
static_assert(sizeof(MsrEntry) == 16);

/// Processes the `count` entries at `address` in order: loads the MSRs as WRMSR at CPL 0 outside guests would
/// (27.4, 28.6), or stores what RDMSR would read (28.4). Returns 0, or the number, from 1, of the entry that
/// could not be processed, with those before it done: the qualification of a failed VM entry, or the cause of
/// a VMX abort. Past as many entries as IA32_VMX_MISC recommends processors may do as they like; here the
/// next one fails, so that no guest can keep the simulator busy for a count of 32 bits.
u64 load_msrs(cpu::Cpu& cpu, u64 address, u32 count);
u64 store_msrs(cpu::Cpu& cpu, u64 address, u32 count);

/// Cycles that an area of `count` entries takes. What could not be processed is charged as well.
u64 msr_area_cycles(const cpu::Cpu& cpu, u64 count);

}  // namespace hvlab::vmx
