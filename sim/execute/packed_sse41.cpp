// The integer instructions of SSE4.1 and SSE4.2 except string comparison.
#include <algorithm>

#include "sim/execute/vector_families.hpp"

namespace hvlab::execute {

namespace {

template <class T, auto F>
Handlers lanes_form() {
  return on_xmm<[](V a, V b) { return map<T>(a, b, F); }>();
}

constexpr auto kMin = [](auto a, auto b) { return std::min(a, b); };
constexpr auto kMax = [](auto a, auto b) { return std::max(a, b); };
constexpr auto kMultiplyLow = [](u32 a, u32 b) { return a * b; };
constexpr auto kEqual = [](u64 a, u64 b) { return a == b ? ~u64{0} : u64{0}; };
constexpr auto kGreater = [](i64 a, i64 b) { return a > b ? i64{-1} : i64{0}; };

/// Signed products of the even dwords.
V multiply_even(V a, V b) {
  const Lanes<i32> x(a), y(b);
  Lanes<i64> r;
  for (unsigned i = 0; i < 2; ++i) r[i] = i64{x[2 * i]} * y[2 * i];
  return r.value();
}

V pack_unsigned_dwords(V a, V b) {
  const Lanes<i32> x(a), y(b);
  Lanes<u16> r;
  for (unsigned i = 0; i < 8; ++i) r[i] = saturate<u16>((i < 4 ? x : y)[i & 3]);
  return r.value();
}

/// Lanes of `b` where the bit of the immediate is set, else of `a`.
template <class T>
V blend(V a, V b, u8 chosen) {
  Lanes<T> r(a);
  const Lanes<T> y(b);
  for (unsigned i = 0; i < Lanes<T>::kCount; ++i)
    if (test_bit(chosen, i)) r[i] = y[i];
  return r.value();
}

/// Lanes of the source where XMM0's lane is negative.
template <class T>
Outcome blend_variable(Cpu& cpu, const Op& op) {
  V b;
  if (const Outcome o = source(cpu, op, b); o != Outcome::Next) return o;
  Lanes<T> r(xmm(cpu, op.reg[0]));
  const Lanes<T> y(b), mask(xmm(cpu, 0));
  for (unsigned i = 0; i < Lanes<T>::kCount; ++i)
    if (mask[i] < 0) r[i] = y[i];
  set_xmm(cpu, op.reg[0], r.value());
  return Outcome::Next;
}

/// Sums of absolute differences of one group of four bytes of `b` with eight overlapping groups of `a`.
V sums_of_differences(V a, V b, u8 imm) {
  const Lanes<u8> x(a), y(b);
  const unsigned of_a = (imm & 4), of_b = (imm & 3) * 4u;
  Lanes<u16> r;
  for (unsigned i = 0; i < 8; ++i) {
    unsigned sum = 0;
    for (unsigned j = 0; j < 4; ++j) sum += static_cast<unsigned>(std::abs(x[of_a + i + j] - y[of_b + j]));
    r[i] = static_cast<u16>(sum);
  }
  return r.value();
}

/// The smallest word and the position of its first occurrence.
V smallest_word(V, V b) {
  const Lanes<u16> x(b);
  unsigned at = 0;
  for (unsigned i = 1; i < 8; ++i)
    if (x[i] < x[at]) at = i;
  return from_u64(x[at] | at << 16);
}

/// INSERTPS: the element (of a register: any of the four, by imm 7:6), its place (5:4), zeroed places (3:0).
Outcome insertps(Cpu& cpu, const Op& op) {
  const u8 imm = static_cast<u8>(op.imm);
  V b;
  if (const Outcome o = source<4>(cpu, op, b); o != Outcome::Next) return o;
  const u32 element = Lanes<u32>(b)[op.mem == 1 ? 0 : imm >> 6];
  Lanes<u32> r(xmm(cpu, op.reg[0]));
  r[(imm >> 4) & 3] = element;
  for (unsigned i = 0; i < 4; ++i)
    if (test_bit(imm, i)) r[i] = 0;
  set_xmm(cpu, op.reg[0], r.value());
  return Outcome::Next;
}

/// ZF: source and destination have no bit in common; CF: the source has no bit that the destination lacks.
Outcome ptest(Cpu& cpu, const Op& op) {
  V b;
  if (const Outcome o = source(cpu, op, b); o != Outcome::Next) return o;
  const V a = xmm(cpu, op.reg[0]), common = _mm_and_si128(b, a), lacking = _mm_andnot_si128(a, b);
  const bool zf = (low_u64(common) | high_u64(common)) == 0, cf = (low_u64(lacking) | high_u64(lacking)) == 0;
  cpu.flags.set_status((zf ? arch::flag::kZf : 0) | (cf ? arch::flag::kCf : 0));
  return Outcome::Next;
}

/// PMOVSXxx, PMOVZXxx: the low lanes of type From widened to To.
template <class From, class To>
Handlers extend() {
  constexpr unsigned kSource = 16 / sizeof(To) * sizeof(From);
  return on_xmm<[](V, V b) {
    const Lanes<From> x(b);
    Lanes<To> r;
    for (unsigned i = 0; i < Lanes<To>::kCount; ++i)
      r[i] = static_cast<To>(x[i]);  // NOLINT(bugprone-signed-char-misuse): the sign is meant to extend
    return r.value();
  },
                kSource>();
}

}  // namespace

Handlers packed_sse41(const Form& form, Op&) {
  using enum decode::Mnemonic;
  switch (form.mnemonic) {
    case PMINSB: return lanes_form<i8, kMin>();
    case PMAXSB: return lanes_form<i8, kMax>();
    case PMINUW: return lanes_form<u16, kMin>();
    case PMAXUW: return lanes_form<u16, kMax>();
    case PMINSD: return lanes_form<i32, kMin>();
    case PMAXSD: return lanes_form<i32, kMax>();
    case PMINUD: return lanes_form<u32, kMin>();
    case PMAXUD: return lanes_form<u32, kMax>();
    case PMULLD: return lanes_form<u32, kMultiplyLow>();
    case PCMPEQQ: return lanes_form<u64, kEqual>();
    case PCMPGTQ: return lanes_form<i64, kGreater>();
    case PMULDQ: return on_xmm<multiply_even>();
    case PACKUSDW: return on_xmm<pack_unsigned_dwords>();
    case PBLENDW: return on_xmm<blend<u16>>();
    case BLENDPS: return on_xmm<blend<u32>>();
    case BLENDPD: return on_xmm<blend<u64>>();
    case PBLENDVB: return heavy<blend_variable<i8>>();
    case BLENDVPS: return heavy<blend_variable<i32>>();
    case BLENDVPD: return heavy<blend_variable<i64>>();
    case MPSADBW: return on_xmm<sums_of_differences>();
    case PHMINPOSUW: return on_xmm<smallest_word>();
    case INSERTPS: return heavy<insertps>();
    case PTEST: return heavy<ptest>();
    default: return {};
  }
}

Handlers packed_extend(const Form& form, Op&) {
  using enum decode::Mnemonic;
  switch (form.mnemonic) {
    case PMOVSXBW: return extend<i8, i16>();
    case PMOVSXBD: return extend<i8, i32>();
    case PMOVSXBQ: return extend<i8, i64>();
    case PMOVSXWD: return extend<i16, i32>();
    case PMOVSXWQ: return extend<i16, i64>();
    case PMOVSXDQ: return extend<i32, i64>();
    case PMOVZXBW: return extend<u8, u16>();
    case PMOVZXBD: return extend<u8, u32>();
    case PMOVZXBQ: return extend<u8, u64>();
    case PMOVZXWD: return extend<u16, u32>();
    case PMOVZXWQ: return extend<u16, u64>();
    case PMOVZXDQ: return extend<u32, u64>();
    default: return {};
  }
}

}  // namespace hvlab::execute
