// FSIN, FCOS, FSINCOS, FPTAN: series around the nearest multiple of pi/2.
#include "sim/execute/float80_parts.hpp"

namespace hvlab::execute::x87 {

namespace {

/// pi as the x87 unit has it: 66 bits (SDM vol. 1, 8.3.8); in units of 2^-64.
constexpr u128 kPi66 = join(0x3, 0x243F'6A88'85A3'08D3);

constexpr auto kSineSeries = reciprocal_factorials<16>(3, 2);
constexpr auto kCosineSeries = reciprocal_factorials<16>(2, 2);

/// An angle as quadrant * pi/2 + rest, |rest| <= pi/4.
struct Reduced {
  unsigned quadrant;  // modulo 4
  Wide rest;
};

/// |x| < 2^63. The remainder is exact, and never 0: this pi is an odd number of 66 bits, and x has only 64.
Reduced reduce(const Wide& x) {
  if (x.exponent < -1) return {0, x};
  const u128 units = fixed(x, 65), right_angle = kPi66;  // in units of 2^-65
  auto quadrant = static_cast<unsigned>(units / right_angle);
  u128 rest = units % right_angle;
  bool negative = x.negative;
  if (rest > right_angle / 2) {
    rest = right_angle - rest;
    negative = !negative;
    ++quadrant;
  }
  return {(x.negative ? 0u - quadrant : quadrant) & 3, wide(negative, 127 - 65, rest)};
}

/// Sine and cosine of the rest.
Wide sine_near_zero(const Wide& rest) { return rest * alternating_sum(kSineSeries, fraction(rest * rest)); }
Wide cosine_near_zero(const Wide& rest) { return alternating_sum(kCosineSeries, fraction(rest * rest)); }

Wide sine(Reduced angle) {
  Wide r = (angle.quadrant & 1) != 0 ? cosine_near_zero(angle.rest) : sine_near_zero(angle.rest);
  r.negative ^= (angle.quadrant & 2) != 0;
  return r;
}
Wide cosine(Reduced angle) { return sine({angle.quadrant + 1, angle.rest}); }

/// Tangent. Of a tiny rest it is the rest and a little more, which a quotient of cut numbers would lose; the
/// last bit stands for it.
Wide tangent(Reduced angle) {
  constexpr int kTiny = -62;
  if ((angle.quadrant & 1) != 0 || angle.rest.exponent >= kTiny) return sine(angle) / cosine(angle);
  return {angle.rest.negative, angle.rest.exponent, angle.rest.significand | 1};
}

/// What all four instructions do with operands that have no sine. True: done, `flags` is the status.
bool no_angle(u16 control, const Float80& a, const Number& n, Float80& r, u16& flags) {
  if (n.nan()) {
    flags = nan_result(a, r);
  } else if (n.infinite()) {
    flags = invalid(r);
  } else if (n.kind == Number::Kind::Finite && n.exponent >= 63) {
    r = a;
    flags = status::kC2;
  } else if (n.denormal && (control & status::kDenormal) == 0) {
    r = a;
    flags = status::kDenormal;
  } else {
    flags = n.denormal ? status::kDenormal : u16{0};
    return false;
  }
  return true;
}

/// `function` of angle `a`; `at_zero` is its value for 0.
template <class F>
u16 of_angle(u16 control, const Float80& a, const Float80& at_zero, F function, Float80& r) {
  const Number n(a);
  u16 flags;
  if (no_angle(control, a, n, r, flags)) return flags;
  if (n.zero()) {
    r = at_zero;
    return flags;
  }
  return flags | round(control, function(reduce(n.wide())), true, r);
}

}  // namespace

u16 fsin(u16 control, const Float80& a, Float80& r) { return of_angle(control, a, a, sine, r); }
u16 fcos(u16 control, const Float80& a, Float80& r) { return of_angle(control, a, kOne, cosine, r); }

u16 fsincos(u16 control, const Float80& a, Float80& sine_result, Float80& pushed_cosine) {
  const Number n(a);
  u16 flags;
  if (no_angle(control, a, n, sine_result, flags)) {
    pushed_cosine = sine_result;
    return flags;
  }
  if (n.zero()) {
    sine_result = a;
    pushed_cosine = kOne;
    return flags;
  }
  const Reduced angle = reduce(n.wide());
  const u16 of_sine = round(control, sine(angle), true, sine_result);
  const u16 of_cosine = round(control, cosine(angle), true, pushed_cosine);
  return static_cast<u16>(flags | (of_sine & ~status::kC1) | of_cosine);  // C1 speaks of the last result
}

u16 fptan(u16 control, const Float80& a, Float80& tangent_result, Float80& pushed_one) {
  const Number n(a);
  u16 flags;
  if (no_angle(control, a, n, tangent_result, flags)) {
    pushed_one = tangent_result;
    return flags;
  }
  pushed_one = kOne;
  return of_angle(control, a, a, tangent, tangent_result);
}

}  // namespace hvlab::execute::x87
