// Debug registers as conditions (SDM vol. 3, 18.2).
#pragma once

#include "sim/cpu/cpu.hpp"

namespace hvlab::cpu {

/// What a breakpoint waits for: DR7.R/W.
enum class BreakOn : u8 { Instruction = 0, Write = 1, Io = 2, ReadWrite = 3 };

/// DR6 bits B0..B3 of the breakpoints that `bytes` bytes at `address` touch, if at least one of them is
/// enabled; else 0. `wanted` and `also` are the kinds that count. While the global interrupt flag is clear
/// matches are discarded (APM vol. 2, 15.17).
constexpr u64 match_breakpoints(const State& s, u64 address, unsigned bytes, BreakOn wanted, BreakOn also) {
  if (!s.gif) return 0;
  u64 met = 0;
  bool enabled = false;
  for (unsigned n = 0; n < 4; ++n) {
    const auto kind = static_cast<BreakOn>(bits(s.dr7, 17 + n * 4, 16 + n * 4));
    if (kind != wanted && kind != also) continue;
    constexpr u8 kLength[4] = {1, 2, 8, 4};
    const unsigned length = kind == BreakOn::Instruction ? 1 : kLength[bits(s.dr7, 19 + n * 4, 18 + n * 4)];
    const u64 first = s.dr[n] & ~u64{length - 1u};
    const bool touches = address - first < length || first - address < bytes;
    if (!touches) continue;
    met |= bit(n);
    enabled |= ((s.dr7 >> (n * 2)) & 3) != 0;
  }
  return enabled ? met : 0;
}

/// DR6 bits of the data breakpoints met by an access of `bytes` bytes at `linear`.
constexpr u64 match_data_breakpoint(const State& s, u64 linear, unsigned bytes, bool write) {
  return match_breakpoints(s, linear, bytes, BreakOn::ReadWrite, write ? BreakOn::Write : BreakOn::ReadWrite);
}

/// DR6 bits of the instruction breakpoints at `linear`. They are faults, before the instruction, and RF holds
/// them off.
constexpr u64 match_instruction_breakpoint(const State& s, u64 linear) {
  if ((s.rflags_rest & arch::flag::kRf) != 0) return 0;
  return match_breakpoints(s, linear, 1, BreakOn::Instruction, BreakOn::Instruction);
}

/// DR6 bits of the I/O breakpoints (CR4.DE) met by an access of `bytes` bytes at port `port`.
constexpr u64 match_io_breakpoint(const State& s, u16 port, unsigned bytes) {
  if ((s.cr4 & arch::cr4::kDe) == 0) return 0;
  return match_breakpoints(s, port, bytes, BreakOn::Io, BreakOn::Io);
}

/// True if DR7 enables any breakpoint: instructions are stepped then, as blocks notice no traps between their
/// operations.
constexpr bool breakpoints_enabled(const State& s) { return (s.dr7 & 0xFF) != 0; }

/// DEBUGCTL.LBR: branches are recorded. Instructions are stepped then.
constexpr bool records_branches(const State& s) { return (s.debug_ctl & 1) != 0; }

/// Records a transfer of control from the instruction at `from` to `to`, both offsets in their segments (APM
/// vol. 2, 13.1.1.6).
constexpr void record_branch(State& s, u64 from, u64 to) {
  if (records_branches(s)) s.last_branch_from = from, s.last_branch_to = to;
}

/// The same of an interrupt or exception, which first keeps the branch before it.
constexpr void record_interrupt(State& s, u64 from, u64 to) {
  if (!records_branches(s)) return;
  s.last_interrupt_from = s.last_branch_from, s.last_interrupt_to = s.last_branch_to;
  record_branch(s, from, to);
}

/// The flags' part in tracing, for the engine. After an instruction that was completed (Next, Exit, Jump):
/// `tf` is RFLAGS.TF as it was before the instruction; adds the single-step trap to State::pending_debug and
/// clears RF, unless the instruction (IRET, a task switch) loaded it, which `rf_loaded` says. After MOV SS or
/// POP SS the trap waits with the shadow (SDM vol. 3, 6.8.3). DEBUGCTL.BTF restricts stepping to branches:
/// `branched`.
constexpr void after_instruction(State& s, bool tf, bool rf_loaded, bool branched) {
  if (!rf_loaded) s.rflags_rest &= ~arch::flag::kRf;
  if (tf && (branched || (s.debug_ctl & 2) == 0)) s.pending_debug |= arch::dr6::kBs;
}

}  // namespace hvlab::cpu
