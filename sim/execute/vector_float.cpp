// SSE to SSE3 floating-point arithmetic, MIN and MAX, comparisons.
#include "sim/execute/vector_float.hpp"

#include "sim/execute/vector_families.hpp"

namespace hvlab::execute {

Outcome unmasked_float_error(Cpu& cpu, u32 flags) {
  using namespace mxcsr_flag;
  constexpr u32 kBefore = kInvalid | kDenormal | kDivideByZero;
  const u32 unmasked = flags & ~(cpu.mxcsr >> kMaskShift);
  cpu.mxcsr |= (unmasked & kBefore) ? flags & kBefore : flags;
  return raise(cpu,
               (cpu.cr4 & arch::cr4::kOsxmmexcpt) ? Exception::SimdFloatingPoint : Exception::InvalidOpcode);
}

namespace {

/// The host's x87 with Control (precision, rounding, all masked): its exponent is wider than both formats'.
template <class F>
bool inexact_in_x87(u16 control, F f) {
  constexpr u16 kHost = 0x037F;
  u16 status = 0;
  asm volatile("fnclex\n\tfldcw %0" : : "m"(control));
  f();
  asm volatile("fnstsw %0\n\tfldcw %1" : "=m"(status) : "m"(kHost));
  return (status & mxcsr_flag::kPrecision) != 0;
}

}  // namespace

template <class T>
bool inexact_unbounded(LaneOperation operation, double a, double b, u32 mxcsr) {
  const u32 round = (mxcsr >> mxcsr_flag::kRoundShift) & 3, precision = sizeof(T) == 4 ? 0 : 2;
  const double one = 1.0;
  return inexact_in_x87(static_cast<u16>(0x3F | precision << 8 | round << 10), [&] {
    switch (operation) {
      case LaneOperation::Add: asm volatile("fldl %0\n\tfaddl %1\n\tfstp %%st(0)" : : "m"(a), "m"(b)); break;
      case LaneOperation::Subtract:
        asm volatile("fldl %0\n\tfsubl %1\n\tfstp %%st(0)" : : "m"(a), "m"(b));
        break;
      case LaneOperation::Multiply:
        asm volatile("fldl %0\n\tfmull %1\n\tfstp %%st(0)" : : "m"(a), "m"(b));
        break;
      case LaneOperation::Divide:
        asm volatile("fldl %0\n\tfdivl %1\n\tfstp %%st(0)" : : "m"(a), "m"(b));
        break;
      default: asm volatile("fldl %0\n\tfmull %1\n\tfstp %%st(0)" : : "m"(b), "m"(one)); break;
    }
  });
}
template bool inexact_unbounded<float>(LaneOperation, double, double, u32);
template bool inexact_unbounded<double>(LaneOperation, double, double, u32);

namespace {

// SSE3's horizontal and alternating forms, from SSE2's vertical ones.

constexpr auto kAddPs = HVLAB_HOST("addps");
constexpr auto kSubPs = HVLAB_HOST("subps");
constexpr auto kAddPd = HVLAB_HOST("addpd");
constexpr auto kSubPd = HVLAB_HOST("subpd");

template <auto F>
V horizontal_ps(V a, V b) {
  const __m128 x = _mm_castsi128_ps(a), y = _mm_castsi128_ps(b);
  return F(_mm_castps_si128(_mm_shuffle_ps(x, y, 0b10001000)),
           _mm_castps_si128(_mm_shuffle_ps(x, y, 0b11011101)));
}
template <auto F>
V horizontal_pd(V a, V b) {
  return F(_mm_unpacklo_epi64(a, b), _mm_unpackhi_epi64(a, b));
}

/// Subtracts in the lanes that `even` keeps and adds in the others; lanes not wanted compute 0 + 0 or 0 - 0.
template <auto Sub, auto Add>
V alternate(V a, V b, V even) {
  const V difference = Sub(_mm_and_si128(even, a), _mm_and_si128(even, b));
  const V sum = Add(_mm_andnot_si128(even, a), _mm_andnot_si128(even, b));
  return _mm_or_si128(_mm_and_si128(even, difference), _mm_andnot_si128(even, sum));
}
V addsub_ps(V a, V b) { return alternate<kSubPs, kAddPs>(a, b, _mm_set_epi32(0, -1, 0, -1)); }
V addsub_pd(V a, V b) { return alternate<kSubPd, kAddPd>(a, b, _mm_set_epi32(0, 0, -1, -1)); }

/// CMPccXX: the predicate is the immediate's low three bits.
#define HVLAB_COMPARE(name)                                                \
  [](V a, V b, u8 predicate) {                                             \
    switch (predicate & 7) {                                               \
      case 0: asm volatile(name " $0, %1, %0" : "+x"(a) : "x"(b)); break;  \
      case 1: asm volatile(name " $1, %1, %0" : "+x"(a) : "x"(b)); break;  \
      case 2: asm volatile(name " $2, %1, %0" : "+x"(a) : "x"(b)); break;  \
      case 3: asm volatile(name " $3, %1, %0" : "+x"(a) : "x"(b)); break;  \
      case 4: asm volatile(name " $4, %1, %0" : "+x"(a) : "x"(b)); break;  \
      case 5: asm volatile(name " $5, %1, %0" : "+x"(a) : "x"(b)); break;  \
      case 6: asm volatile(name " $6, %1, %0" : "+x"(a) : "x"(b)); break;  \
      default: asm volatile(name " $7, %1, %0" : "+x"(a) : "x"(b)); break; \
    }                                                                      \
    return a;                                                              \
  }

/// (U)COMISx: unordered, less, equal in ZF, PF, CF; OF, SF, AF cleared.
#define HVLAB_COMI(name)                                                                               \
  [](V a, V b) {                                                                                       \
    bool zf, pf, cf;                                                                                   \
    asm volatile(name " %[b], %[a]" : "=@ccz"(zf), "=@ccp"(pf), "=@ccc"(cf) : [a] "x"(a), [b] "x"(b)); \
    return (zf ? arch::flag::kZf : 0) | (pf ? arch::flag::kPf : 0) | (cf ? arch::flag::kCf : 0);       \
  }

template <auto F, unsigned kSource>
Outcome compare_flags(Cpu& cpu, const Op& op) {
  V b;
  if (const Outcome o = source<kSource>(cpu, op, b); o != Outcome::Next) return o;
  u64 status = 0;
  using Lane = std::conditional_t<kSource == 4, u32, u64>;
  const V a = xmm(cpu, op.reg[0]);
  if (plain(static_cast<Lane>(low_u64(a))) && plain(static_cast<Lane>(low_u64(b)))) [[likely]] {
    cpu.flags.set_status(F(a, b));
    return Outcome::Next;
  }
  const u32 flags = under_mxcsr(cpu.mxcsr, [&] { status = F(a, b); });
  if (const Outcome o = settle(cpu, flags); o != Outcome::Next) return o;
  cpu.flags.set_status(status);
  return Outcome::Next;
}

}  // namespace

Handlers vector_arithmetic(const Form& form, Op&) {
  using enum decode::Mnemonic;
  switch (form.mnemonic) {
    case ADDPS: return packed_single<HVLAB_HOST("addps"), LaneOperation::Add>();
    case ADDPD: return packed_double<HVLAB_HOST("addpd"), LaneOperation::Add>();
    case ADDSS: return scalar_single<HVLAB_HOST("addss"), LaneOperation::Add>();
    case ADDSD: return scalar_double<HVLAB_HOST("addsd"), LaneOperation::Add>();
    case SUBPS: return packed_single<HVLAB_HOST("subps"), LaneOperation::Subtract>();
    case SUBPD: return packed_double<HVLAB_HOST("subpd"), LaneOperation::Subtract>();
    case SUBSS: return scalar_single<HVLAB_HOST("subss"), LaneOperation::Subtract>();
    case SUBSD: return scalar_double<HVLAB_HOST("subsd"), LaneOperation::Subtract>();
    case MULPS: return packed_single<HVLAB_HOST("mulps"), LaneOperation::Multiply>();
    case MULPD: return packed_double<HVLAB_HOST("mulpd"), LaneOperation::Multiply>();
    case MULSS: return scalar_single<HVLAB_HOST("mulss"), LaneOperation::Multiply>();
    case MULSD: return scalar_double<HVLAB_HOST("mulsd"), LaneOperation::Multiply>();
    case DIVPS: return packed_single<HVLAB_HOST("divps"), LaneOperation::Divide>();
    case DIVPD: return packed_double<HVLAB_HOST("divpd"), LaneOperation::Divide>();
    case DIVSS: return scalar_single<HVLAB_HOST("divss"), LaneOperation::Divide>();
    case DIVSD: return scalar_double<HVLAB_HOST("divsd"), LaneOperation::Divide>();
    case SQRTPS: return no_underflow<HVLAB_HOST("sqrtps"), 16>();
    case SQRTPD: return no_underflow<HVLAB_HOST("sqrtpd"), 16>();
    case SQRTSS: return no_underflow<HVLAB_HOST("sqrtss"), 4>();
    case SQRTSD: return no_underflow<HVLAB_HOST("sqrtsd"), 8>();
    case ADDSUBPS: return packed_single<addsub_ps, LaneOperation::Alternate>();
    case ADDSUBPD: return packed_double<addsub_pd, LaneOperation::Alternate>();
    case HADDPS: return packed_single<horizontal_ps<kAddPs>>();
    case HADDPD: return packed_double<horizontal_pd<kAddPd>>();
    case HSUBPS: return packed_single<horizontal_ps<kSubPs>>();
    case HSUBPD: return packed_double<horizontal_pd<kSubPd>>();
    default: return {};
  }
}

Handlers vector_compare(const Form& form, Op&) {
  using enum decode::Mnemonic;
  switch (form.mnemonic) {
    case MINPS: return no_underflow<HVLAB_HOST("minps"), 16>();
    case MINPD: return no_underflow<HVLAB_HOST("minpd"), 16>();
    case MINSS: return no_underflow<HVLAB_HOST("minss"), 4>();
    case MINSD: return no_underflow<HVLAB_HOST("minsd"), 8>();
    case MAXPS: return no_underflow<HVLAB_HOST("maxps"), 16>();
    case MAXPD: return no_underflow<HVLAB_HOST("maxpd"), 16>();
    case MAXSS: return no_underflow<HVLAB_HOST("maxss"), 4>();
    case MAXSD: return no_underflow<HVLAB_HOST("maxsd"), 8>();
    case CMPPS: return no_underflow<HVLAB_COMPARE("cmpps"), 16>();
    case CMPPD: return no_underflow<HVLAB_COMPARE("cmppd"), 16>();
    case CMPSS: return no_underflow<HVLAB_COMPARE("cmpss"), 4>();
    case CMPSD: return no_underflow<HVLAB_COMPARE("cmpsd"), 8>();
    case COMISS: return heavy<compare_flags<HVLAB_COMI("comiss"), 4>>();
    case COMISD: return heavy<compare_flags<HVLAB_COMI("comisd"), 8>>();
    case UCOMISS: return heavy<compare_flags<HVLAB_COMI("ucomiss"), 4>>();
    case UCOMISD: return heavy<compare_flags<HVLAB_COMI("ucomisd"), 8>>();
    default: return {};
  }
}

}  // namespace hvlab::execute
