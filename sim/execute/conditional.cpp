// SETcc, CMOVcc, and the instructions on single flags.
#include "sim/execute/address64.hpp"
#include "sim/execute/integer.hpp"

namespace hvlab::execute {

namespace {

using decode::Mnemonic;

template <class C>
struct SetReg {
  [[gnu::always_inline]] static Outcome run(auto& cpu, const Op& op, Flags& flags) {
    cpu.template set<u8>(op.reg[0], C::test(flags) ? 1 : 0);
    return Outcome::Next;
  }
};

template <class C>
struct SetMem {
  static Outcome run(auto& cpu, const Op& op, Flags& flags) {
    return store_operand<u8, General>(cpu, op, C::test(flags) ? 1 : 0);
  }
};

/// The 32-bit form clears the upper half of its destination even if the condition fails (SDM vol. 2, CMOVcc).
template <class C, class T>
struct MoveReg {
  [[gnu::always_inline]] static Outcome run(auto& cpu, const Op& op, Flags& flags) {
    cpu.template set<T>(op.reg[0], cpu.template get<T>(op.reg[C::test(flags) ? 1 : 0]));
    return Outcome::Next;
  }
};

template <class C, class T>
struct MoveMem {
  [[gnu::always_inline]] static Outcome run(auto& cpu, const Op& op, Flags& flags) {
    const Loaded<T> v = load_operand<T, General>(cpu, op);
    if (v.failed()) [[unlikely]]
      return v.outcome;
    cpu.template set<T>(op.reg[0], C::test(flags) ? v.value : cpu.template get<T>(op.reg[0]));
    return Outcome::Next;
  }
};

/// Calls `pick.template operator()<Condition>()` for condition number `n` (the low four opcode bits).
template <class F>
Handlers by_condition(unsigned n, F pick) {
  switch (n & 15) {
    case 0: return pick.template operator()<IfO>();
    case 1: return pick.template operator()<IfNo>();
    case 2: return pick.template operator()<IfB>();
    case 3: return pick.template operator()<IfNb>();
    case 4: return pick.template operator()<IfZ>();
    case 5: return pick.template operator()<IfNz>();
    case 6: return pick.template operator()<IfBe>();
    case 7: return pick.template operator()<IfNbe>();
    case 8: return pick.template operator()<IfS>();
    case 9: return pick.template operator()<IfNs>();
    case 10: return pick.template operator()<IfP>();
    case 11: return pick.template operator()<IfNp>();
    case 12: return pick.template operator()<IfL>();
    case 13: return pick.template operator()<IfNl>();
    case 14: return pick.template operator()<IfLe>();
    default: return pick.template operator()<IfNle>();
  }
}

template <class C, class T>
Handlers move_of(const Op& op) {
  return op.mem == 1 ? light<MoveMem<C, T>>() : light<MoveReg<C, T>>();
}

struct Clc {
  static Outcome run(Cpu&, const Op&, Flags& f) { return f.set_cf(false), Outcome::Next; }
};
struct Stc {
  static Outcome run(Cpu&, const Op&, Flags& f) { return f.set_cf(true), Outcome::Next; }
};
struct Cmc {
  static Outcome run(Cpu&, const Op&, Flags& f) { return f.set_cf(!f.cf()), Outcome::Next; }
};
struct Cld {
  static Outcome run(Cpu& cpu, const Op&, Flags&) {
    return cpu.rflags_rest &= ~arch::flag::kDf, Outcome::Next;
  }
};
struct Std {
  static Outcome run(Cpu& cpu, const Op&, Flags&) {
    return cpu.rflags_rest |= arch::flag::kDf, Outcome::Next;
  }
};
struct Lahf {
  static Outcome run(Cpu& cpu, const Op&, Flags& f) {
    cpu.template set<u8>(arch::kRax * 8 + 1, static_cast<u8>(f.status() | arch::flag::kFixed1));
    return Outcome::Next;
  }
};
struct Sahf {
  static Outcome run(Cpu& cpu, const Op&, Flags& f) {
    const u64 ah = cpu.template get<u8>(arch::kRax * 8 + 1);
    f.set_status((ah & arch::flag::kStatus) | (f.of() ? arch::flag::kOf : 0));
    return Outcome::Next;
  }
};
struct Salc {
  static Outcome run(Cpu& cpu, const Op&, Flags& f) {
    cpu.template set<u8>(arch::kRax * 8, f.cf() ? 0xFF : 0);
    return Outcome::Next;
  }
};

}  // namespace

Handlers select_setcc(const Form& form, Op& op) {
  return by_condition(form.opcode,
                      [&]<class C>() { return op.mem == 0 ? light<SetMem<C>>() : light<SetReg<C>>(); });
}

Handlers select_cmovcc(const Form& form, Op& op) {
  return by_condition(form.opcode, [&]<class C>() {
    switch (form.bytes(0)) {
      case 2: return move_of<C, u16>(op);
      case 4: return move_of<C, u32>(op);
      default: return move_of<C, u64>(op);
    }
  });
}

Handlers select_flag(const Form& form, Op&) {
  switch (form.mnemonic) {
    case Mnemonic::CLC: return light<Clc>();
    case Mnemonic::STC: return light<Stc>();
    case Mnemonic::CMC: return light<Cmc>();
    case Mnemonic::CLD: return light<Cld>();
    case Mnemonic::STD: return light<Std>();
    case Mnemonic::LAHF: return light<Lahf>();
    case Mnemonic::SAHF: return light<Sahf>();
    case Mnemonic::SALC: return light<Salc>();
    default: return {};
  }
}

}  // namespace hvlab::execute
