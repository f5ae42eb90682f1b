// PUSH POP LEAVE of general registers, memory and immediates (SDM vol. 2).
#include "sim/execute/integer.hpp"

namespace hvlab::execute {

namespace {

using decode::Kind;

struct PushReg64 {
  [[gnu::always_inline]] static Outcome run(auto& cpu, const Op& op, Flags&) {
    const u64 sp = cpu.gpr[arch::kRsp] - 8;
    const Outcome o = mmu::store<u64>(cpu, sp, cpu.template get<u64>(op.reg[0]));
    if (o == Outcome::Next) [[likely]]
      cpu.gpr[arch::kRsp] = sp;
    return o;
  }
};

struct PopReg64 {
  [[gnu::always_inline]] static Outcome run(auto& cpu, const Op& op, Flags&) {
    const u64 sp = cpu.gpr[arch::kRsp];
    const Loaded<u64> v = mmu::load<u64>(cpu, sp);
    if (v.failed()) [[unlikely]]
      return v.outcome;
    cpu.gpr[arch::kRsp] = sp + 8;
    cpu.template set<u64>(op.reg[0], v.value);
    return Outcome::Next;
  }
};

template <class T>
struct Push {
  static Outcome run(auto& cpu, const Op& op, Flags&) {
    if (op.mem == decode::kNoMemory && op.reg[1] != 0) return push<T>(cpu, static_cast<T>(op.imm));
    const Loaded<T> v = read_operand<T>(cpu, op, 0);
    return v.failed() ? v.outcome : push<T>(cpu, v.value);
  }
};

/// POP to memory computes the address after RSP has moved (SDM vol. 2, POP); on a fault RSP is put back.
template <class T>
struct Pop {
  static Outcome run(auto& cpu, const Op& op, Flags&) {
    const Loaded<T> v = peek<T>(cpu);
    if (v.failed()) return v.outcome;
    const u64 rsp = cpu.gpr[arch::kRsp];
    mmu::set_stack_pointer(cpu, mmu::stack_pointer(cpu) + sizeof(T));
    const Outcome o = write_operand<T>(cpu, op, 0, v.value);
    if (o != Outcome::Next) cpu.gpr[arch::kRsp] = rsp;
    return o;
  }
};

template <class T>
struct Leave {
  static Outcome run(Cpu& cpu, const Op&, Flags&) {
    const u64 rsp = cpu.gpr[arch::kRsp];
    const u64 rbp = cpu.gpr[arch::kRbp];
    mmu::set_stack_pointer(cpu, rbp);
    const Loaded<T> v = peek<T>(cpu);
    if (v.failed()) {
      cpu.gpr[arch::kRsp] = rsp;
      return v.outcome;
    }
    mmu::set_stack_pointer(cpu, mmu::stack_pointer(cpu) + sizeof(T));
    cpu.template set<T>(arch::kRbp * 8, v.value);
    return Outcome::Next;
  }
};

}  // namespace

Handlers select_push(const Form& form, Op& op) {
  const Kind kind = form.operand[0].kind;
  if (kind != Kind::Gpr && kind != Kind::Memory && kind != Kind::Immediate) return {};
  if (kind == Kind::Gpr && form.operand_bytes == 8) return light<PushReg64>();
  op.reg[1] = kind == Kind::Immediate ? 1 : 0;
  switch (form.operand_bytes) {
    case 2: return light<Push<u16>>();
    case 4: return light<Push<u32>>();
    default: return light<Push<u64>>();
  }
}

Handlers select_pop(const Form& form, Op&) {
  const Kind kind = form.operand[0].kind;
  if (kind != Kind::Gpr && kind != Kind::Memory) return {};
  if (kind == Kind::Gpr && form.operand_bytes == 8) return light<PopReg64>();
  switch (form.operand_bytes) {
    case 2: return light<Pop<u16>>();
    case 4: return light<Pop<u32>>();
    default: return light<Pop<u64>>();
  }
}

Handlers select_leave(const Form& form, Op&) {
  switch (form.operand_bytes) {
    case 2: return light<Leave<u16>>();
    case 4: return light<Leave<u32>>();
    default: return light<Leave<u64>>();
  }
}

}  // namespace hvlab::execute
