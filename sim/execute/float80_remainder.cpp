// FPREM, FPREM1: long division of significands.
#include "sim/execute/float80_parts.hpp"

namespace hvlab::execute::x87 {

namespace {

/// The quotient's three low bits, in their places in the status word.
u16 quotient_bits(unsigned q) {
  return static_cast<u16>(((q & 1) != 0 ? status::kC1 : 0) | ((q & 2) != 0 ? status::kC3 : 0) |
                          ((q & 4) != 0 ? status::kC0 : 0));
}

/// The remainder in units of 2^(exponent - 63) is a, of the sign; exact.
u16 deliver(u16 control, bool negative, int exponent, u128 a, Float80& r) {
  if (a != 0) return round(control, wide(negative, exponent + 64, a), false, r);
  r = zero(negative);
  return 0;
}

/// Exponents 64 or more apart: takes off as much as leaves a difference below that, or 32 to 63 bits of the
/// quotient (the manual leaves the number to the processor).
u16 partial(u16 control, const Number& x, const Number& y, Float80& r) {
  const int apart = x.exponent - y.exponent, taken = 32 + apart % 32;
  const u128 rest = (u128{x.significand} << taken) % y.significand;
  return status::kC2 | deliver(control, x.negative, y.exponent + apart - taken, rest, r);
}

u16 divide(u16 control, const Number& x, const Number& y, bool nearest, Float80& r) {
  const int apart = x.exponent - y.exponent;
  if (apart >= 64) return partial(control, x, y, r);
  if (apart < (nearest ? -1 : 0)) return deliver(control, x.negative, x.exponent, x.significand, r);
  const bool smaller = apart < 0;
  const u128 dividend = smaller ? u128{x.significand} : u128{x.significand} << apart;
  const u128 divisor = u128{y.significand} << (smaller ? 1 : 0);
  auto q = static_cast<unsigned>(dividend / divisor);
  u128 rest = dividend % divisor;
  bool negative = x.negative;
  if (nearest && (2 * rest > divisor || (2 * rest == divisor && (q & 1) != 0))) {
    rest = divisor - rest;
    negative = !negative;
    ++q;
  }
  return quotient_bits(q) | deliver(control, negative, smaller ? x.exponent : y.exponent, rest, r);
}

u16 remainder_of(u16 control, const Float80& st0, const Float80& st1, bool nearest, Float80& r) {
  const Number x(st0), y(st1);
  if (x.nan() || y.nan()) return nan_result(st0, st1, r);
  if (x.infinite() || y.zero()) return invalid(r);
  const u16 flags = x.denormal || y.denormal ? status::kDenormal : u16{0};
  if ((flags & ~control) != 0 || x.zero()) {
    r = st0;
    return flags;
  }
  if (y.infinite()) return flags | deliver(control, x.negative, x.exponent, x.significand, r);
  return flags | divide(control, x, y, nearest, r);
}

}  // namespace

u16 fprem(u16 control, const Float80& st0, const Float80& st1, Float80& r) {
  return remainder_of(control, st0, st1, false, r);
}
u16 fprem1(u16 control, const Float80& st0, const Float80& st1, Float80& r) {
  return remainder_of(control, st0, st1, true, r);
}

}  // namespace hvlab::execute::x87
