#include "sim/execute/engine.hpp"

#include "sim/cpu/run_on.hpp"
#include "sim/execute/code_cache.hpp"

namespace hvlab::execute {

void leave_at_target(Cpu* cpu, i64 budget, i64 result, u64 carries, Block** link) {
  cpu->flags = Flags{result, carries};
  cpu->rip = cpu->block_rip();
  cpu->budget = budget;
  cpu->left = Outcome::Jump;
  cpu->left_op = nullptr;
  cpu->link_slot = link;
}

void leave(Cpu* cpu, const Op* op, i64 budget, i64 result, u64 carries, Outcome outcome) {
  cpu->flags = Flags{result, carries};
  cpu->left = outcome;
  cpu->left_op = op;
  cpu->link_slot = nullptr;
  budget -= op->cycles_before;
  cpu->instructions += op->number;
  const bool done = outcome == Outcome::Exit || outcome == Outcome::Jump;
  if (done) {
    budget -= op->cost;
    ++cpu->instructions;
  }
  cpu->budget = budget;
  if (outcome == Outcome::Jump) return;  // RIP has been set
  cpu->rip = cpu::run_on(*cpu, cpu->block_rip() + op->offset + (outcome == Outcome::Exit ? op->length : 0u));
}

void run_threaded(Cpu* cpu, const Op* op, i64 budget) {
  op->handler(cpu, op, budget, cpu->flags.result, cpu->flags.carries);
  if constexpr (kTailCalls) return;
  while (cpu->left == Outcome::Next) {
    op = cpu->left_op;
    op->handler(cpu, op, cpu->budget, cpu->flags.result, cpu->flags.carries);
  }
}

void leave_for_step(Cpu* cpu, const Op* op, i64 budget, i64 result, u64 carries) {
  return leave(cpu, op, budget, result, carries, Outcome::Retry);
}

void redo(Cpu* cpu, const Op* op, i64 budget, i64 result, u64 carries) {
  cpu->flags = Flags{result, carries};
  cpu->rip = cpu->block_rip() + op->offset;
  const Outcome outcome = op->step(*cpu, *op);
  if (outcome != Outcome::Next) [[unlikely]]
    return leave(cpu, op, budget, cpu->flags.result, cpu->flags.carries, outcome);
  return go_on(cpu, op + 1, budget, cpu->flags.result, cpu->flags.carries);
}

void resync(Cpu* cpu, const Op* op, i64 budget, i64 result, u64 carries) {
  return leave(cpu, op, budget, result, carries, Outcome::Retry);
}

void probe_threaded(Cpu* cpu, const Op* op, i64 budget, i64 result, u64 carries) {
  const auto& code = *static_cast<const CodeCache*>(cpu->code);
  if (code.probed(cpu->block_rip())) return leave_for_step(cpu, op, budget, result, carries);
  return code.behind_probe(op)(cpu, op, budget, result, carries);
}

Outcome deny(Cpu& cpu, const Op& op) {
  using namespace decode::need;
  const u8 hit = op.needs & cpu.denied;
  if (hit & kProtected) return raise(cpu, Exception::InvalidOpcode);
  const bool em = (cpu.cr0 & arch::cr0::kEm) != 0;
  if ((hit & kMmx) && em) return raise(cpu, Exception::InvalidOpcode);
  if ((hit & kSse) && (em || !(cpu.cr4 & arch::cr4::kOsfxsr))) return raise(cpu, Exception::InvalidOpcode);
  if (hit & (kX87 | kMmx | kSse | kWait | kFxsave)) return raise(cpu, Exception::DeviceNotAvailable);
  return raise(cpu, Exception::GeneralProtection, 0);
}

}  // namespace hvlab::execute
