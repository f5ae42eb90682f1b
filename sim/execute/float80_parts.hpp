// Operands taken apart and results put together, for the x87 functions that are computed here (float80.hpp).
#pragma once

#include "sim/execute/float80.hpp"
#include "sim/execute/float80_wide.hpp"
#include "sim/execute/x87.hpp"

namespace hvlab::execute::x87 {

/// What an 80-bit encoding stands for (SDM vol. 1, tables 8-3 and 4-3).
struct Number {
  enum class Kind : u8 { Zero, Finite, Infinity, QuietNan, SignalingNan, Unsupported };
  Kind kind;
  bool negative;
  bool denormal;    // denormal or pseudo-denormal
  int exponent;     // of Finite: significand * 2^(exponent - 63), top bit set
  u64 significand;  // of NaN: as it stands

  explicit Number(const Float80& a);
  bool zero() const { return kind == Kind::Zero; }
  bool infinite() const { return kind == Kind::Infinity; }
  bool nan() const { return kind >= Kind::QuietNan; }
  Wide wide() const { return {negative, exponent, u128{significand} << 64}; }
};

constexpr Float80 zero(bool negative) { return {0, static_cast<u16>(negative ? 0x8000 : 0)}; }
constexpr Float80 infinity(bool negative) {
  return {u64{1} << 63, static_cast<u16>(negative ? 0xFFFF : 0x7FFF)};
}
inline constexpr Float80 kOne{u64{1} << 63, 0x3FFF};

/// The result if an operand is a NaN or unsupported (SDM vol. 1, table 4-7), and its flags. Ask only then.
u16 nan_result(const Float80& a, Float80& r);
u16 nan_result(const Float80& a, const Float80& b, Float80& r);
/// An operation with no result: the default NaN, IE.
u16 invalid(Float80& r);

/// a rounded as the control word says to 64 bits, with overflow and underflow; returns flags and C1. A number
/// of which more follows behind its 128 bits is inexact, although these may look exact.
u16 round(u16 control, const Wide& a, bool inexact, Float80& r);

}  // namespace hvlab::execute::x87
