// ADD OR ADC SBB AND SUB XOR CMP TEST, INC DEC NEG NOT.
#include "sim/execute/address64.hpp"
#include "sim/execute/arithmetic.hpp"
#include "sim/execute/integer.hpp"

namespace hvlab::execute {

namespace {

// The forms of a binary operation: register or memory first; register, immediate or memory second.

template <class F, class T>
struct RegReg {
  [[gnu::always_inline]] static Outcome run(auto& cpu, const Op& op, Flags& flags) {
    const T r = F::template run<T>(cpu.template get<T>(op.reg[0]), cpu.template get<T>(op.reg[1]), flags);
    if constexpr (F::kWrites) cpu.template set<T>(op.reg[0], r);
    return Outcome::Next;
  }
};

template <class F, class T>
struct RegImm {
  [[gnu::always_inline]] static Outcome run(auto& cpu, const Op& op, Flags& flags) {
    const T r = F::template run<T>(cpu.template get<T>(op.reg[0]), static_cast<T>(op.imm), flags);
    if constexpr (F::kWrites) cpu.template set<T>(op.reg[0], r);
    return Outcome::Next;
  }
};

template <class F, class T, class A>
struct RegMem {
  [[gnu::always_inline]] static Outcome run(auto& cpu, const Op& op, Flags& flags) {
    const Loaded<T> b = load_operand<T, A>(cpu, op);
    if (b.failed()) [[unlikely]]
      return b.outcome;
    const T r = F::template run<T>(cpu.template get<T>(op.reg[0]), b.value, flags);
    if constexpr (F::kWrites) cpu.template set<T>(op.reg[0], r);
    return Outcome::Next;
  }
};

template <class T, bool kImmediate>
[[gnu::always_inline]] inline T second(const Cpu& cpu, const Op& op) {
  if constexpr (kImmediate) return static_cast<T>(op.imm);
  return cpu.template get<T>(op.reg[1]);
}

template <class F, class T, class A, bool kImmediate>
struct MemAny {
  [[gnu::always_inline]] static Outcome run(auto& cpu, const Op& op, Flags& flags) {
    const T b = second<T, kImmediate>(cpu, op);
    if constexpr (F::kWrites) {
      return modify_operand<T, A>(cpu, op, [&](T a) { return F::template run<T>(a, b, flags); });
    } else {
      const Loaded<T> a = load_operand<T, A>(cpu, op);
      if (a.failed()) [[unlikely]]
        return a.outcome;
      F::template run<T>(a.value, b, flags);
      return Outcome::Next;
    }
  }
};

template <class F, class T>
Handlers binary_of(const Form& form, Op& op) {
  const bool immediate = form.operand[1].kind == decode::Kind::Immediate;
  if (op.mem == 0) {
    return by_address(form, op, [&]<class A>() {
      return immediate ? light<MemAny<F, T, A, true>>() : light<MemAny<F, T, A, false>>();
    });
  }
  if (op.mem == 1) return by_address(form, op, []<class A>() { return light<RegMem<F, T, A>>(); });
  return immediate ? light<RegImm<F, T>>() : light<RegReg<F, T>>();
}

template <class F>
Handlers binary(const Form& form, Op& op) {
  switch (form.bytes(0)) {
    case 1: return binary_of<F, u8>(form, op);
    case 2: return binary_of<F, u16>(form, op);
    case 4: return binary_of<F, u32>(form, op);
    default: return binary_of<F, u64>(form, op);
  }
}

template <class F, class T>
struct Reg {
  [[gnu::always_inline]] static Outcome run(auto& cpu, const Op& op, Flags& flags) {
    cpu.template set<T>(op.reg[0], F::template run<T>(cpu.template get<T>(op.reg[0]), flags));
    return Outcome::Next;
  }
};

template <class F, class T, class A>
struct Mem {
  [[gnu::always_inline]] static Outcome run(auto& cpu, const Op& op, Flags& flags) {
    return modify_operand<T, A>(cpu, op, [&](T a) { return F::template run<T>(a, flags); });
  }
};

template <class F, class T>
Handlers unary_of(const Form& form, Op& op) {
  if (op.mem == 0) return by_address(form, op, []<class A>() { return light<Mem<F, T, A>>(); });
  return light<Reg<F, T>>();
}

template <class F>
Handlers unary(const Form& form, Op& op) {
  switch (form.bytes(0)) {
    case 1: return unary_of<F, u8>(form, op);
    case 2: return unary_of<F, u16>(form, op);
    case 4: return unary_of<F, u32>(form, op);
    default: return unary_of<F, u64>(form, op);
  }
}

}  // namespace

Handlers select_add(const Form& form, Op& op) { return binary<Add>(form, op); }
Handlers select_or(const Form& form, Op& op) { return binary<Or>(form, op); }
Handlers select_adc(const Form& form, Op& op) { return binary<Adc>(form, op); }
Handlers select_sbb(const Form& form, Op& op) { return binary<Sbb>(form, op); }
Handlers select_and(const Form& form, Op& op) { return binary<And>(form, op); }
Handlers select_sub(const Form& form, Op& op) { return binary<Sub>(form, op); }
Handlers select_xor(const Form& form, Op& op) { return binary<Xor>(form, op); }
Handlers select_cmp(const Form& form, Op& op) { return binary<Cmp>(form, op); }
Handlers select_test(const Form& form, Op& op) { return binary<Test>(form, op); }
Handlers select_inc(const Form& form, Op& op) { return unary<Inc>(form, op); }
Handlers select_dec(const Form& form, Op& op) { return unary<Dec>(form, op); }
Handlers select_neg(const Form& form, Op& op) { return unary<Neg>(form, op); }
Handlers select_not(const Form& form, Op& op) { return unary<Not>(form, op); }

}  // namespace hvlab::execute
