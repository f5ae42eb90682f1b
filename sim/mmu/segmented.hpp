// Segmented memory access: the checks between an offset and a linear address, and the stack.
#pragma once

#include "sim/mmu/access.hpp"

namespace hvlab::mmu {

/// Segment and canonicality checks for `bytes` bytes at `offset` of segment `segment` (SDM vol. 3, 5.3, 5.4;
/// 64-bit mode: vol. 1, 3.3.7.1). On success returns Next with the linear address in `linear`; else #GP(0),
/// or #SS(0) for SS.
Outcome check_segment(Cpu& cpu, unsigned segment, u64 offset, unsigned bytes, Access access, u64& linear);

// --- the stack (SDM vol. 3, 6.2; stack size from SS.B, 8 bytes in 64-bit mode) ---

/// RSP, ESP or SP.
inline u64 stack_pointer(const Cpu& cpu) {
  const u8 bytes = cpu.stack_bytes();
  const u64 sp = cpu.gpr[arch::kRsp];
  return bytes == 8 ? sp : bytes == 4 ? static_cast<u32>(sp) : static_cast<u16>(sp);
}
/// Sets RSP, ESP (upper half cleared) or SP (upper part kept).
inline void set_stack_pointer(Cpu& cpu, u64 value) {
  const u8 bytes = cpu.stack_bytes();
  if (bytes == 2) {
    cpu.set<u16>(arch::kRsp * 8, static_cast<u16>(value));
  } else {
    cpu.gpr[arch::kRsp] = bytes == 8 ? value : static_cast<u32>(value);
  }
}
/// Pushes a T; on a fault RSP is as before.
template <class T>
Outcome push(Cpu& cpu, T value) {
  const u64 sp = stack_pointer(cpu) - sizeof(T);
  const u8 bytes = cpu.stack_bytes();
  const u64 offset = bytes == 8 ? sp : bytes == 4 ? static_cast<u32>(sp) : static_cast<u16>(sp);
  u64 linear = 0;
  if (const Outcome o = check_segment(cpu, arch::kSs, offset, sizeof(T), Access::Write, linear);
      o != Outcome::Next)
    return o;
  if (const Outcome o = store<T>(cpu, linear, value); o != Outcome::Next) return o;
  set_stack_pointer(cpu, offset);
  return Outcome::Next;
}
/// Reads the T `depth` bytes above the top of the stack; RSP is not changed.
template <class T>
Loaded<T> peek(Cpu& cpu, unsigned depth = 0) {
  const u8 bytes = cpu.stack_bytes();
  const u64 sp = stack_pointer(cpu) + depth;
  const u64 offset = bytes == 8 ? sp : bytes == 4 ? static_cast<u32>(sp) : static_cast<u16>(sp);
  u64 linear = 0;
  Loaded<T> r;
  r.outcome = check_segment(cpu, arch::kSs, offset, sizeof(T), Access::Read, linear);
  if (r.failed()) return r;
  return load<T>(cpu, linear);
}

}  // namespace hvlab::mmu
