// MOV LEA XCHG NOP MOVBE (SDM vol. 2).
#include "sim/execute/address64.hpp"
#include "sim/execute/integer.hpp"

namespace hvlab::execute {

namespace {

using decode::Kind;

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

struct Nop {
  [[gnu::always_inline]] static Outcome run(Cpu&, const Op&, Flags&) { return Outcome::Next; }
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

Handlers select_nop(const Form&, Op&) { return light<Nop>(); }

Handlers select_movbe(const Form& form, Op& op) { return by_size<Movbe>(form, op); }

}  // namespace hvlab::execute
