// Lazy status flags: arithmetic keeps its result and its carries; a flag is worked out when someone asks.
#pragma once

#include <bit>

#include "sim/arch/registers.hpp"

namespace hvlab::cpu {

/// The six status flags in two words.
///   result   the last result, sign-extended to 64 bits: ZF = (result == 0), SF = its sign, PF = parity of
///   its low byte carries  bit 63 = CF; bit 62 = CF xor OF; bit 3 = AF; bit 8 inverts SF; bits 16..23 are
///   exclusive-ored into
///            the byte whose parity is PF (the last two express flags that no one result could have)
struct Flags {
  i64 result = 1;
  u64 carries = 0;

  static constexpr u64 kCarry = u64{1} << 63, kCarryXorOverflow = u64{1} << 62, kAdjust = 8,
                       kSignDelta = 0x100, kParityShift = 16;

  constexpr bool cf() const { return static_cast<i64>(carries) < 0; }
  constexpr bool of() const { return static_cast<i64>(carries ^ (carries << 1)) < 0; }
  constexpr bool zf() const { return result == 0; }
  constexpr bool sf() const { return ((static_cast<u64>(result) >> 63) ^ ((carries >> 8) & 1)) != 0; }
  constexpr bool af() const { return (carries & kAdjust) != 0; }
  constexpr bool pf() const {
    return (std::popcount(static_cast<u8>(static_cast<u64>(result) ^ (carries >> kParityShift))) & 1) == 0;
  }

  /// The flags in RFLAGS' bit positions.
  constexpr u64 status() const {
    using namespace arch::flag;
    return (cf() ? kCf : 0) | (pf() ? kPf : 0) | (af() ? kAf : 0) | (zf() ? kZf : 0) | (sf() ? kSf : 0) |
           (of() ? kOf : 0);
  }

  /// Flags equal to the status bits of `value`.
  static constexpr Flags from_status(u64 value) {
    using namespace arch::flag;
    Flags f;
    const bool zero = (value & kZf) != 0, sign = (value & kSf) != 0, carry = (value & kCf) != 0,
               overflow = (value & kOf) != 0;
    f.result = zero ? 0 : 0x100;  // parity of the low byte is even in both
    f.carries = (carry ? kCarry : 0) | (carry != overflow ? kCarryXorOverflow : 0) |
                ((value & kAf) ? kAdjust : 0) | (sign ? kSignDelta : 0) |
                ((value & kPf) ? 0 : u64{1} << kParityShift);
    return f;
  }

  /// CF replaced, the others kept.
  constexpr void set_cf(bool on) {
    const bool overflow = of();
    carries = (carries & ~(kCarry | kCarryXorOverflow)) | (on ? kCarry : 0) |
              (on != overflow ? kCarryXorOverflow : 0);
  }
  /// CF and OF replaced, the others kept.
  constexpr void set_cf_of(bool carry, bool overflow) {
    carries = (carries & ~(kCarry | kCarryXorOverflow)) | (carry ? kCarry : 0) |
              (carry != overflow ? kCarryXorOverflow : 0);
  }
  /// ZF replaced, the others kept.
  constexpr void set_zf(bool on) {
    using namespace arch::flag;
    *this = from_status((status() & ~kZf) | (on ? kZf : 0));
  }
  /// All six replaced by RFLAGS-positioned bits.
  constexpr void set_status(u64 value) { *this = from_status(value); }
};

}  // namespace hvlab::cpu
