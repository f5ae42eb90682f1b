// Conversions to a wider size: MOVZX MOVSX MOVSXD, CBW CWDE CDQE, CWD CDQ CQO (SDM vol. 2).
#include "sim/execute/address64.hpp"
#include "sim/execute/integer.hpp"

namespace hvlab::execute {

namespace {

using decode::Mnemonic;

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

}  // namespace

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

}  // namespace hvlab::execute
