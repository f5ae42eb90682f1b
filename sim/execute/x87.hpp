// The x87 unit: stack, exceptions, pointers (SDM vol. 1, chapter 8).
#pragma once

#include "sim/execute/vector.hpp"

namespace hvlab::execute::x87 {

using cpu::Float80;

/// The status word; the exception bits are also the masks' places in the control word.
namespace status {
inline constexpr u16 kInvalid = 1, kDenormal = 2, kDivideByZero = 4, kOverflow = 8, kUnderflow = 16,
                     kPrecision = 32, kExceptions = 0x3F, kStackFault = 0x40, kSummary = 0x80, kC0 = 0x100,
                     kC1 = 0x200, kC2 = 0x400, kC3 = 0x4000, kBusy = 0x8000;
/// The exceptions that keep an instruction from having its result, when unmasked: before the computation ...
inline constexpr u16 kBefore = kInvalid | kDenormal | kDivideByZero;
/// ... and also after it, when the destination is memory.
inline constexpr u16 kBeforeStore = kBefore | kOverflow | kUnderflow;
}  // namespace status

/// The default NaN ("real indefinite"), the response to a masked invalid operation.
inline constexpr Float80 kIndefinite{0xC000'0000'0000'0000, 0xFFFF};

/// Adds exceptions, and ES and B if there is an unmasked one (SDM vol. 1, 8.1.3.3).
inline void raise_flags(Cpu& cpu, u16 flags) {
  cpu.x87.status |= flags & (status::kExceptions | status::kStackFault);
  if (cpu.x87.status & ~cpu.x87.control & status::kExceptions)
    cpu.x87.status |= status::kSummary | status::kBusy;
}
/// ES and B worked out anew, after status or control were loaded.
inline void summarize(Cpu& cpu) {
  cpu.x87.status &= static_cast<u16>(~(status::kSummary | status::kBusy));
  raise_flags(cpu, 0);
}
inline void set_condition(Cpu& cpu, u16 mask, u16 value) {
  cpu.x87.status = static_cast<u16>((cpu.x87.status & ~mask) | (value & mask));
}
inline bool unmasked(const Cpu& cpu, u16 flags) {
  return (flags & ~cpu.x87.control & status::kExceptions) != 0;
}

/// A stack fault: IE and SF, C1 says overflow or underflow. True if it is masked: the instruction then goes
/// on with the default NaN in place of what it lacks (SDM vol. 1, 8.5.1.1).
inline bool stack_fault(Cpu& cpu, bool overflow) {
  set_condition(cpu, status::kC1, overflow ? status::kC1 : u16{0});
  raise_flags(cpu, status::kInvalid | status::kStackFault);
  return !unmasked(cpu, status::kInvalid);
}
inline bool underflow_masked(Cpu& cpu) { return stack_fault(cpu, false); }
inline bool overflow_masked(Cpu& cpu) { return stack_fault(cpu, true); }

inline void set_st(Cpu& cpu, unsigned i, const Float80& value) {
  cpu.x87.st(i) = value;
  cpu.x87.valid |= static_cast<u8>(1u << ((cpu.x87.top() + i) & 7));
}
inline void free_st(Cpu& cpu, unsigned i) {
  cpu.x87.valid &= static_cast<u8>(~(1u << ((cpu.x87.top() + i) & 7)));
}
inline void pop(Cpu& cpu) {
  free_st(cpu, 0);
  cpu.x87.set_top(cpu.x87.top() + 1);
}
inline void push(Cpu& cpu, const Float80& value) {
  cpu.x87.set_top(cpu.x87.top() - 1);
  set_st(cpu, 0, value);
}
inline bool empty(const Cpu& cpu, unsigned i) { return cpu.x87.empty(i); }

/// Pushes the result of a load whose conversion gave `host_status`; the stack is checked first. A denormal
/// operand is loaded even if that exception is unmasked.
void push_result(Cpu& cpu, const Float80& value, u16 host_status);
/// Takes over exceptions and C1 from the host's status word. False: an unmasked exception among `fatal`
/// withholds the result.
inline bool finish(Cpu& cpu, u16 host_status, u16 fatal = status::kBefore) {
  set_condition(cpu, status::kC1, host_status);
  raise_flags(cpu, host_status & status::kExceptions);
  return !unmasked(cpu, host_status & fatal);
}

/// FIP, FDP, FOP and the selectors after a numeric instruction. FOP is kept for every one of them, as on the
/// 387 and P6, and FDP for every one with a memory operand.
void record(Cpu& cpu, const Op& op);

template <auto M>
Outcome run_numeric(Cpu& cpu, const Op& op) {
  if (const Outcome o = pending_float_error(cpu); o != Outcome::Next) return o;
  const Outcome outcome = M(cpu, op);
  if (outcome == Outcome::Next) record(cpu, op);
  return outcome;
}

/// Handlers of a numeric instruction: waits for pending exceptions, then M, then its pointers.
template <auto M>
Handlers numeric(const Form& form, Op& op) {
  op.imm = (form.opcode & 7) << 8 | form.modrm;
  return heavy<&run_numeric<M>>();
}

}  // namespace hvlab::execute::x87
