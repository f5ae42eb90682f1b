// Wires for device tests: an interrupt line and a message port that remember what was done to them.
#pragma once

#include <utility>
#include <vector>

#include "sim/ports/interrupt_line.hpp"
#include "sim/ports/message_interrupt.hpp"
#include "sim/ports/register_target.hpp"

namespace hvlab::test {

struct FakeLine final : InterruptLine {
  bool level = false;
  unsigned rises = 0;  // low-to-high transitions
  void set(bool asserted) override {
    if (asserted && !level) ++rises;
    level = asserted;
  }
};

struct FakeMessages final : MessageInterrupts {
  std::vector<std::pair<u64, u32>> sent;
  void send(u64 address, u32 data) override { sent.emplace_back(address, data); }
};

/// A small generator of our own for fuzz loops: the same numbers on every host (SplitMix64).
struct Random {
  u64 state;
  u64 next() {
    u64 z = state += 0x9E3779B97F4A7C15;
    z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9;
    z = (z ^ (z >> 27)) * 0x94D049BB133111EB;
    return z ^ (z >> 31);
  }
  u64 below(u64 n) { return next() % n; }
};

/// One hostile access: any offset up to `span`, any size, any value, reads and writes alike.
inline void poke(RegisterTarget& bank, Random& random, u64 span) {
  const u64 offset = random.below(span);
  const unsigned size = 1u << random.below(4);
  if (random.below(2) != 0) {
    bank.write(offset, size, random.next() >> random.below(64));
  } else {
    bank.read(offset, size);
  }
}

}  // namespace hvlab::test
