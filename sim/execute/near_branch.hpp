// Near jumps, calls and returns, and the end of a block (SDM vol. 2: JMP, Jcc, CALL, RET, LOOP, JCXZ).
#pragma once

#include "sim/cpu/run_on.hpp"
#include "sim/execute/condition.hpp"
#include "sim/execute/engine.hpp"

namespace hvlab::execute {

/// The operation that goes on with what follows a block (decode::Block::bytes further).
Op end_of_block(const Block& block);

/// Meanings of bytes that are no instruction: #UD; more than 15 bytes: #GP(0).
Outcome undefined(Cpu& cpu, const Op& op);
Outcome too_long(Cpu& cpu, const Op& op);

// --- relative branches: one threaded and one returning form for a whole condition ---

/// The target of a relative branch cut to the operand size (16-bit branches clear the upper bits).
inline u64 branch_target(const Cpu& cpu, const Op& op, i64 offset) {
  const u64 target = cpu.block_rip() + static_cast<u64>(offset);
  return op.operand_bytes == 8   ? target
         : op.operand_bytes == 4 ? static_cast<u32>(target)
                                 : static_cast<u16>(target);
}

/// #GP(0) for a target that no instruction can be fetched from (SDM vol. 2, JMP).
inline Outcome check_target(Cpu& cpu, u64 target) {
  if (cpu.code64() ? cpu::canonical(target) : target <= cpu.seg[arch::kCs].limit) [[likely]]
    return Outcome::Next;
  return raise(cpu, Exception::GeneralProtection, 0);
}

/// Where the relative branch `op` leads if it is taken, or not. A 16-bit operand size cuts the target of a
/// taken branch only.
inline u64 target_of(const Cpu& cpu, const Op& op, bool taken) {
  if (taken) return branch_target(cpu, op, op.disp);
  return cpu::run_on(cpu, cpu.block_rip() + op.offset + op.length);
}

/// Goes on where a branch leads whose block link is not known yet; checks the target first.
void branch_slowly(Cpu* cpu, const Op* op, i64 budget, i64 result, u64 carries, bool taken);
/// The same in 64-bit mode, where it is also how a branch gets into another page.
template <bool kTaken>
void branch_slowly64(Cpu* cpu, const Op* op, i64 budget, i64 result, u64 carries);

/// Ends the block at its relative branch, taken or not; `kWide`: in 64-bit mode.
template <bool kTaken, bool kWide>
[[gnu::always_inline]] inline void branch(Cpu* cpu, const Op* op, i64 budget, i64 result, u64 carries) {
  const Block* block = reinterpret_cast<Block*>(op->imm)->link[kTaken];
  const i64 left = budget - (op->cycles_before + op->cost);
  if (block == nullptr || left < block->cost) [[unlikely]] {
    if constexpr (kWide) return branch_slowly64<kTaken>(cpu, op, budget, result, carries);
    return branch_slowly(cpu, op, budget, result, carries, kTaken);
  }
  cpu->instructions += op->number + 1u;
  if constexpr (kWide) {
    cpu->block_rip() += static_cast<u64>(i64{kTaken ? op->disp : op->offset + op->length});
  } else {
    cpu->block_rip() = target_of(*cpu, *op, kTaken);
  }
  op = block->ops();
  return go_on(cpu, op, left, result, carries);
}

template <class Condition, bool kWide>
struct Jcc {
  static void threaded(Cpu* cpu, const Op* op, i64 budget, i64 result, u64 carries) {
    // Two ends, so that the host predicts what follows each of them by itself.
    if (Condition::test(Flags{result, carries})) return branch<true, kWide>(cpu, op, budget, result, carries);
    return branch<false, kWide>(cpu, op, budget, result, carries);
  }
  static Outcome returning(Cpu& cpu, const Op& op) {
    if (!Condition::test(cpu.flags)) return Outcome::Next;
    const u64 target = branch_target(cpu, op, op.disp);
    if (const Outcome o = check_target(cpu, target); o != Outcome::Next) return o;
    cpu.rip = target;
    return Outcome::Jump;
  }
};

struct Always {
  static bool test(const Flags&) { return true; }
};

/// Selector of a relative jump under a condition.
template <class Condition>
Handlers jump_if(const Form& form, Op& op) {
  if (!form.relative) return {};
  if (op.operand_bytes == 8) return {&Jcc<Condition, true>::threaded, &Jcc<Condition, true>::returning};
  return {&Jcc<Condition, false>::threaded, &Jcc<Condition, false>::returning};
}

/// The threaded form of a relative branch, `handler`, in a block that its target cannot be linked to.
decode::Threaded* out_of_page(decode::Threaded* handler);

Handlers select_call(const Form& form, Op& op);
Handlers select_jump_indirect(const Form& form, Op& op);
Handlers select_return(const Form& form, Op& op);
Handlers select_loop(const Form& form, Op& op);

}  // namespace hvlab::execute
