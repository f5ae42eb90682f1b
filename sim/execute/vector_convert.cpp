// Conversions between integers and SSE floating point (SDM vol. 2, CVTxxx).
#include "sim/cpu/cpuid.hpp"
#include "sim/execute/vector_families.hpp"
#include "sim/execute/vector_float.hpp"

namespace hvlab::execute {

namespace {

/// The host's conversion of an integer register into the low lane of an XMM register.
#define HVLAB_FROM_INTEGER(name)                     \
  [](V a, auto b) {                                  \
    asm volatile(name " %1, %0" : "+x"(a) : "r"(b)); \
    return a;                                        \
  }
/// The host's conversion of the low lane into an integer register of type T.
#define HVLAB_TO_INTEGER(name) []<class T>(V a, T& r) { asm volatile(name " %1, %0" : "=r"(r) : "x"(a)); }

template <auto F, class T>
Outcome from_integer(Cpu& cpu, const Op& op) {
  const Loaded<T> b = read_operand<T>(cpu, op, 1);
  if (b.failed()) return b.outcome;
  V r;
  u32 flags = 0;
  if (quiet_mxcsr(cpu.mxcsr)) [[likely]] {
    r = F(xmm(cpu, op.reg[0]), b.value);  // it raises nothing but the precision exception
  } else {
    flags = under_mxcsr(cpu.mxcsr, [&] { r = F(xmm(cpu, op.reg[0]), b.value); });
  }
  if (const Outcome o = settle(cpu, flags); o != Outcome::Next) return o;
  set_xmm(cpu, op.reg[0], r);
  return Outcome::Next;
}

/// True if the number is so much smaller than T's range that its conversion raises at most the precision
/// exception.
template <class Lane, class T>
bool fits(Lane x) {
  constexpr int kFraction = sizeof(Lane) == 4 ? 23 : 52, kBias = sizeof(Lane) == 4 ? 127 : 1023;
  const int exponent = static_cast<int>(static_cast<Lane>(x << 1) >> (kFraction + 1));
  return plain(x) && exponent < kBias + static_cast<int>(sizeof(T)) * 8 - 2;
}

template <auto F, class T, unsigned kSource>
Outcome to_integer(Cpu& cpu, const Op& op) {
  V b;
  if (const Outcome o = source<kSource>(cpu, op, b); o != Outcome::Next) return o;
  T r = 0;
  u32 flags = 0;
  using Lane = std::conditional_t<kSource == 4, u32, u64>;
  if (quiet_mxcsr(cpu.mxcsr) && fits<Lane, T>(static_cast<Lane>(low_u64(b)))) [[likely]] {
    F(b, r);
  } else {
    flags = under_mxcsr(cpu.mxcsr, [&] { F(b, r); });
  }
  if (const Outcome o = settle(cpu, flags); o != Outcome::Next) return o;
  cpu.set<T>(op.reg[0], r);
  return Outcome::Next;
}

template <auto F, unsigned kSource>
Handlers to_gpr(const Form& form) {
  return form.bytes(0) == 8 ? heavy<to_integer<F, u64, kSource>>() : heavy<to_integer<F, u32, kSource>>();
}

// --- MMX registers on one side (SDM vol. 1, 11.6.6: they change the x87 state as MMX instructions do) ---

/// mm = F(xmm or memory). F sees only the lanes that count, so that the others raise nothing.
template <auto F, unsigned kSource>
Outcome to_mm(Cpu& cpu, const Op& op) {
  if (const Outcome o = pending_float_error(cpu); o != Outcome::Next) return o;
  V b;
  if (const Outcome o = source<kSource>(cpu, op, b); o != Outcome::Next) return o;
  if (kSource == 8) b = _mm_move_epi64(b);
  V r;
  const u32 flags = under_mxcsr(cpu.mxcsr, [&] { r = F(b, b); });
  if (const Outcome o = settle(cpu, flags); o != Outcome::Next) return o;
  enter_mmx(cpu);
  set_mm(cpu, op.reg[0], r);
  return Outcome::Next;
}

constexpr auto kFromInt32Single = HVLAB_HOST("cvtdq2ps");
constexpr auto kFromInt32Double = HVLAB_HOST("cvtdq2pd");

/// From memory it has nothing to do with the x87 state on AMD's processors; on Intel's it always has (SDM
/// vol. 2).
Outcome cvtpi2ps(Cpu& cpu, const Op& op) {
  V b;
  const bool mmx = op.mem != 1 || cpu::vendor(cpu) == cpu::Vendor::Intel;
  if (const Outcome o = mmx ? source_mm(cpu, op, b) : load_part(cpu, op, 8, b); o != Outcome::Next) return o;
  V r;
  const u32 flags = under_mxcsr(cpu.mxcsr, [&] { r = kFromInt32Single(b, b); });
  if (const Outcome o = settle(cpu, flags); o != Outcome::Next) return o;
  if (mmx) enter_mmx(cpu);
  set_xmm(cpu, op.reg[0], with_low(xmm(cpu, op.reg[0]), r));
  return Outcome::Next;
}

/// Exact. From memory it has nothing to do with the x87 state.
Outcome cvtpi2pd(Cpu& cpu, const Op& op) {
  V b;
  const Outcome o = op.mem == 1 ? load_part(cpu, op, 8, b) : source_mm(cpu, op, b);
  if (o != Outcome::Next) return o;
  if (op.mem != 1) enter_mmx(cpu);
  set_xmm(cpu, op.reg[0], kFromInt32Double(b, b));
  return Outcome::Next;
}

}  // namespace

Handlers vector_convert(const Form& form, Op&) {
  using enum decode::Mnemonic;
  switch (form.mnemonic) {
    case CVTSI2SS:
      return form.bytes(1) == 8 ? heavy<from_integer<HVLAB_FROM_INTEGER("cvtsi2ssq"), u64>>()
                                : heavy<from_integer<HVLAB_FROM_INTEGER("cvtsi2ssl"), u32>>();
    case CVTSI2SD:
      return form.bytes(1) == 8 ? heavy<from_integer<HVLAB_FROM_INTEGER("cvtsi2sdq"), u64>>()
                                : heavy<from_integer<HVLAB_FROM_INTEGER("cvtsi2sdl"), u32>>();
    case CVTSS2SI: return to_gpr<HVLAB_TO_INTEGER("cvtss2si"), 4>(form);
    case CVTSD2SI: return to_gpr<HVLAB_TO_INTEGER("cvtsd2si"), 8>(form);
    case CVTTSS2SI: return to_gpr<HVLAB_TO_INTEGER("cvttss2si"), 4>(form);
    case CVTTSD2SI: return to_gpr<HVLAB_TO_INTEGER("cvttsd2si"), 8>(form);
    case CVTPI2PS: return heavy<cvtpi2ps>();
    case CVTPI2PD: return heavy<cvtpi2pd>();
    case CVTPS2PI: return heavy<to_mm<HVLAB_HOST("cvtps2dq"), 8>>();
    case CVTTPS2PI: return heavy<to_mm<HVLAB_HOST("cvttps2dq"), 8>>();
    case CVTPD2PI: return heavy<to_mm<HVLAB_HOST("cvtpd2dq"), 16>>();
    case CVTTPD2PI: return heavy<to_mm<HVLAB_HOST("cvttpd2dq"), 16>>();
    case CVTDQ2PS: return no_underflow<HVLAB_HOST("cvtdq2ps"), 16>();
    case CVTDQ2PD: return no_underflow<HVLAB_HOST("cvtdq2pd"), 8>();
    case CVTPS2DQ: return no_underflow<HVLAB_HOST("cvtps2dq"), 16>();
    case CVTTPS2DQ: return no_underflow<HVLAB_HOST("cvttps2dq"), 16>();
    case CVTPD2DQ: return no_underflow<HVLAB_HOST("cvtpd2dq"), 16>();
    case CVTTPD2DQ: return no_underflow<HVLAB_HOST("cvttpd2dq"), 16>();
    case CVTPS2PD: return no_underflow<HVLAB_HOST("cvtps2pd"), 8>();
    case CVTSS2SD: return no_underflow<HVLAB_HOST("cvtss2sd"), 4>();
    case CVTPD2PS: return heavy<run_float<HVLAB_HOST("cvtpd2ps"), 16, u32, 8, LaneOperation::Narrow, u64>>();
    case CVTSD2SS: return heavy<run_float<HVLAB_HOST("cvtsd2ss"), 8, u32, 4, LaneOperation::Narrow, u64>>();
    default: return {};
  }
}

}  // namespace hvlab::execute
