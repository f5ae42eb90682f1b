// CMPXCHG, CMPXCHG8B, CMPXCHG16B, XADD.
#include "sim/execute/address64.hpp"
#include "sim/execute/arithmetic.hpp"
#include "sim/execute/integer.hpp"

namespace hvlab::execute {

namespace {

/// The destination is written in any case (SDM vol. 2, CMPXCHG), so a read-only page faults even if unequal.
template <class T>
struct Cmpxchg {
  static Outcome run(auto& cpu, const Op& op, Flags& flags) {
    const T accumulator = cpu.template get<T>(arch::kRax * 8), source = cpu.template get<T>(op.reg[1]);
    T old{};
    if (op.mem == 0) {
      const Outcome o = modify_operand<T, General>(cpu, op, [&](T a) {
        old = a;
        return a == accumulator ? source : a;
      });
      if (o != Outcome::Next) return o;
    } else {
      old = cpu.template get<T>(op.reg[0]);
      if (old == accumulator) cpu.template set<T>(op.reg[0], source);
    }
    Cmp::run<T>(accumulator, old, flags);
    if (old != accumulator) cpu.template set<T>(arch::kRax * 8, old);
    return Outcome::Next;
  }
};

template <class T>
struct Xadd {
  static Outcome run(auto& cpu, const Op& op, Flags& flags) {
    const T source = cpu.template get<T>(op.reg[1]);
    T old{};
    if (op.mem == 0) {
      Flags after = flags;
      const Outcome o = modify_operand<T, General>(cpu, op, [&](T a) {
        old = a;
        return Add::run<T>(a, source, after);
      });
      if (o != Outcome::Next) return o;
      flags = after;
      cpu.template set<T>(op.reg[1], old);
      return Outcome::Next;
    }
    old = cpu.template get<T>(op.reg[0]);
    const T sum = Add::run<T>(old, source, flags);
    cpu.template set<T>(op.reg[1], old);
    cpu.template set<T>(op.reg[0], sum);
    return Outcome::Next;
  }
};

/// CMPXCHG8B (H = u32) and CMPXCHG16B (H = u64, whose operand must be 16-byte aligned).
template <class H>
struct CmpxchgPair {
  struct Pair {
    H low, high;
  };
  static Outcome run(auto& cpu, const Op& op, Flags& flags) {
    u64 linear = 0;
    if (const Outcome o = linear_address(cpu, op, sizeof(Pair), Access::Write, linear); o != Outcome::Next)
      return o;
    if (sizeof(H) == 8 && (linear & 15) != 0) return raise(cpu, Exception::GeneralProtection, 0);
    if (const Outcome o = mmu::probe_write(cpu, linear, sizeof(Pair)); o != Outcome::Next) return o;
    const Loaded<Pair> old = mmu::load<Pair>(cpu, linear);
    if (old.failed()) return old.outcome;
    const bool equal = old.value.low == cpu.template get<H>(arch::kRax * 8) &&
                       old.value.high == cpu.template get<H>(arch::kRdx * 8);
    const Pair next =
        equal ? Pair{cpu.template get<H>(arch::kRbx * 8), cpu.template get<H>(arch::kRcx * 8)} : old.value;
    if (const Outcome o = mmu::store<Pair>(cpu, linear, next); o != Outcome::Next) return o;
    if (!equal) {
      cpu.template set<H>(arch::kRax * 8, old.value.low);
      cpu.template set<H>(arch::kRdx * 8, old.value.high);
    }
    flags.set_zf(equal);
    return Outcome::Next;
  }
};

}  // namespace

Handlers select_cmpxchg(const Form& form, Op&) { return light_by_size<Cmpxchg>(form); }
Handlers select_xadd(const Form& form, Op&) { return light_by_size<Xadd>(form); }
Handlers select_cmpxchg8b(const Form& form, Op& op) {
  if (op.mem != 0) return {};
  return form.mnemonic == decode::Mnemonic::CMPXCHG16B ? light<CmpxchgPair<u64>>()
                                                       : light<CmpxchgPair<u32>>();
}

}  // namespace hvlab::execute
