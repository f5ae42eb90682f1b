// Encodings of 80 bits: classes, NaN results, rounding.
#include "sim/execute/float80_parts.hpp"

namespace hvlab::execute::x87 {

namespace {

constexpr int kBias = 16383, kSmallest = -16382, kLargest = 16383;
/// What a result gains or loses when it is delivered to a handler (SDM vol. 1, 8.5.4, 8.5.5).
constexpr int kExceptionBias = 24576;
constexpr u64 kInteger = u64{1} << 63, kQuiet = u64{1} << 62;

/// RC of the control word (SDM vol. 1, table 4-8).
enum class Rounding : u8 { Nearest, Down, Up, Truncate };

/// True if the magnitude whose next bits are `rest` (2^127 is half a unit) is to be rounded up.
bool rounds_up(Rounding rounding, bool negative, bool odd, u128 rest) {
  switch (rounding) {
    case Rounding::Nearest: return rest > kTop || (rest == kTop && odd);
    case Rounding::Down: return negative && rest != 0;
    case Rounding::Up: return !negative && rest != 0;
    default: return false;
  }
}

/// A significand rounded to 64 bits. If it grows to 2^64, it reads 0.
struct Rounded {
  u64 significand;
  bool up, inexact;
};
Rounded rounded(Rounding rounding, const Wide& a) {
  const auto high = static_cast<u64>(a.significand >> 64);
  const u128 rest = a.significand << 64;
  const bool up = rounds_up(rounding, a.negative, (high & 1) != 0, rest);
  return {high + (up ? 1 : 0), up, rest != 0};
}

/// a shifted down until its exponent is the smallest one; bits that fall out stay visible in the last.
Wide denormalized(const Wide& a) {
  const int shift = kSmallest - a.exponent;
  if (shift > 127) return {a.negative, kSmallest, 1};
  const bool lost = (a.significand << (128 - shift)) != 0;
  return {a.negative, kSmallest, a.significand >> shift | (lost ? 1u : 0u)};
}

u16 rounded_flags(bool inexact, bool up) {
  return static_cast<u16>((inexact ? status::kPrecision : 0) | (up ? status::kC1 : 0));
}

Float80 encode(bool negative, int exponent, u64 significand) {
  return {significand, static_cast<u16>((negative ? 0x8000 : 0) | (exponent + kBias))};
}

/// Masked overflow: infinity or the largest number (SDM vol. 1, table 4-10).
u16 overflow(Rounding rounding, bool negative, Float80& r) {
  const bool away = rounding == Rounding::Nearest || (rounding == Rounding::Down && negative) ||
                    (rounding == Rounding::Up && !negative);
  r = away ? infinity(negative) : encode(negative, kLargest, ~u64{0});
  return static_cast<u16>(status::kOverflow | rounded_flags(true, away));
}

u16 masked_underflow(Rounding rounding, const Wide& a, bool inexact, Float80& r) {
  const Rounded d = rounded(rounding, denormalized(a));
  r = {d.significand, static_cast<u16>((a.negative ? 0x8000 : 0) | (d.significand >> 63))};
  inexact = inexact || d.inexact;
  return static_cast<u16>((inexact ? status::kUnderflow : 0) | rounded_flags(inexact, d.up));
}

Float80 quieted(const Float80& a) { return {a.significand | kQuiet, a.sign_exponent}; }

}  // namespace

Number::Number(const Float80& a)
    : kind(Kind::Finite),
      negative((a.sign_exponent & 0x8000) != 0),
      denormal(false),
      exponent(0),
      significand(a.significand) {
  const int biased = a.sign_exponent & 0x7FFF;
  const bool integer = (significand & kInteger) != 0;
  if (biased == 0) {
    if (significand == 0) {
      kind = Kind::Zero;
      return;
    }
    denormal = true;
    const int shift = std::countl_zero(significand);
    significand <<= shift;
    exponent = kSmallest - shift;
  } else if (!integer) {
    kind = Kind::Unsupported;
  } else if (biased == 0x7FFF) {
    kind = significand == kInteger       ? Kind::Infinity
           : (significand & kQuiet) != 0 ? Kind::QuietNan
                                         : Kind::SignalingNan;
  } else {
    exponent = biased - kBias;
  }
}

u16 invalid(Float80& r) {
  r = kIndefinite;
  return status::kInvalid;
}

u16 nan_result(const Float80& a, Float80& r) {
  const Number n(a);
  if (n.kind == Number::Kind::Unsupported) return invalid(r);
  r = quieted(a);
  return n.kind == Number::Kind::SignalingNan ? status::kInvalid : u16{0};
}

u16 nan_result(const Float80& a, const Float80& b, Float80& r) {
  using enum Number::Kind;
  const Number m(a), n(b);
  if (m.kind == Unsupported || n.kind == Unsupported) return invalid(r);
  const u16 flags = m.kind == SignalingNan || n.kind == SignalingNan ? status::kInvalid : u16{0};
  if (!m.nan() || !n.nan()) {
    r = quieted(m.nan() ? a : b);
  } else if (m.kind != n.kind) {
    r = m.kind == QuietNan ? a : b;
  } else if (a.significand != b.significand) {
    r = quieted(a.significand > b.significand ? a : b);
  } else {
    r = quieted(m.negative ? b : a);
  }
  return flags;
}

u16 round(u16 control, const Wide& a, bool inexact, Float80& r) {
  const auto rounding = static_cast<Rounding>(control >> 10 & 3);
  const Rounded full = rounded(rounding, a);
  int exponent = a.exponent + (full.significand == 0 ? 1 : 0);  // as if exponents had no end
  const u64 significand = full.significand == 0 ? kInteger : full.significand;
  inexact = inexact || full.inexact;
  u16 flags = rounded_flags(inexact, full.up);
  if (exponent < kSmallest) {
    if ((control & status::kUnderflow) != 0) return masked_underflow(rounding, a, inexact, r);
    exponent += kExceptionBias;
    flags |= status::kUnderflow;
  } else if (exponent > kLargest) {
    if ((control & status::kOverflow) != 0) return overflow(rounding, a.negative, r);
    exponent -= kExceptionBias;
    flags |= status::kOverflow;
  }
  r = encode(a.negative, exponent, significand);
  return flags;
}

}  // namespace hvlab::execute::x87
