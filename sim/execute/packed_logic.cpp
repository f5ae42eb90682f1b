// Bitwise logic (of the floating-point mnemonics too: they differ in name only) and shifts.
#include "sim/execute/vector_families.hpp"

namespace hvlab::execute {

namespace {

/// PXOR between registers, PAND, POR: common enough to be worth staying in registers.
template <auto F>
struct LightLogic {
  static Outcome run(auto& cpu, const Op& op, Flags&) {
    if (op.needs & cpu.denied) [[unlikely]]
      return refuse(cpu, op);
    set_xmm(cpu, op.reg[0], F(xmm(cpu, op.reg[0]), xmm(cpu, op.reg[1])));
    return Outcome::Next;
  }
};

template <auto F>
Handlers logic(const Form& form) {
  if (is_mmx(form)) return on_mmx<F>();
  return form.memory(1) ? on_xmm<F>() : light<LightLogic<F>>();
}

// The count of a shift is an immediate byte, or all 64 low bits of the source.

template <auto F>
Outcome shift_xmm_by_immediate(Cpu& cpu, const Op& op) {
  set_xmm(cpu, op.reg[0], F(xmm(cpu, op.reg[0]), from_u64(static_cast<u8>(op.imm))));
  return Outcome::Next;
}

template <auto F>
Outcome shift_mm_by_immediate(Cpu& cpu, const Op& op) {
  if (const Outcome o = pending_float_error(cpu); o != Outcome::Next) return o;
  enter_mmx(cpu);
  set_mm(cpu, op.reg[0], F(mm(cpu, op.reg[0]), from_u64(static_cast<u8>(op.imm))));
  return Outcome::Next;
}

template <auto F>
Handlers shift(const Form& form) {
  if (form.operand[1].kind != decode::Kind::Immediate) return on_either<F>(form);
  return is_mmx(form) ? heavy<shift_mm_by_immediate<F>>() : heavy<shift_xmm_by_immediate<F>>();
}

/// Shifts the whole register by bytes: `kLeft` away from the low end.
template <bool kLeft>
Outcome shift_bytes(Cpu& cpu, const Op& op) {
  const unsigned count = static_cast<u8>(op.imm);
  const Lanes<u8> from(xmm(cpu, op.reg[0]));
  Lanes<u8> to;
  for (unsigned i = count; i < 16; ++i) {
    if (kLeft) {
      to[i] = from[i - count];
    } else {
      to[i - count] = from[i];
    }
  }
  set_xmm(cpu, op.reg[0], to.value());
  return Outcome::Next;
}

}  // namespace

Handlers packed_logic(const Form& form, Op&) {
  using enum decode::Mnemonic;
  switch (form.mnemonic) {
    case PAND:
    case ANDPS:
    case ANDPD: return logic<[](V a, V b) { return _mm_and_si128(a, b); }>(form);
    case PANDN:
    case ANDNPS:
    case ANDNPD: return logic<[](V a, V b) { return _mm_andnot_si128(a, b); }>(form);
    case POR:
    case ORPS:
    case ORPD: return logic<[](V a, V b) { return _mm_or_si128(a, b); }>(form);
    case PXOR:
    case XORPS:
    case XORPD: return logic<[](V a, V b) { return _mm_xor_si128(a, b); }>(form);
    default: return {};
  }
}

Handlers packed_shift(const Form& form, Op&) {
  using enum decode::Mnemonic;
  switch (form.mnemonic) {
    case PSLLW: return shift<[](V a, V n) { return _mm_sll_epi16(a, n); }>(form);
    case PSLLD: return shift<[](V a, V n) { return _mm_sll_epi32(a, n); }>(form);
    case PSLLQ: return shift<[](V a, V n) { return _mm_sll_epi64(a, n); }>(form);
    case PSRLW: return shift<[](V a, V n) { return _mm_srl_epi16(a, n); }>(form);
    case PSRLD: return shift<[](V a, V n) { return _mm_srl_epi32(a, n); }>(form);
    case PSRLQ: return shift<[](V a, V n) { return _mm_srl_epi64(a, n); }>(form);
    case PSRAW: return shift<[](V a, V n) { return _mm_sra_epi16(a, n); }>(form);
    case PSRAD: return shift<[](V a, V n) { return _mm_sra_epi32(a, n); }>(form);
    case PSLLDQ: return heavy<shift_bytes<true>>();
    case PSRLDQ: return heavy<shift_bytes<false>>();
    default: return {};
  }
}

}  // namespace hvlab::execute
