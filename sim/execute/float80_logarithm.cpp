// F2XM1, FYL2X, FYL2XP1.
#include "sim/execute/float80_parts.hpp"

namespace hvlab::execute::x87 {

namespace {

constexpr auto kExponentialSeries = reciprocal_factorials<29>(2, 1);
constexpr auto kArtanhSeries = odd_reciprocals<24>();

/// 2^x - 1 = t (1 + t/2! + t^2/3! ...), t = x ln 2, |x| < 1.
Wide exponential(const Wide& x) {
  const Wide t = x * kLn2;
  return t * (t.negative ? alternating_sum(kExponentialSeries, fraction(t))
                         : sum(kExponentialSeries, fraction(t)));
}

/// log2((1 + s) / (1 - s)) = 2 artanh(s) / ln 2, |s| < 0.18.
Wide logarithm_of_ratio(const Wide& s) { return s * sum(kArtanhSeries, fraction(s * s)) * kTwoByLn2; }

struct Logarithm {
  bool zero;
  Wide value;
};

/// log2(x), x > 0: x = 2^exponent * m with m between sqrt 1/2 and sqrt 2.
Logarithm logarithm(const Wide& x) {
  constexpr u128 kSqrt2 = join(0xB504'F333'F9DE'6484, 0);
  const bool halved = x.significand > kSqrt2;
  const int exponent = x.exponent + (halved ? 1 : 0);
  const u128 m = halved ? x.significand >> 1 : x.significand;  // in units of 2^-127
  const u128 difference = m > kTop ? m - kTop : kTop - m;
  const bool below = m < kTop;
  if (difference == 0) {
    if (exponent == 0) return {true, {}};
    return {false, wide(exponent < 0, 127, static_cast<u128>(exponent < 0 ? -exponent : exponent))};
  }
  const Wide sum_with_one = wide(false, 1, (m >> 1) + (kTop >> 1));
  const Wide of_m = logarithm_of_ratio(wide(below, 0, difference) / sum_with_one);
  if (exponent == 0) return {false, of_m};
  constexpr int kFraction = 112;
  const bool negative = exponent < 0;  // |exponent| >= 1 > |log2 m|: the exponent gives the sign
  const u128 whole = static_cast<u128>(negative ? -exponent : exponent) << kFraction,
             part = fixed(of_m, kFraction);
  return {false, wide(negative, 127 - kFraction, negative == below ? whole + part : whole - part)};
}

/// x + 1, x > -1.
Wide plus_one(const Wide& x) {
  if (x.exponent >= 126) return x;
  if (x.exponent >= 0) return wide(false, x.exponent + 1, (x.significand >> 1) + (kTop >> 1 >> x.exponent));
  const u128 part = fixed(x, 126), one = kTop >> 1;
  return wide(false, 1, x.negative ? one - part : one + part);
}

/// log2(x + 1), x > -1. Near 0 by s = x / (2 + x), where x + 1 would lose what matters.
Logarithm logarithm_plus_one(const Wide& x) {
  if (x.exponent >= -2) return logarithm(plus_one(x));
  const u128 part = fixed(x, 126), two = kTop;
  return {false, logarithm_of_ratio(x / wide(false, 1, x.negative ? two - part : two + part))};
}

/// y times a logarithm, neither of them infinite.
u16 product(u16 control, const Number& y, const Logarithm& logarithm, bool logarithm_negative, Float80& r) {
  if (y.zero() || logarithm.zero) {
    r = zero(y.negative != logarithm_negative);
    return 0;
  }
  return round(control, y.wide() * logarithm.value, true, r);
}

u16 denormal_flag(const Number& x, const Number& y) {
  return x.denormal || y.denormal ? status::kDenormal : u16{0};
}

bool withheld(u16 control, u16 flags) { return (flags & ~control & status::kDenormal) != 0; }

}  // namespace

u16 f2xm1(u16 control, const Float80& a, Float80& r) {
  using enum Number::Kind;
  const Number n(a);
  if (n.nan()) return nan_result(a, r);
  r = a;
  if (n.infinite() && n.negative) r = {kOne.significand, 0xBFFF};
  if (n.infinite() || n.zero()) return 0;
  const u16 flags = n.denormal ? status::kDenormal : u16{0};
  if (withheld(control, flags)) return flags;
  if (n.exponent < 0) return flags | round(control, exponential(n.wide()), true, r);
  if (n.negative && n.exponent == 0 && n.significand == kOne.significand) r = {kOne.significand, 0xBFFE};
  return status::kPrecision;
}

u16 fyl2x(u16 control, const Float80& st0, const Float80& st1, Float80& r) {
  const Number x(st0), y(st1);
  if (x.nan() || y.nan()) return nan_result(st0, st1, r);
  if (x.zero()) {
    if (y.zero()) return invalid(r);
    r = infinity(!y.negative);
    return y.infinite() ? u16{0} : status::kDivideByZero;
  }
  if (x.negative) return invalid(r);
  const bool one = x.exponent == 0 && x.significand == kOne.significand && !x.infinite();
  if ((y.infinite() && one) || (x.infinite() && y.zero())) return invalid(r);
  const u16 flags = denormal_flag(x, y);
  if (withheld(control, flags)) return flags;
  const bool negative = !x.infinite() && x.exponent < 0;
  if (x.infinite() || y.infinite()) {
    r = infinity(y.negative != negative);
    return flags;
  }
  return flags | product(control, y, logarithm(x.wide()), negative, r);
}

u16 fyl2xp1(u16 control, const Float80& st0, const Float80& st1, Float80& r) {
  const Number x(st0), y(st1);
  if (x.nan() || y.nan()) return nan_result(st0, st1, r);
  const bool minus_one = x.negative && x.exponent == 0 && x.significand == kOne.significand && !x.infinite();
  if (x.negative && (x.infinite() || (x.exponent >= 0 && !x.zero() && !minus_one))) return invalid(r);
  if ((x.zero() && y.infinite()) || ((x.infinite() || minus_one) && y.zero())) return invalid(r);
  const u16 flags = denormal_flag(x, y);
  if (withheld(control, flags)) return flags;
  if (x.infinite() || y.infinite() || minus_one) {
    r = infinity(y.negative != x.negative);
    return minus_one && !y.infinite() ? static_cast<u16>(flags | status::kDivideByZero) : flags;
  }
  const Logarithm value = x.zero() ? Logarithm{true, {}} : logarithm_plus_one(x.wide());
  return flags | product(control, y, value, x.negative, r);
}

}  // namespace hvlab::execute::x87
