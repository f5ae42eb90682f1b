// SSSE3: horizontal sums, signs, byte shuffles; each for MMX and XMM registers.
#include <cstdlib>

#include "sim/execute/vector_families.hpp"

namespace hvlab::execute {

namespace {

/// Sums or differences f(even, odd) of neighbouring lanes, `a`'s first. kBytes: the register's size.
template <class T, unsigned kBytes, class F>
V horizontal(V a, V b, F f) {
  constexpr unsigned kHalf = kBytes / sizeof(T) / 2;
  const Lanes<T> x(a), y(b);
  Lanes<T> r;
  for (unsigned i = 0; i < kHalf; ++i) {
    r[i] = static_cast<T>(f(x[2 * i], x[2 * i + 1]));
    r[kHalf + i] = static_cast<T>(f(y[2 * i], y[2 * i + 1]));
  }
  return r.value();
}

template <class T, auto F>
Handlers horizontal_form(const Form& form) {
  if (is_mmx(form)) return on_mmx<[](V a, V b) { return horizontal<T, 8>(a, b, F); }>();
  return on_xmm<[](V a, V b) { return horizontal<T, 16>(a, b, F); }>();
}

template <class T, auto F>
Handlers lanes_form(const Form& form) {
  return on_either<[](V a, V b) { return map<T>(a, b, F); }>(form);
}

constexpr auto kAdd = [](auto a, auto b) { return static_cast<u32>(a) + static_cast<u32>(b); };
constexpr auto kSubtract = [](auto a, auto b) { return static_cast<u32>(a) - static_cast<u32>(b); };
constexpr auto kAddSaturate = [](i16 a, i16 b) { return saturate<i16>(a + b); };
constexpr auto kSubtractSaturate = [](i16 a, i16 b) { return saturate<i16>(a - b); };
constexpr auto kSign = [](auto a, auto b) {
  return b < 0 ? 0u - static_cast<u32>(a) : b == 0 ? 0u : static_cast<u32>(a);
};
constexpr auto kAbsolute = [](auto, auto b) {
  return b < 0 ? 0u - static_cast<u32>(b) : static_cast<u32>(b);
};
constexpr auto kMultiplyRound = [](i16 a, i16 b) { return (((i32{a} * b) >> 14) + 1) >> 1; };

/// Unsigned bytes of `a` times signed bytes of `b`, neighbouring products added with saturation.
V multiply_add_bytes(V a, V b) {
  const Lanes<u8> x(a);
  const Lanes<i8> y(b);
  Lanes<i16> r;
  for (unsigned i = 0; i < 8; ++i) r[i] = saturate<i16>(x[2 * i] * y[2 * i] + x[2 * i + 1] * y[2 * i + 1]);
  return r.value();
}

template <unsigned kBytes>
V shuffle_bytes(V a, V b) {
  const Lanes<u8> x(a), y(b);
  Lanes<u8> r;
  for (unsigned i = 0; i < kBytes; ++i) r[i] = (y[i] & 0x80) ? u8{0} : x[y[i] & (kBytes - 1)];
  return r.value();
}

/// The bytes of a:b (a above b) from byte `first` on.
template <unsigned kBytes>
V align_right(V a, V b, u8 first) {
  const Lanes<u8> x(a), y(b);
  Lanes<u8> r;
  for (unsigned i = 0; i < kBytes; ++i) {
    const unsigned at = i + first;
    r[i] = at < kBytes ? y[at] : at < 2 * kBytes ? x[at - kBytes] : u8{0};
  }
  return r.value();
}

}  // namespace

Handlers packed_ssse3(const Form& form, Op&) {
  using enum decode::Mnemonic;
  switch (form.mnemonic) {
    case PHADDW: return horizontal_form<i16, kAdd>(form);
    case PHADDD: return horizontal_form<i32, kAdd>(form);
    case PHADDSW: return horizontal_form<i16, kAddSaturate>(form);
    case PHSUBW: return horizontal_form<i16, kSubtract>(form);
    case PHSUBD: return horizontal_form<i32, kSubtract>(form);
    case PHSUBSW: return horizontal_form<i16, kSubtractSaturate>(form);
    case PSIGNB: return lanes_form<i8, kSign>(form);
    case PSIGNW: return lanes_form<i16, kSign>(form);
    case PSIGND: return lanes_form<i32, kSign>(form);
    case PABSB: return lanes_form<i8, kAbsolute>(form);
    case PABSW: return lanes_form<i16, kAbsolute>(form);
    case PABSD: return lanes_form<i32, kAbsolute>(form);
    case PMULHRSW: return lanes_form<i16, kMultiplyRound>(form);
    case PMADDUBSW: return on_either<multiply_add_bytes>(form);
    case PSHUFB: return is_mmx(form) ? on_mmx<shuffle_bytes<8>>() : on_xmm<shuffle_bytes<16>>();
    case PALIGNR: return is_mmx(form) ? on_mmx<align_right<8>>() : on_xmm<align_right<16>>();
    default: return {};
  }
}

}  // namespace hvlab::execute
