// FPATAN.
#include "sim/execute/float80_parts.hpp"

namespace hvlab::execute::x87 {

namespace {

constexpr auto kSeries = odd_reciprocals<12>();

/// Of |z| <= 1/32.
constexpr Wide series(const Wide& z) { return z * alternating_sum(kSeries, fraction(z * z)); }

/// arctan(i / 32) in units of 2^-127, each from the one before: arctan(a) - arctan(b) = arctan((a - b) / (1 +
/// a b)).
constexpr unsigned kSteps = 32;
constexpr auto kTable = [] {
  std::array<u128, kSteps + 1> table{};
  for (unsigned i = 0; i < kSteps; ++i)
    table[i + 1] =
        table[i] +
        fixed(series(wide(false, 127, kSteps) / wide(false, 127, kSteps * kSteps + i * (i + 1))), 127);
  return table;
}();

/// arctan(z), 0 < z <= 1.
Wide arctangent(const Wide& z) {
  const u128 point = fixed(z, 127);
  const auto i = static_cast<unsigned>((point + (kTop >> 6)) >> 122);
  if (i == 0) return series(z);
  const u128 step = u128{i} << 122;
  if (point == step) return wide(false, 0, kTable[i]);
  const bool below = point < step;
  const Wide difference = wide(below, 0, below ? step - point : point - step);
  const u128 denominator = (kTop >> 1) + (fixed(z, 126) >> 5) * i;  // 1 + z i/32, in units of 2^-126
  const u128 rest = fixed(series(difference / wide(false, 1, denominator)), 127);
  return wide(false, 0, below ? kTable[i] - rest : kTable[i] + rest);
}

/// n/4 pi - angle or, if that is 0, angle.
Wide from_quarters(unsigned quarters, const Wide& angle) {
  if (quarters == 0) return angle;
  return wide(false, 2, quarters * fixed(kPi, 123) - fixed(angle, 125));
}

Wide quarters_of_pi(unsigned n) { return wide(false, 2, n * fixed(kPi, 123)); }

}  // namespace

u16 fpatan(u16 control, const Float80& st0, const Float80& st1, Float80& r) {
  const Number x(st0), y(st1);
  if (x.nan() || y.nan()) return nan_result(st0, st1, r);
  const u16 flags = x.denormal || y.denormal ? status::kDenormal : u16{0};
  if ((flags & ~control) != 0) return flags;
  Wide angle{};
  if (y.zero() || (x.infinite() && !y.infinite())) {
    if (!x.negative) {
      r = zero(y.negative);
      return flags;
    }
    angle = quarters_of_pi(4);
  } else if (x.infinite()) {
    angle = quarters_of_pi(x.negative ? 3 : 1);
  } else if (y.infinite() || x.zero()) {
    angle = quarters_of_pi(2);
  } else {
    const Wide a = {false, x.exponent, x.wide().significand}, b = {false, y.exponent, y.wide().significand};
    const bool steep = b.exponent > a.exponent || (b.exponent == a.exponent && b.significand > a.significand);
    angle = arctangent(steep ? a / b : b / a);
    if (steep) angle = from_quarters(2, angle);
    if (x.negative) angle = from_quarters(4, angle);
  }
  angle.negative = y.negative;
  return flags | round(control, angle, true, r);
}

}  // namespace hvlab::execute::x87
