// Numbers of 128 bits, in which transcendentals are computed: 64 bits more than their results have. Integer
// arithmetic alone, and so the same bits on every host.
#pragma once

#include <array>
#include <bit>

#include "sim/base/types.hpp"

namespace hvlab::execute::x87 {

using u128 = unsigned __int128;

/// Not zero: significand * 2^(exponent - 127), the top bit of the significand set.
struct Wide {
  bool negative;
  int exponent;
  u128 significand;
};

inline constexpr u128 kTop = u128{1} << 127;

constexpr u128 join(u64 high, u64 low) { return u128{high} << 64 | low; }

/// v * 2^(exponent - 127), v not zero.
constexpr Wide wide(bool negative, int exponent, u128 v) {
  const auto high = static_cast<u64>(v >> 64), low = static_cast<u64>(v);
  const int shift = high != 0 ? std::countl_zero(high) : 64 + std::countl_zero(low);
  return {negative, exponent - shift, v << shift};
}

/// The upper half of a product: of two fractions (units of 2^-128), the fraction that is their product.
constexpr u128 high_product(u128 a, u128 b) {
  const u128 al = static_cast<u64>(a), ah = a >> 64, bl = static_cast<u64>(b), bh = b >> 64;
  const u128 low = al * bl, m1 = ah * bl, m2 = al * bh;
  const u128 middle = (low >> 64) + static_cast<u64>(m1) + static_cast<u64>(m2);
  return ah * bh + (m1 >> 64) + (m2 >> 64) + (middle >> 64);
}

constexpr Wide operator*(const Wide& a, const Wide& b) {
  return wide(a.negative != b.negative, a.exponent + b.exponent + 1,
              high_product(a.significand, b.significand));
}

/// The next 64 bits of rest / divisor, rest < divisor, the top bit of the divisor set: guessed from the
/// divisor's upper half and corrected.
constexpr u64 next_digit(u128& rest, u128 divisor) {
  const u128 high = divisor >> 64, low = static_cast<u64>(divisor);
  u128 digit = rest / high;
  if (digit >> 64 != 0) digit = ~u64{0};
  u128 left = rest - digit * high;
  while (left >> 64 == 0 && digit * low > left << 64) {
    --digit;
    left += high;
  }
  rest = (left << 64) - digit * low;
  return static_cast<u64>(digit);
}

constexpr Wide operator/(const Wide& a, const Wide& b) {
  const bool one = a.significand >= b.significand;  // the quotient has one bit before its point, or none
  u128 rest = one ? a.significand - b.significand : a.significand;
  const u64 high = next_digit(rest, b.significand), low = next_digit(rest, b.significand);
  const u128 behind = join(high, low);
  return {a.negative != b.negative, a.exponent - b.exponent - (one ? 0 : 1),
          one ? kTop | behind >> 1 : behind};
}

/// |a| in units of 2^-fraction_bits, cut; it must fit.
constexpr u128 fixed(const Wide& a, int fraction_bits) {
  const int shift = 127 - a.exponent - fraction_bits;
  return shift > 127 ? 0 : a.significand >> shift;
}
/// |a| < 1 as a fraction.
constexpr u128 fraction(const Wide& a) { return fixed(a, 128); }

/// Coefficients of a series behind its first term, which is 1; as fractions.
template <size_t N>
using Series = std::array<u128, N>;

/// 1 / (first + k * step)!
template <size_t N>
constexpr Series<N> reciprocal_factorials(unsigned first, unsigned step) {
  Series<N> series{};
  u128 value = ~u128{0};
  for (unsigned n = 2, k = 0; k < N; ++n) {
    value /= n;
    if (n == first + k * step) series[k++] = value;
  }
  return series;
}
/// 1/3, 1/5, 1/7 ...
template <size_t N>
constexpr Series<N> odd_reciprocals() {
  Series<N> series{};
  for (unsigned k = 0; k < N; ++k) series[k] = ~u128{0} / (2 * k + 3);
  return series;
}

/// 1 + z c0 + z^2 c1 + ..., between 1 and 2.
template <size_t N>
constexpr Wide sum(const Series<N>& c, u128 z) {
  u128 p = c[N - 1];
  for (size_t k = N - 1; k-- > 0;) p = c[k] + high_product(z, p);
  return {false, 0, kTop + (high_product(z, p) >> 1)};
}
/// 1 - z c0 + z^2 c1 - ..., between 1/2 and 1, and always less than 1, so that directed rounding of tiny
/// operands sees on which side the result lies.
template <size_t N>
constexpr Wide alternating_sum(const Series<N>& c, u128 z) {
  u128 p = c[N - 1];
  for (size_t k = N - 1; k-- > 0;) p = c[k] - high_product(z, p);
  const u128 difference = high_product(z, p);
  return {false, -1, difference == 0 ? ~u128{0} : -difference};
}

/// pi and ln 2, cut to 128 bits; 2 / ln 2.
inline constexpr Wide kPi{false, 1, join(0xC90F'DAA2'2168'C234, 0xC4C6'628B'80DC'1CD1)};
inline constexpr Wide kLn2{false, -1, join(0xB172'17F7'D1CF'79AB, 0xC9E3'B398'03F2'F6AF)};
inline constexpr Wide kTwo{false, 1, kTop};
inline constexpr Wide kTwoByLn2 = kTwo / kLn2;

}  // namespace hvlab::execute::x87
