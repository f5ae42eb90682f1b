// One bit for each of the 256 vectors: IRR, ISR and TMR (SDM vol. 3, 11.8.4).
#pragma once

#include <array>
#include <bit>

#include "sim/base/types.hpp"

namespace hvlab::apic {

class InterruptSet {
 public:
  void set(u8 vector) { words_[vector / 32] |= u32{1} << (vector % 32); }
  void clear(u8 vector) { words_[vector / 32] &= ~(u32{1} << (vector % 32)); }
  void assign(u8 vector, bool value) { value ? set(vector) : clear(vector); }
  bool test(u8 vector) const { return (words_[vector / 32] >> (vector % 32) & 1) != 0; }
  /// Vectors 32n to 32n + 31, as register n shows them; 0 <= n < 8.
  u32 word(unsigned n) const { return words_[n]; }
  /// The highest vector, or -1.
  int highest() const {
    for (unsigned n = 8; n-- > 0;) {
      if (words_[n] != 0) return static_cast<int>(32 * n + 31) - std::countl_zero(words_[n]);
    }
    return -1;
  }

 private:
  std::array<u32, 8> words_{};
};

}  // namespace hvlab::apic
