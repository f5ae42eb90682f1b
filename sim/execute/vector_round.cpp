// SSE4.1 floating point: rounding to integers and dot products.
#include "sim/execute/vector_families.hpp"
#include "sim/execute/vector_float.hpp"

namespace hvlab::execute {

namespace {

/// Shape of a floating-point format, by the integer that holds it.
template <class Lane>
struct Format {
  static constexpr int kFraction = sizeof(Lane) == 4 ? 23 : 52, kBits = sizeof(Lane) * 8,
                       kBias = sizeof(Lane) == 4 ? 127 : 1023, kMaxExponent = 2 * kBias + 1;
  static constexpr Lane kOne = Lane{kBias} << kFraction, kSign = Lane{1} << (kBits - 1),
                        kFractionMask = (Lane{1} << kFraction) - 1, kQuiet = Lane{1} << (kFraction - 1);
};

/// How ROUNDxx rounds (SDM vol. 2, table 4-18).
struct Rounding {
  unsigned mode;  // 0 to nearest even, 1 down, 2 up, 3 towards zero
  bool denormals_are_zeros;
};

/// `x` rounded to an integer; adds the exceptions raised to `flags`.
template <class Lane>
Lane round_lane(Lane x, Rounding rounding, u32& flags) {
  using F = Format<Lane>;
  const Lane sign = x & F::kSign, magnitude = x & ~F::kSign, fraction = x & F::kFractionMask;
  const int exponent = static_cast<int>(magnitude >> F::kFraction), power = exponent - F::kBias;
  if (exponent == F::kMaxExponent && fraction != 0) {
    if ((x & F::kQuiet) == 0) flags |= mxcsr_flag::kInvalid;
    return x | F::kQuiet;
  }
  if (magnitude == 0 || power >= F::kFraction) return x;
  if (exponent == 0 && rounding.denormals_are_zeros) return sign;
  const bool away = rounding.mode == (sign ? 1u : 2u);
  if (power < 0) {
    flags |= mxcsr_flag::kPrecision;
    const bool nearest_is_one = power == -1 && fraction != 0;
    return sign | ((rounding.mode == 0 ? nearest_is_one : away) ? F::kOne : Lane{0});
  }
  const Lane unit = Lane{1} << (F::kFraction - power), lost = x & (unit - 1), half = unit >> 1;
  if (lost == 0) return x;
  flags |= mxcsr_flag::kPrecision;
  const Lane truncated = x & ~(unit - 1);
  const bool nearest_is_up = lost > half || (lost == half && (x & unit) != 0);
  return truncated + ((rounding.mode == 0 ? nearest_is_up : away) ? unit : Lane{0});
}

/// The low `kCount` lanes of the source, rounded; the destination's others kept.
template <class Lane, unsigned kCount>
Outcome round(Cpu& cpu, const Op& op) {
  V b;
  if (const Outcome o = source<kCount * sizeof(Lane)>(cpu, op, b); o != Outcome::Next) return o;
  const u8 imm = static_cast<u8>(op.imm);
  const unsigned control = (cpu.mxcsr >> mxcsr_flag::kRoundShift) & 3;
  const Rounding rounding{(imm & 4) ? control : imm & 3u, (cpu.mxcsr & arch::mxcsr::kDaz) != 0};
  const Lanes<Lane> x(b);
  Lanes<Lane> r(xmm(cpu, op.reg[0]));
  u32 flags = 0;
  for (unsigned i = 0; i < kCount; ++i) r[i] = round_lane(x[i], rounding, flags);
  if (imm & 8) flags &= ~mxcsr_flag::kPrecision;
  if (const Outcome o = settle(cpu, flags); o != Outcome::Next) return o;
  set_xmm(cpu, op.reg[0], r.value());
  return Outcome::Next;
}

constexpr auto kAddPs = HVLAB_HOST("addps");
constexpr auto kMulPs = HVLAB_HOST("mulps");
constexpr auto kAddPd = HVLAB_HOST("addpd");
constexpr auto kMulPd = HVLAB_HOST("mulpd");

/// One step of a dot product: r = F(a, b), its exceptions judged before the next step.
template <class Lane, auto F>
Outcome step(Cpu& cpu, V a, V b, V& r) {
  u32 flags = under_mxcsr(cpu.mxcsr, [&] { r = F(a, b); });
  if (underflow_unmasked(cpu)) flags |= tiny<Lane>(r, 16);
  return settle(cpu, flags);
}

/// All ones in the lanes whose bit is set.
template <class Lane>
V lanes_of(unsigned chosen) {
  Lanes<Lane> r;
  for (unsigned i = 0; i < Lanes<Lane>::kCount; ++i) r[i] = test_bit(chosen, i) ? ~Lane{0} : Lane{0};
  return r.value();
}

/// Imm 7:4 choose the products that are summed, imm 3:0 where the sum goes; other lanes are 0.
Outcome dpps(Cpu& cpu, const Op& op) {
  V b, r;
  if (const Outcome o = source(cpu, op, b); o != Outcome::Next) return o;
  const unsigned imm = static_cast<u8>(op.imm);
  const V chosen = lanes_of<u32>(imm >> 4), a = xmm(cpu, op.reg[0]);
  Outcome o = step<u32, kMulPs>(cpu, _mm_and_si128(a, chosen), _mm_and_si128(b, chosen), r);
  if (o != Outcome::Next) return o;
  const V even = _mm_shuffle_epi32(r, 0b10001000), odd = _mm_shuffle_epi32(r, 0b11011101);
  if (o = step<u32, kAddPs>(cpu, even, odd, r); o != Outcome::Next) return o;
  if (o = step<u32, kAddPs>(cpu, _mm_shuffle_epi32(r, 0), _mm_shuffle_epi32(r, 0b01010101), r);
      o != Outcome::Next)
    return o;
  set_xmm(cpu, op.reg[0], _mm_and_si128(r, lanes_of<u32>(imm)));
  return Outcome::Next;
}

Outcome dppd(Cpu& cpu, const Op& op) {
  V b, r;
  if (const Outcome o = source(cpu, op, b); o != Outcome::Next) return o;
  const unsigned imm = static_cast<u8>(op.imm);
  const V chosen = lanes_of<u64>(imm >> 4), a = xmm(cpu, op.reg[0]);
  Outcome o = step<u64, kMulPd>(cpu, _mm_and_si128(a, chosen), _mm_and_si128(b, chosen), r);
  if (o != Outcome::Next) return o;
  if (o = step<u64, kAddPd>(cpu, _mm_unpacklo_epi64(r, r), _mm_unpackhi_epi64(r, r), r); o != Outcome::Next)
    return o;
  set_xmm(cpu, op.reg[0], _mm_and_si128(r, lanes_of<u64>(imm)));
  return Outcome::Next;
}

}  // namespace

Handlers vector_round(const Form& form, Op&) {
  using enum decode::Mnemonic;
  switch (form.mnemonic) {
    case ROUNDPS: return heavy<round<u32, 4>>();
    case ROUNDPD: return heavy<round<u64, 2>>();
    case ROUNDSS: return heavy<round<u32, 1>>();
    case ROUNDSD: return heavy<round<u64, 1>>();
    case DPPS: return heavy<dpps>();
    case DPPD: return heavy<dppd>();
    default: return {};
  }
}

}  // namespace hvlab::execute
