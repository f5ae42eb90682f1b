#include "sim/execute/near_branch.hpp"

#include "sim/cpu/cpuid.hpp"
#include "sim/execute/address64.hpp"

namespace hvlab::execute {

namespace {

void end_threaded(Cpu* cpu, const Op* op, i64 budget, i64 result, u64 carries) {
  Block* self = reinterpret_cast<Block*>(op->imm);
  budget -= op->cycles_before;
  cpu->instructions += op->number;
  const u64 next = cpu->block_rip() + static_cast<u64>(i64{op->disp});
  cpu->block_rip() = op->operand_bytes == 8   ? next
                     : op->operand_bytes == 4 ? static_cast<u32>(next)
                                              : static_cast<u16>(next);
  if (self->linkable[0]) return enter_linked(cpu, &self->link[0], budget, result, carries);
  if (op->operand_bytes == 8) return enter_anywhere64(cpu, budget, result, carries);
  return leave_at_target(cpu, budget, result, carries, nullptr);
}

/// Stepping never arrives at a terminator: it goes on by RIP.
Outcome end_returning(Cpu&, const Op&) { return Outcome::Retry; }

template <class M>
void heavy_branch(Cpu* cpu, const Op* op, i64 budget, i64 result, u64 carries) {
  cpu->flags = Flags{result, carries};
  cpu->rip = cpu->block_rip() + op->offset;
  const Outcome outcome = M::returning(*cpu, *op);
  if (outcome == Outcome::Next) return go_on(cpu, op + 1, budget, result, carries);
  return leave(cpu, op, budget, cpu->flags.result, cpu->flags.carries, outcome);
}

Outcome jump_to(Cpu& cpu, u64 target) {
  if (const Outcome o = check_target(cpu, target); o != Outcome::Next) return o;
  cpu.rip = target;
  return Outcome::Jump;
}

/// RSP - 8 and a store there, in 64-bit mode.
template <class C>
[[gnu::always_inline]] inline Outcome push64(C& cpu, u64 value) {
  const u64 sp = cpu.gpr[arch::kRsp] - 8;
  const Outcome o = mmu::store<u64>(cpu, sp, value);
  if (o == Outcome::Next) [[likely]]
    cpu.gpr[arch::kRsp] = sp;
  return o;
}

/// The value of an indirect branch's operand: register or memory, T wide.
template <class T>
Loaded<T> branch_operand(Cpu& cpu, const Op& op) {
  return read_operand<T>(cpu, op, 0);
}

/// The same in 64-bit mode through the soft TLB alone. Other address sizes are left to the step.
[[gnu::always_inline]] inline Loaded<u64> fast_operand(cpu::FastCpu& cpu, const Op& op) {
  if (op.mem == decode::kNoMemory) return {cpu.get<u64>(op.reg[0])};
  if (op.address_bytes != 8) [[unlikely]]
    return {0, Outcome::Miss};
  u64 address = 0;
  Flat64::linear(cpu, op, 8, Access::Read, address);
  if (op.segment >= arch::kFs) [[unlikely]]
    address += cpu.seg[op.segment].base;
  return mmu::load<u64>(cpu, address);
}

// --- 64-bit mode ---

/// A call whose target is not canonical: #GP(0). Intel's processors have written the return address by then
/// (docs/oracle.md), and so a fault of that goes first; AMD's have not.
[[gnu::noinline]] Outcome call_nowhere(Cpu& cpu, const Op& op) {
  if (cpu::vendor(cpu) == cpu::Vendor::Intel) {
    const u64 next = cpu.rip + op.length;
    if (const Outcome o = mmu::store<u64>(cpu, cpu.gpr[arch::kRsp] - 8, next); o != Outcome::Next) return o;
  }
  return raise(cpu, Exception::GeneralProtection, 0);
}

struct Call64 {
  static void threaded(Cpu* cpu, const Op* op, i64 budget, i64 result, u64 carries) {
    const u64 next = cpu->block_rip() + op->offset + op->length;
    if (push64(static_cast<cpu::FastCpu&>(*cpu), next) != Outcome::Next) [[unlikely]]
      return leave_for_step(cpu, op, budget, result, carries);
    return branch<true, true>(cpu, op, budget, result, carries);
  }
  /// The same to another page, whose addresses may not be canonical.
  static void out_of_page(Cpu* cpu, const Op* op, i64 budget, i64 result, u64 carries) {
    const u64 start = cpu->block_rip(), target = start + static_cast<u64>(i64{op->disp});
    if (!cpu::canonical(target) || push64(static_cast<cpu::FastCpu&>(*cpu),
                                          start + op->offset + op->length) != Outcome::Next) [[unlikely]]
      return leave_for_step(cpu, op, budget, result, carries);
    budget = retire_block(cpu, op, budget);
    cpu->block_rip() = target;
    return enter_anywhere64(cpu, budget, result, carries);
  }
  static Outcome returning(Cpu& cpu, const Op& op) {
    const u64 target = branch_target(cpu, op, op.disp);
    if (!cpu::canonical(target)) return call_nowhere(cpu, op);
    if (const Outcome o = push64(cpu, cpu.rip + op.length); o != Outcome::Next) return o;
    cpu.rip = target;
    return Outcome::Jump;
  }
};

struct Return64 {
  static void threaded(Cpu* cpu, const Op* op, i64 budget, i64 result, u64 carries) {
    const u64 sp = cpu->gpr[arch::kRsp];
    const Loaded<u64> target = mmu::load<u64>(static_cast<cpu::FastCpu&>(*cpu), sp);
    if (target.failed() || !cpu::canonical(target.value)) [[unlikely]]
      return leave_for_step(cpu, op, budget, result, carries);
    cpu->gpr[arch::kRsp] = sp + 8 + static_cast<u64>(op->imm);
    budget = retire_block(cpu, op, budget);
    cpu->block_rip() = target.value;
    return enter_anywhere64(cpu, budget, result, carries);
  }
  static Outcome returning(Cpu& cpu, const Op& op) {
    const Loaded<u64> target = peek<u64>(cpu);
    if (target.failed()) return target.outcome;
    if (const Outcome o = jump_to(cpu, target.value); o != Outcome::Jump) return o;
    cpu.gpr[arch::kRsp] += 8 + static_cast<u64>(op.imm);
    return Outcome::Jump;
  }
};

template <bool kCall>
struct Indirect64 {
  static void threaded(Cpu* cpu, const Op* op, i64 budget, i64 result, u64 carries) {
    const Loaded<u64> target = fast_operand(static_cast<cpu::FastCpu&>(*cpu), *op);
    if (target.failed() || !cpu::canonical(target.value)) [[unlikely]]
      return leave_for_step(cpu, op, budget, result, carries);
    if constexpr (kCall) {
      const u64 next = cpu->block_rip() + op->offset + op->length;
      if (push64(static_cast<cpu::FastCpu&>(*cpu), next) != Outcome::Next) [[unlikely]]
        return leave_for_step(cpu, op, budget, result, carries);
    }
    budget = retire_block(cpu, op, budget);
    cpu->block_rip() = target.value;
    return enter_anywhere64(cpu, budget, result, carries);
  }
  static Outcome returning(Cpu& cpu, const Op& op) {
    const Loaded<u64> target = branch_operand<u64>(cpu, op);
    if (target.failed()) return target.outcome;
    if (kCall && !cpu::canonical(target.value)) return call_nowhere(cpu, op);
    if (const Outcome o = check_target(cpu, target.value); o != Outcome::Next) return o;
    if constexpr (kCall) {
      if (const Outcome o = push64(cpu, cpu.rip + op.length); o != Outcome::Next) return o;
    }
    cpu.rip = target.value;
    return Outcome::Jump;
  }
};

// --- 16- and 32-bit operand size ---

template <class T, bool kRelative>
struct CallLegacy {
  static Outcome returning(Cpu& cpu, const Op& op) {
    u64 target = 0;
    if constexpr (kRelative) {
      target = branch_target(cpu, op, op.disp);
    } else {
      const Loaded<T> operand = branch_operand<T>(cpu, op);
      if (operand.failed()) return operand.outcome;
      target = operand.value;
    }
    if (const Outcome o = check_target(cpu, target); o != Outcome::Next) return o;
    if (const Outcome o = push<T>(cpu, static_cast<T>(cpu.rip + op.length)); o != Outcome::Next) return o;
    cpu.rip = target;
    return Outcome::Jump;
  }
};

template <class T>
struct JumpLegacy {
  static Outcome returning(Cpu& cpu, const Op& op) {
    const Loaded<T> target = branch_operand<T>(cpu, op);
    return target.failed() ? target.outcome : jump_to(cpu, target.value);
  }
};

template <class T>
struct ReturnLegacy {
  static Outcome returning(Cpu& cpu, const Op& op) {
    const Loaded<T> target = peek<T>(cpu);
    if (target.failed()) return target.outcome;
    if (const Outcome o = jump_to(cpu, target.value); o != Outcome::Jump) return o;
    mmu::set_stack_pointer(cpu, mmu::stack_pointer(cpu) + sizeof(T) + static_cast<u64>(op.imm));
    return Outcome::Jump;
  }
};

// --- LOOP and JCXZ: the count register has the address size ---

u64 count(const Cpu& cpu, const Op& op) {
  const u64 rcx = cpu.gpr[arch::kRcx];
  return op.address_bytes == 8 ? rcx : op.address_bytes == 4 ? static_cast<u32>(rcx) : static_cast<u16>(rcx);
}

void set_count(Cpu& cpu, const Op& op, u64 value) {
  if (op.address_bytes == 2) {
    cpu.set<u16>(arch::kRcx * 8, static_cast<u16>(value));
  } else {
    cpu.gpr[arch::kRcx] = op.address_bytes == 8 ? value : static_cast<u32>(value);
  }
}

struct Loop {
  static Outcome returning(Cpu& cpu, const Op& op) {
    using decode::Mnemonic;
    const auto mnemonic = static_cast<Mnemonic>(op.mnemonic);
    const bool counts =
        mnemonic == Mnemonic::LOOP || mnemonic == Mnemonic::LOOPE || mnemonic == Mnemonic::LOOPNE;
    const u64 left = counts ? count(cpu, op) - 1 : count(cpu, op);
    const u64 masked = op.address_bytes == 8   ? left
                       : op.address_bytes == 4 ? static_cast<u32>(left)
                                               : static_cast<u16>(left);
    bool taken = counts ? masked != 0 : masked == 0;
    if (mnemonic == Mnemonic::LOOPE) taken = taken && cpu.flags.zf();
    if (mnemonic == Mnemonic::LOOPNE) taken = taken && !cpu.flags.zf();
    const u64 target = branch_target(cpu, op, op.disp);
    if (taken) {
      if (const Outcome o = check_target(cpu, target); o != Outcome::Next) return o;
    }
    if (counts) set_count(cpu, op, masked);
    if (!taken) return Outcome::Next;
    cpu.rip = target;
    return Outcome::Jump;
  }
};

template <class M>
Handlers legacy() {
  return {&heavy_branch<M>, &M::returning};
}

}  // namespace

Op end_of_block(const Block& block) {
  Op op{};
  op.handler = &end_threaded;
  op.step = &end_returning;
  op.mem = decode::kNoMemory;
  op.disp = static_cast<i32>(block.bytes);
  op.number = block.operations;
  op.offset = static_cast<u16>(block.bytes);
  op.cycles_before = static_cast<u16>(block.cost);
  constexpr u64 kMode64 = bit(57);
  op.operand_bytes = (block.key & kMode64) != 0 ? 8 : 4;  // running on cuts nothing to 16 bits: cpu::run_on
  return op;
}

Outcome undefined(Cpu& cpu, const Op&) { return raise(cpu, Exception::InvalidOpcode); }
Outcome too_long(Cpu& cpu, const Op&) { return raise(cpu, Exception::GeneralProtection, 0); }

void branch_slowly(Cpu* cpu, const Op* op, i64 budget, i64 result, u64 carries, bool taken) {
  const u64 target = target_of(*cpu, *op, taken);
  if (check_target(*cpu, target) != Outcome::Next)
    return leave(cpu, op, budget, result, carries, Outcome::Fault);
  budget = retire_block(cpu, op, budget);
  cpu->block_rip() = target;
  Block* self = reinterpret_cast<Block*>(op->imm);
  return leave_at_target(cpu, budget, result, carries, self->linkable[taken] ? &self->link[taken] : nullptr);
}

template <bool kTaken>
void branch_slowly64(Cpu* cpu, const Op* op, i64 budget, i64 result, u64 carries) {
  const u64 target = cpu->block_rip() + static_cast<u64>(i64{kTaken ? op->disp : op->offset + op->length});
  if (!cpu::canonical(target)) [[unlikely]]
    return branch_slowly(cpu, op, budget, result, carries, kTaken);
  budget = retire_block(cpu, op, budget);
  cpu->block_rip() = target;
  Block* self = reinterpret_cast<Block*>(op->imm);
  if (self->linkable[kTaken]) [[unlikely]]
    return leave_at_target(cpu, budget, result, carries, &self->link[kTaken]);
  return enter_anywhere64(cpu, budget, result, carries);
}
template void branch_slowly64<true>(Cpu* cpu, const Op* op, i64 budget, i64 result, u64 carries);
template void branch_slowly64<false>(Cpu* cpu, const Op* op, i64 budget, i64 result, u64 carries);

decode::Threaded* out_of_page(decode::Threaded* handler) {
  return handler == &Call64::threaded ? &Call64::out_of_page : handler;
}

Handlers select_call(const Form& form, Op& op) {
  if (form.operand[0].kind == decode::Kind::Far || (form.memory(0) && form.opcode == 0xFF && form.far))
    return {};
  if (op.operand_bytes == 8) {
    if (form.relative) return {&Call64::threaded, &Call64::returning};
    return {&Indirect64<true>::threaded, &Indirect64<true>::returning};
  }
  if (form.relative)
    return op.operand_bytes == 4 ? legacy<CallLegacy<u32, true>>() : legacy<CallLegacy<u16, true>>();
  return op.operand_bytes == 4 ? legacy<CallLegacy<u32, false>>() : legacy<CallLegacy<u16, false>>();
}

Handlers select_jump_indirect(const Form& form, Op& op) {
  if (form.relative || form.operand[0].kind == decode::Kind::Far || form.far) return {};
  if (op.operand_bytes == 8) return {&Indirect64<false>::threaded, &Indirect64<false>::returning};
  return op.operand_bytes == 4 ? legacy<JumpLegacy<u32>>() : legacy<JumpLegacy<u16>>();
}

Handlers select_return(const Form& form, Op& op) {
  if (form.far) return {};
  if (op.operand_bytes == 8) return {&Return64::threaded, &Return64::returning};
  return op.operand_bytes == 4 ? legacy<ReturnLegacy<u32>>() : legacy<ReturnLegacy<u16>>();
}

Handlers select_loop(const Form&, Op&) { return legacy<Loop>(); }

}  // namespace hvlab::execute
