// Bit fields of registers: the few operations that would otherwise be written as shifts everywhere.
#pragma once

#include "sim/base/types.hpp"

namespace hvlab {

/// The mask with only bit `n` set (0 <= n < 64).
constexpr u64 bit(unsigned n) { return u64{1} << n; }

/// True if bit `n` of `value` is set.
constexpr bool test_bit(u64 value, unsigned n) { return ((value >> n) & 1) != 0; }

/// Bits `high`..`low` (inclusive) of `value`, moved down to bit 0.
constexpr u64 bits(u64 value, unsigned high, unsigned low) {
  return (value >> low) & (~u64{0} >> (63 - (high - low)));
}

/// The mask with the low `n` bits set (0 <= n <= 64).
constexpr u64 low_mask(unsigned n) { return n >= 64 ? ~u64{0} : bit(n) - 1; }

/// `value` with its low `n` bits (1 <= n <= 64) taken as a two's complement number.
constexpr i64 sign_extend(u64 value, unsigned n) { return static_cast<i64>(value << (64 - n)) >> (64 - n); }

/// `value` rounded down / up to a multiple of `alignment`, a power of two.
constexpr u64 align_down(u64 value, u64 alignment) { return value & ~(alignment - 1); }
constexpr u64 align_up(u64 value, u64 alignment) { return (value + alignment - 1) & ~(alignment - 1); }

/// `value` * `numerator` / `denominator`, rounded down, without overflow in between.
constexpr u64 scale(u64 value, u64 numerator, u64 denominator) {
  return static_cast<u64>(static_cast<unsigned __int128>(value) * numerator / denominator);
}

/// As scale(), rounded up.
constexpr u64 scale_up(u64 value, u64 numerator, u64 denominator) {
  return static_cast<u64>((static_cast<unsigned __int128>(value) * numerator + denominator - 1) /
                          denominator);
}

}  // namespace hvlab
