// SHL SHR SAR ROL ROR RCL RCR, SHLD SHRD.
#include "sim/execute/address64.hpp"
#include "sim/execute/arithmetic.hpp"
#include "sim/execute/integer.hpp"

namespace hvlab::execute {

namespace {

/// The count, masked to 5 bits, or 6 for 64-bit operands (SDM vol. 2, SAL). From CL (operand 1 is a register)
/// or the immediate.
template <class T, bool kImmediate>
[[gnu::always_inline]] inline unsigned count_of(const Cpu& cpu, const Op& op) {
  const u64 raw = kImmediate ? static_cast<u64>(op.imm) : cpu.gpr[arch::kRcx];
  return static_cast<unsigned>(raw & (sizeof(T) == 8 ? 63 : 31));
}

template <class F, class T, bool kImmediate>
struct ShiftReg {
  [[gnu::always_inline]] static Outcome run(auto& cpu, const Op& op, Flags& flags) {
    cpu.template set<T>(op.reg[0], F::template run<T>(cpu.template get<T>(op.reg[0]),
                                                      count_of<T, kImmediate>(cpu, op), flags));
    return Outcome::Next;
  }
};

template <class F, class T, bool kImmediate>
struct ShiftMem {
  static Outcome run(auto& cpu, const Op& op, Flags& flags) {
    const unsigned count = count_of<T, kImmediate>(cpu, op);
    return modify_operand<T, General>(cpu, op, [&](T a) { return F::template run<T>(a, count, flags); });
  }
};

template <class F, class T>
Handlers shift_of(const Form& form, Op& op) {
  const bool immediate = form.operand[1].kind == decode::Kind::Immediate;
  if (op.mem == 0) return immediate ? light<ShiftMem<F, T, true>>() : light<ShiftMem<F, T, false>>();
  return immediate ? light<ShiftReg<F, T, true>>() : light<ShiftReg<F, T, false>>();
}

template <class F>
Handlers shift(const Form& form, Op& op) {
  switch (form.bytes(0)) {
    case 1: return shift_of<F, u8>(form, op);
    case 2: return shift_of<F, u16>(form, op);
    case 4: return shift_of<F, u32>(form, op);
    default: return shift_of<F, u64>(form, op);
  }
}

/// SHLD and SHRD: `a` shifted with bits of `b` coming in. For 16-bit operands and counts above 16, where the
/// manual leaves the result undefined, the bits of `a` follow those of `b`, as processors do.
template <class T, bool kLeft>
T double_shift(T a, T b, unsigned count, Flags& flags) {
  constexpr unsigned kBits = sizeof(T) * 8;
  if (count == 0) return a;
  using Wide = unsigned __int128;
  T r = 0;
  bool carry = false;
  if constexpr (kLeft) {
    const Wide wide = (Wide{a} << (2 * kBits < 128 ? 2 * kBits : 64)) |
                      (Wide{b} << (2 * kBits < 128 ? kBits : 0)) | (2 * kBits < 128 ? Wide{a} : Wide{0});
    constexpr unsigned kTop = 2 * kBits < 128 ? 3 * kBits : 128;
    r = static_cast<T>((wide << count) >> (kTop - kBits));
    carry = ((wide >> (kTop - count)) & 1) != 0;
  } else {
    const Wide wide =
        (2 * kBits < 128 ? (Wide{a} << (2 * kBits < 128 ? 2 * kBits : 0)) : Wide{0}) | (Wide{b} << kBits) | a;
    r = static_cast<T>(wide >> count);
    carry = ((wide >> (count - 1)) & 1) != 0;
  }
  flags = flags_of<T>(r, 0);
  flags.set_cf_of(carry, ((a ^ r) >> (kBits - 1)) != 0);
  return r;
}

template <class T, bool kLeft>
struct DoubleShift {
  static Outcome run(auto& cpu, const Op& op, Flags& flags) {
    const bool by_cl = op.imm2 != 0;
    const u64 raw = by_cl ? cpu.gpr[arch::kRcx] : static_cast<u64>(op.imm);
    const unsigned count = static_cast<unsigned>(raw & (sizeof(T) == 8 ? 63 : 31));
    const T b = cpu.template get<T>(op.reg[1]);
    if (op.mem == 0)
      return modify_operand<T, General>(cpu, op,
                                        [&](T a) { return double_shift<T, kLeft>(a, b, count, flags); });
    cpu.template set<T>(op.reg[0], double_shift<T, kLeft>(cpu.template get<T>(op.reg[0]), b, count, flags));
    return Outcome::Next;
  }
};

template <bool kLeft>
Handlers double_shift_selector(const Form& form, Op& op) {
  op.imm2 = form.operand[2].kind == decode::Kind::Gpr ? 1 : 0;
  switch (form.bytes(0)) {
    case 2: return light<DoubleShift<u16, kLeft>>();
    case 4: return light<DoubleShift<u32, kLeft>>();
    default: return light<DoubleShift<u64, kLeft>>();
  }
}

}  // namespace

Handlers select_shl(const Form& form, Op& op) { return shift<Shl>(form, op); }
Handlers select_shr(const Form& form, Op& op) { return shift<Shr>(form, op); }
Handlers select_sar(const Form& form, Op& op) { return shift<Sar>(form, op); }
Handlers select_rol(const Form& form, Op& op) { return shift<Rol>(form, op); }
Handlers select_ror(const Form& form, Op& op) { return shift<Ror>(form, op); }
Handlers select_rcl(const Form& form, Op& op) { return shift<Rcl>(form, op); }
Handlers select_rcr(const Form& form, Op& op) { return shift<Rcr>(form, op); }
Handlers select_shld(const Form& form, Op& op) { return double_shift_selector<true>(form, op); }
Handlers select_shrd(const Form& form, Op& op) { return double_shift_selector<false>(form, op); }

}  // namespace hvlab::execute
