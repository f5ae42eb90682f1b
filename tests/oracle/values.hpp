// Random operands that hit the corners.
#pragma once

#include "case.hpp"

namespace hvlab::oracle {

/// A repeatable stream of random bits.
class Random {
 public:
  explicit Random(u64 seed) : state_(seed) {}
  u64 next();
  u64 below(u64 n) { return next() % n; }
  bool one_in(u64 n) { return below(n) == 0; }
  u32 next32() { return static_cast<u32>(next() >> 32); }
  u8 next8() { return static_cast<u8>(next() >> 56); }

 private:
  u64 state_;
};

u64 integer(Random& random);
u32 single_precision(Random& random);
u64 double_precision(Random& random);
FxImage::Slot extended_precision(Random& random);

/// Fills memory with a mixture of all of them.
void fill(Random& random, u8* to, size_t bytes);
/// General registers, flags, x87, XMM, MXCSR; no addresses yet.
void fill(Random& random, Registers& registers);

}  // namespace hvlab::oracle
