// Operands of a decoded operation: effective addresses with their segment checks, register-or-memory access.
#pragma once

#include "sim/mmu/segmented.hpp"

namespace hvlab::mmu {

using decode::Op;

/// The offset within its segment of the memory operand (SDM vol. 1, 3.7.5), cut to the address size.
inline u64 effective_address(const Cpu& cpu, const Op& op) {
  const u64 address = cpu.get<u64>(op.base) + (cpu.get<u64>(op.index) << op.shift) +
                      static_cast<u64>(static_cast<i64>(op.disp));
  if (op.address_bytes == 8) return address;
  return op.address_bytes == 4 ? static_cast<u32>(address) : static_cast<u16>(address);
}

/// The linear address of the memory operand of `op`, checked for an access of `bytes` bytes.
inline Outcome linear_address(Cpu& cpu, const Op& op, unsigned bytes, Access access, u64& linear) {
  return check_segment(cpu, op.segment, effective_address(cpu, op), bytes, access, linear);
}

/// Reads the memory operand of `op` as a T (1..16 bytes).
template <class T>
Loaded<T> read_memory(Cpu& cpu, const Op& op) {
  u64 linear = 0;
  Loaded<T> r;
  r.outcome = linear_address(cpu, op, sizeof(T), Access::Read, linear);
  if (r.failed()) return r;
  return load<T>(cpu, linear);
}

/// Writes the memory operand of `op`. Anything but Next: nothing was written.
template <class T>
Outcome write_memory(Cpu& cpu, const Op& op, T value) {
  u64 linear = 0;
  if (const Outcome o = linear_address(cpu, op, sizeof(T), Access::Write, linear); o != Outcome::Next)
    return o;
  return store<T>(cpu, linear, value);
}

/// Reads operand `n` of `op`, a general register or memory, as an integer T.
template <class T>
Loaded<T> read_operand(Cpu& cpu, const Op& op, unsigned n) {
  if (op.mem == n) return read_memory<T>(cpu, op);
  return {cpu.get<T>(op.reg[n])};
}

/// Writes operand `n`.
template <class T>
Outcome write_operand(Cpu& cpu, const Op& op, unsigned n, T value) {
  if (op.mem == n) return write_memory<T>(cpu, op, value);
  cpu.set<T>(op.reg[n], value);
  return Outcome::Next;
}

}  // namespace hvlab::mmu
