// MOV MOVZX MOVSX LEA XCHG PUSH POP LEAVE NOP, CBW..CQO, MOVBE.
#include "sim/execute/address64.hpp"
#include "sim/execute/integer.hpp"

namespace hvlab::execute {

namespace {

using decode::Kind;
using decode::Mnemonic;

template <class T>
struct MovRegReg {
  [[gnu::always_inline]] static Outcome run(auto& cpu, const Op& op, Flags&) {
    cpu.template set<T>(op.reg[0], cpu.template get<T>(op.reg[1]));
    return Outcome::Next;
  }
};

template <class T>
struct MovRegImm {
  [[gnu::always_inline]] static Outcome run(auto& cpu, const Op& op, Flags&) {
    cpu.template set<T>(op.reg[0], static_cast<T>(op.imm));
    return Outcome::Next;
  }
};

template <class T, class A>
struct MovRegMem {
  [[gnu::always_inline]] static Outcome run(auto& cpu, const Op& op, Flags&) {
    const Loaded<T> v = load_operand<T, A>(cpu, op);
    if (v.failed()) [[unlikely]]
      return v.outcome;
    cpu.template set<T>(op.reg[0], v.value);
    return Outcome::Next;
  }
};

template <class T, class A, bool kImmediate>
struct MovMem {
  [[gnu::always_inline]] static Outcome run(auto& cpu, const Op& op, Flags&) {
    return store_operand<T, A>(cpu, op, kImmediate ? static_cast<T>(op.imm) : cpu.template get<T>(op.reg[1]));
  }
};

/// MOV between the accumulator and an absolute offset (opcodes A0h..A3h), which stands in Op::imm.
template <class T, bool kStore>
struct MovAbsolute {
  static Outcome run(auto& cpu, const Op& op, Flags&) {
    u64 linear = 0;
    const Access access = kStore ? Access::Write : Access::Read;
    if (const Outcome o = check_segment(cpu, op.segment, static_cast<u64>(op.imm), sizeof(T), access, linear);
        o != Outcome::Next)
      return o;
    if constexpr (kStore) return mmu::store<T>(cpu, linear, cpu.template get<T>(arch::kRax * 8));
    const Loaded<T> v = mmu::load<T>(cpu, linear);
    if (!v.failed()) cpu.template set<T>(arch::kRax * 8, v.value);
    return v.outcome;
  }
};

template <class T>
Handlers mov_of(const Form& form, Op& op) {
  if (form.absolute) return op.mem == 0 ? light<MovAbsolute<T, true>>() : light<MovAbsolute<T, false>>();
  const bool immediate = form.operand[1].kind == Kind::Immediate;
  if (op.mem == 0) {
    return by_address(form, op, [&]<class A>() {
      return immediate ? light<MovMem<T, A, true>>() : light<MovMem<T, A, false>>();
    });
  }
  if (op.mem == 1) return by_address(form, op, []<class A>() { return light<MovRegMem<T, A>>(); });
  return immediate ? light<MovRegImm<T>>() : light<MovRegReg<T>>();
}

// Widening moves: T from S, zero- or sign-extended by S's signedness.
template <class T, class S>
struct WidenReg {
  [[gnu::always_inline]] static Outcome run(auto& cpu, const Op& op, Flags&) {
    cpu.template set<T>(op.reg[0], static_cast<T>(cpu.template get<S>(op.reg[1])));
    return Outcome::Next;
  }
};

template <class T, class S, class A>
struct WidenMem {
  [[gnu::always_inline]] static Outcome run(auto& cpu, const Op& op, Flags&) {
    const Loaded<S> v = load_operand<S, A>(cpu, op);
    if (v.failed()) [[unlikely]]
      return v.outcome;
    cpu.template set<T>(op.reg[0], static_cast<T>(v.value));
    return Outcome::Next;
  }
};

template <class T, class S>
Handlers widen_of(const Form& form, Op& op) {
  if (op.mem == 1) return by_address(form, op, []<class A>() { return light<WidenMem<T, S, A>>(); });
  return light<WidenReg<T, S>>();
}

template <class S>
Handlers widen_from(const Form& form, Op& op) {
  switch (form.bytes(0)) {
    case 2: return widen_of<u16, S>(form, op);
    case 4: return widen_of<u32, S>(form, op);
    default: return widen_of<u64, S>(form, op);
  }
}

template <class T, bool kFlat>
struct Lea {
  [[gnu::always_inline]] static Outcome run(auto& cpu, const Op& op, Flags&) {
    u64 address = 0;
    if constexpr (kFlat) {
      Flat64::linear(cpu, op, 0, Access::Read, address);
    } else {
      address = effective_address(cpu, op);
    }
    cpu.template set<T>(op.reg[0], static_cast<T>(address));
    return Outcome::Next;
  }
};

template <class T>
Handlers lea_of(const Form& form) {
  return form.address_bytes == 8 ? light<Lea<T, true>>() : light<Lea<T, false>>();
}

template <class T>
struct XchgReg {
  [[gnu::always_inline]] static Outcome run(auto& cpu, const Op& op, Flags&) {
    const T a = cpu.template get<T>(op.reg[0]), b = cpu.template get<T>(op.reg[1]);
    cpu.template set<T>(op.reg[0], b);
    cpu.template set<T>(op.reg[1], a);
    return Outcome::Next;
  }
};

template <class T>
struct XchgMem {
  static Outcome run(auto& cpu, const Op& op, Flags&) {
    const u8 reg = op.reg[op.mem == 0 ? 1 : 0];
    T old{};
    const Outcome o = modify_operand<T, General>(cpu, op, [&](T a) {
      old = a;
      return cpu.template get<T>(reg);
    });
    if (o == Outcome::Next) cpu.template set<T>(reg, old);
    return o;
  }
};

template <class T>
Handlers xchg_of(Op& op) {
  return op.mem == decode::kNoMemory ? light<XchgReg<T>>() : light<XchgMem<T>>();
}

// --- the stack ---

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

struct Nop {
  [[gnu::always_inline]] static Outcome run(Cpu&, const Op&, Flags&) { return Outcome::Next; }
};

/// CBW, CWDE, CDQE: the accumulator widened in place. S signed.
template <class T, class S>
struct WidenAccumulator {
  [[gnu::always_inline]] static Outcome run(Cpu& cpu, const Op&, Flags&) {
    cpu.template set<T>(arch::kRax * 8, static_cast<T>(cpu.template get<S>(arch::kRax * 8)));
    return Outcome::Next;
  }
};

/// CWD, CDQ, CQO: the accumulator's sign into the data register. S signed.
template <class S>
struct SignToData {
  [[gnu::always_inline]] static Outcome run(Cpu& cpu, const Op&, Flags&) {
    const S sign = static_cast<S>(cpu.template get<S>(arch::kRax * 8) < 0 ? -1 : 0);
    cpu.template set<std::make_unsigned_t<S>>(arch::kRdx * 8, static_cast<std::make_unsigned_t<S>>(sign));
    return Outcome::Next;
  }
};

/// The low sizeof(T) bytes of `v` in reverse order.
template <class T>
T swap_bytes(T v) {
  return static_cast<T>(__builtin_bswap64(v) >> (64 - 8 * sizeof(T)));
}

template <class T>
struct Movbe {
  static Outcome run(Cpu& cpu, const Op& op) {
    if (op.mem == 0) return write_memory<T>(cpu, op, swap_bytes(cpu.template get<T>(op.reg[1])));
    const Loaded<T> v = read_memory<T>(cpu, op);
    if (!v.failed()) cpu.template set<T>(op.reg[0], swap_bytes(v.value));
    return v.outcome;
  }
};

}  // namespace

Handlers select_mov(const Form& form, Op& op) {
  for (unsigned n = 0; n < 2; ++n) {
    const Kind k = form.operand[n].kind;
    if (k != Kind::Gpr && k != Kind::Memory && k != Kind::Immediate) return {};
  }
  switch (form.bytes(0)) {
    case 1: return mov_of<u8>(form, op);
    case 2: return mov_of<u16>(form, op);
    case 4: return mov_of<u32>(form, op);
    default: return mov_of<u64>(form, op);
  }
}

Handlers select_movzx(const Form& form, Op& op) {
  return form.bytes(1) == 1 ? widen_from<u8>(form, op) : widen_from<u16>(form, op);
}

Handlers select_movsx(const Form& form, Op& op) {
  switch (form.bytes(1)) {
    case 1: return widen_from<i8>(form, op);
    case 2: return widen_from<i16>(form, op);
    default: return widen_from<i32>(form, op);
  }
}

Handlers select_lea(const Form& form, Op& op) {
  if (op.mem != 1) return {};
  switch (form.bytes(0)) {
    case 2: return lea_of<u16>(form);
    case 4: return lea_of<u32>(form);
    default: return lea_of<u64>(form);
  }
}

Handlers select_xchg(const Form& form, Op& op) {
  switch (form.bytes(0)) {
    case 1: return xchg_of<u8>(op);
    case 2: return xchg_of<u16>(op);
    case 4: return xchg_of<u32>(op);
    default: return xchg_of<u64>(op);
  }
}

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

Handlers select_nop(const Form&, Op&) { return light<Nop>(); }

Handlers select_widen(const Form& form, Op&) {
  switch (form.mnemonic) {
    case Mnemonic::CBW: return light<WidenAccumulator<u16, i8>>();
    case Mnemonic::CWDE: return light<WidenAccumulator<u32, i16>>();
    case Mnemonic::CDQE: return light<WidenAccumulator<u64, i32>>();
    case Mnemonic::CWD: return light<SignToData<i16>>();
    case Mnemonic::CDQ: return light<SignToData<i32>>();
    default: return light<SignToData<i64>>();
  }
}

Handlers select_movbe(const Form& form, Op& op) { return by_size<Movbe>(form, op); }

}  // namespace hvlab::execute
