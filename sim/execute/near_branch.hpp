// Near jumps, calls and returns, and the end of a block (SDM vol. 2: JMP, Jcc, CALL, RET, LOOP, JCXZ).
#pragma once

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
  return op.operand_bytes == 8 ? target : op.operand_bytes == 4 ? static_cast<u32>(target) : static_cast<u16>(target);
}

/// #GP(0) for a target that no instruction can be fetched from (SDM vol. 2, JMP).
inline Outcome check_target(Cpu& cpu, u64 target) {
  if (cpu.code64() ? cpu::canonical(target) : target <= cpu.seg[arch::kCs].limit) [[likely]] return Outcome::Next;
  return raise(cpu, Exception::GeneralProtection, 0);
}

/// Where a branch whose block link is not known yet goes on; checks the target first.
void branch_slowly(Cpu* cpu, const Op* op, i64 budget, i64 result, u64 carries, u64 target, bool taken);

/// Ends the block at a branch to `offset` (from its start) over link `taken`.
[[gnu::always_inline]] inline void branch(Cpu* cpu, const Op* op, i64 budget, i64 result, u64 carries, i64 offset,
                                          bool taken, bool wide) {
  Block* self = reinterpret_cast<Block*>(op->imm);
  const Block* block = self->link[taken];
  const i64 left = budget - (op->cycles_before + op->cost);
  const u64 next = cpu->block_rip() + static_cast<u64>(offset);
  // A 16-bit operand size cuts the target of a taken branch only.
  const u64 target = wide ? next : taken ? branch_target(*cpu, *op, offset) : cpu->mask_rip(next);
  if (block != nullptr && left >= block->cost) [[likely]] {
    cpu->instructions += op->number + 1u;
    cpu->block_rip() = target;
    op = block->ops();
    return op->handler(cpu, op, left, result, carries);
  }
  return branch_slowly(cpu, op, budget, result, carries, target, taken);
}

template <class Condition, bool kWide>
struct Jcc {
  static void threaded(Cpu* cpu, const Op* op, i64 budget, i64 result, u64 carries) {
    const bool taken = Condition::test(Flags{result, carries});
    return branch(cpu, op, budget, result, carries, taken ? op->disp : op->offset + op->length, taken, kWide);
  }
  static Outcome returning(Cpu& cpu, const Op& op) {
    if (!Condition::test(cpu.flags)) return Outcome::Next;
    const u64 target = branch_target(cpu, op, op.disp);
    if (const Outcome o = check_target(cpu, target); o != Outcome::Next) return o;
    cpu.rip = target;
    return Outcome::Jump;
  }
};

struct Always { static bool test(const Flags&) { return true; } };

/// Selector of a relative jump under a condition.
template <class Condition>
Handlers jump_if(const Form& form, Op& op) {
  if (!form.relative) return {};
  if (op.operand_bytes == 8) return {&Jcc<Condition, true>::threaded, &Jcc<Condition, true>::returning};
  return {&Jcc<Condition, false>::threaded, &Jcc<Condition, false>::returning};
}

Handlers select_call(const Form& form, Op& op);
Handlers select_jump_indirect(const Form& form, Op& op);
Handlers select_return(const Form& form, Op& op);
Handlers select_loop(const Form& form, Op& op);

}  // namespace hvlab::execute
