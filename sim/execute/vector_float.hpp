// SSE floating point: the host's own instruction under the guest's MXCSR with every exception masked, its
// flags read back and judged afterwards. The basic operations of IEEE 754 give the same bits on every x86-64
// host.
#pragma once

#include <bit>
#include <type_traits>

#include "sim/execute/vector.hpp"

namespace hvlab::execute {

namespace mxcsr_flag {
inline constexpr u32 kInvalid = 1, kDenormal = 2, kDivideByZero = 4, kOverflow = 8, kUnderflow = 16,
                     kPrecision = 32;
inline constexpr u32 kMaskShift = 7, kRoundShift = 13;
}  // namespace mxcsr_flag

/// Calls `f`, whose arithmetic is `asm volatile` (so that it stays between the two ends), under `mxcsr`;
/// returns the exception flags it raised. With underflow unmasked, flush-to-zero is off (SDM vol.
/// 1, 10.2.3.3).
template <class F>
inline u32 under_mxcsr(u32 mxcsr, F f) {
  constexpr u32 kHost = arch::mxcsr::kReset,
                kUnderflowMask = mxcsr_flag::kUnderflow << mxcsr_flag::kMaskShift;
  u32 control = (mxcsr | arch::mxcsr::kMasks) & ~arch::mxcsr::kExceptions;
  if ((mxcsr & kUnderflowMask) == 0) control &= ~arch::mxcsr::kFz;
  u32 after = 0;
  asm volatile("ldmxcsr %0" : : "m"(control));
  f();
  asm volatile("stmxcsr %0" : "=m"(after));
  if (control != kHost) asm volatile("ldmxcsr %0" : : "m"(kHost));
  return after & arch::mxcsr::kExceptions;
}

/// #XM, or #UD without CR4.OSXMMEXCPT. An unmasked invalid operation, denormal or division by zero comes
/// before the computation, so that the flags of its result are not set (SDM vol. 1, 11.5.1).
[[gnu::cold]] Outcome unmasked_float_error(Cpu& cpu, u32 flags);

/// Enters `flags` in MXCSR; raises what they say. On Next the destination may be written.
inline Outcome settle(Cpu& cpu, u32 flags) {
  if ((flags & ~(cpu.mxcsr >> mxcsr_flag::kMaskShift)) != 0) [[unlikely]]
    return unmasked_float_error(cpu, flags);
  cpu.mxcsr |= flags;
  return Outcome::Next;
}
inline bool underflow_unmasked(const Cpu& cpu) {
  return (cpu.mxcsr & (mxcsr_flag::kUnderflow << mxcsr_flag::kMaskShift)) == 0;
}

/// The underflow flag if one of the low `bytes` bytes' lanes is a denormal: an unmasked underflow exception
/// is raised for every tiny result, exact ones too, but the host has computed with the exception masked.
template <class Lane>
u32 tiny(V result, unsigned bytes) {
  constexpr Lane kExponent =
      sizeof(Lane) == 4 ? static_cast<Lane>(0x7F80'0000) : static_cast<Lane>(0x7FF0'0000'0000'0000);
  const Lanes<Lane> lanes(result);
  for (unsigned i = 0; i < bytes / sizeof(Lane); ++i)
    if ((lanes[i] & kExponent) == 0 && static_cast<Lane>(lanes[i] << 1) != 0) return mxcsr_flag::kUnderflow;
  return 0;
}

/// An operation on one lane, for redoing it with an unbounded exponent. Alternate: ADDSUBxx; Narrow: b to
/// single. None: horizontal sums, whose precision flag after an unmasked overflow or underflow is the masked
/// response's.
enum class LaneOperation : u8 { None, Add, Subtract, Alternate, Multiply, Divide, Narrow };

constexpr LaneOperation of_lane(LaneOperation operation, unsigned lane) {
  if (operation != LaneOperation::Alternate) return operation;
  return (lane & 1) ? LaneOperation::Add : LaneOperation::Subtract;
}

/// True if the operation's result, rounded to T's precision but with a wider exponent, is inexact. After an
/// unmasked overflow or underflow the precision flag says this; after a masked one, whether the delivered
/// result is inexact (SDM vol. 1, 4.9.1.4 to 4.9.1.6).
template <class T>
bool inexact_unbounded(LaneOperation operation, double a, double b, u32 mxcsr);

/// The flags of a vertical operation F on `lanes` lanes of `From`, lane by lane, with the precision flag as
/// above.
template <auto F, class Lane, class From, LaneOperation kOperation>
[[gnu::cold]] u32 flags_by_lane(u32 mxcsr, V a, V b, unsigned lanes) {
  using Number = std::conditional_t<sizeof(From) == 4, float, double>;
  using Result = std::conditional_t<sizeof(Lane) == 4, float, double>;
  u32 all = 0;
  for (unsigned i = 0; i < lanes; ++i) {
    Lanes<From> x, y;  // lane i as it is, the others 1, which raises nothing
    for (unsigned j = 0; j < Lanes<From>::kCount; ++j) x[j] = y[j] = std::bit_cast<From>(Number{1});
    x[i] = Lanes<From>(a)[i];
    y[i] = Lanes<From>(b)[i];
    V r;
    u32 flags = under_mxcsr(mxcsr, [&] { r = F(x.value(), y.value()); });
    if ((mxcsr & (mxcsr_flag::kUnderflow << mxcsr_flag::kMaskShift)) == 0)
      flags |= tiny<Lane>(from_u64(Lanes<Lane>(r)[i]), sizeof(Lane));  // other lanes may be no results
    const u32 scaled =
        flags & ~(mxcsr >> mxcsr_flag::kMaskShift) & (mxcsr_flag::kOverflow | mxcsr_flag::kUnderflow);
    if (scaled != 0 &&
        !inexact_unbounded<Result>(of_lane(kOperation, i), static_cast<double>(std::bit_cast<Number>(x[i])),
                                   static_cast<double>(std::bit_cast<Number>(y[i])), mxcsr))
      flags &= ~mxcsr_flag::kPrecision;
    all |= flags;
  }
  return all;
}

// --- the common case without touching the host's MXCSR ---

/// Everything masked, rounding to nearest, denormals as they are, and the precision flag already set: then an
/// operation on plain numbers changes nothing in MXCSR.
inline bool quiet_mxcsr(u32 mxcsr) {
  constexpr u32 kOtherFlags = arch::mxcsr::kExceptions & ~mxcsr_flag::kPrecision;
  return (mxcsr & ~kOtherFlags) == (arch::mxcsr::kReset | mxcsr_flag::kPrecision);
}
/// Zero, or normal and not next to the denormals: such a result is neither tiny nor overflowed.
template <class Lane>
inline bool plain(Lane x) {
  constexpr int kFraction = sizeof(Lane) == 4 ? 23 : 52;
  constexpr Lane kMost = sizeof(Lane) == 4 ? 0xFF : 0x7FF;
  const Lane exponent = (x >> kFraction) & kMost;
  return exponent - 2 < kMost - 2 || static_cast<Lane>(x << 1) == 0;
}
/// True if r = a op b, all in the low lane, cannot have raised anything but the precision exception.
template <class Lane, LaneOperation kOperation>
inline bool raises_nothing(V a, V b, V r) {
  const Lane x = static_cast<Lane>(low_u64(a)), y = static_cast<Lane>(low_u64(b)),
             z = static_cast<Lane>(low_u64(r));
  if (!plain(x) || !plain(y) || !plain(z)) return false;
  if (kOperation == LaneOperation::Multiply)
    return static_cast<Lane>(z << 1) != 0 || static_cast<Lane>(x << 1) == 0 || static_cast<Lane>(y << 1) == 0;
  if (kOperation == LaneOperation::Divide)
    return static_cast<Lane>(y << 1) != 0 &&
           (static_cast<Lane>(z << 1) != 0 || static_cast<Lane>(x << 1) == 0);
  return true;
}
constexpr bool is_arithmetic(LaneOperation operation) {
  return operation == LaneOperation::Add || operation == LaneOperation::Subtract ||
         operation == LaneOperation::Multiply || operation == LaneOperation::Divide;
}

/// xmm = F(xmm, xmm or memory of kSource bytes), F an operation of the host that raises flags. `Lane` is the
/// type of the result's lanes and `kResult` its size, for operations whose result may be tiny (0: it cannot);
/// kOperation what a vertical F does with lanes of From.
template <auto F, unsigned kSource, class Lane = u32, unsigned kResult = 0,
          LaneOperation kOperation = LaneOperation::None, class From = Lane>
Outcome run_float(Cpu& cpu, const Op& op) {
  V b;
  if (const Outcome o = source<kSource>(cpu, op, b); o != Outcome::Next) return o;
  const V a = xmm(cpu, op.reg[0]);
  V r;
  if constexpr (kSource < 16 && is_arithmetic(kOperation)) {
    if (quiet_mxcsr(cpu.mxcsr)) [[likely]] {
      r = F(a, b);
      if (raises_nothing<Lane, kOperation>(a, b, r)) [[likely]] {
        set_xmm(cpu, op.reg[0], r);
        return Outcome::Next;
      }
    }
  }
  u32 flags = under_mxcsr(cpu.mxcsr, [&] { r = apply<F>(a, b, op); });
  if constexpr (kResult != 0) {
    if (underflow_unmasked(cpu)) [[unlikely]]
      flags |= tiny<Lane>(r, kResult);
    if constexpr (kOperation != LaneOperation::None) {
      constexpr u32 kScaled = mxcsr_flag::kOverflow | mxcsr_flag::kUnderflow;
      if ((flags & kScaled & ~(cpu.mxcsr >> mxcsr_flag::kMaskShift)) != 0) [[unlikely]]
        flags = flags_by_lane<F, Lane, From, kOperation>(cpu.mxcsr, a, b, kResult / sizeof(Lane));
    }
  }
  if (const Outcome o = settle(cpu, flags); o != Outcome::Next) return o;
  set_xmm(cpu, op.reg[0], r);
  return Outcome::Next;
}

/// Handlers for the four shapes: packed single, packed double, scalar single, scalar double.
template <auto F, LaneOperation kOperation = LaneOperation::None>
constexpr Handlers packed_single() {
  return heavy<&run_float<F, 16, u32, 16, kOperation>>();
}
template <auto F, LaneOperation kOperation = LaneOperation::None>
constexpr Handlers packed_double() {
  return heavy<&run_float<F, 16, u64, 16, kOperation>>();
}
template <auto F, LaneOperation kOperation = LaneOperation::None>
constexpr Handlers scalar_single() {
  return heavy<&run_float<F, 4, u32, 4, kOperation>>();
}
template <auto F, LaneOperation kOperation = LaneOperation::None>
constexpr Handlers scalar_double() {
  return heavy<&run_float<F, 8, u64, 8, kOperation>>();
}
/// No tiny results: comparisons, MIN, MAX, conversions to integers.
template <auto F, unsigned kSource>
constexpr Handlers no_underflow() {
  return heavy<&run_float<F, kSource>>();
}

}  // namespace hvlab::execute

/// The host's two-operand instruction `name` as a function of V, V.
#define HVLAB_HOST(name)                             \
  [](V a, V b) {                                     \
    asm volatile(name " %1, %0" : "+x"(a) : "x"(b)); \
    return a;                                        \
  }
