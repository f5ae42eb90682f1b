// How handlers get from block to block, and out of blocks: the inside of the threaded interpreter.
#pragma once

#include "sim/decode/block.hpp"
#include "sim/execute/wrap.hpp"

namespace hvlab::execute {

using decode::Block;

/// The mode key of 64-bit code (whose code segment has no limit).
inline constexpr u8 kLongModeKey = decode::BlockMode{8, 8, true}.key();

/// Leaves after a branch whose target is in Cpu::block_rip; `link` is where the target's block belongs, or
/// nullptr.
void leave_at_target(Cpu* cpu, i64 budget, i64 result, u64 carries, Block** link);

/// Runs the threaded handlers from `op` on until one leaves. `budget`: what is left of the run at the start
/// of op's block.
void run_threaded(Cpu* cpu, const Op* op, i64 budget);

/// Handler of every operation of a block whose code has changed.
void resync(Cpu* cpu, const Op* op, i64 budget, i64 result, u64 carries);

/// Stands before the first operation of a block that may begin at a probed address. Where it does, the
/// dispatcher takes the operation, and reports; the same page may hold other code at that offset, which just
/// goes on.
[[gnu::cold]] void probe_threaded(Cpu* cpu, const Op* op, i64 budget, i64 result, u64 carries);

/// Takes the block that ends with `op` off the budget and the instruction count.
[[gnu::always_inline]] inline i64 retire_block(Cpu* cpu, const Op* op, i64 budget) {
  cpu->instructions += op->number + 1u;
  return budget - (op->cycles_before + op->cost);
}

/// Goes on in the block behind `link` (a target in the same page), or leaves.
[[gnu::always_inline]] inline void enter_linked(Cpu* cpu, Block** link, i64 budget, i64 result, u64 carries) {
  const Block* next = *link;
  if (next != nullptr && budget >= next->cost) [[likely]] {
    const Op* op = next->ops();
    return go_on(cpu, op, budget, result, carries);
  }
  return leave_at_target(cpu, budget, result, carries, link);
}

/// Goes on at the 64-bit target in Cpu::block_rip, anywhere: by the soft TLB and the jump cache, or leaves.
[[gnu::always_inline]] inline void enter_anywhere64(Cpu* cpu, i64 budget, i64 result, u64 carries) {
  const u64 target = cpu->block_rip();
  const cpu::SoftEntry& e = cpu->fetch_bank->at(target);
  if (e.execute_tag == (target & ~u64{0xFFF})) [[likely]] {
    const u64 key = decode::block_key(reinterpret_cast<const u8*>(target + e.addend), kLongModeKey);
    const decode::JumpEntry& jump = cpu->jumps[decode::jump_index(key)];
    if (jump.key == key && budget >= jump.block->cost) [[likely]] {
      cpu->fetch_page = e.execute_tag;
      cpu->fetch_addend = e.addend;
      const Op* op = jump.block->ops();
      return go_on(cpu, op, budget, result, carries);
    }
  }
  return leave_at_target(cpu, budget, result, carries, nullptr);
}

}  // namespace hvlab::execute
