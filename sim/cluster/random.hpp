// Random numbers as a function of what they are for: no state, so that nothing depends on who asks first.
#pragma once

#include "sim/cluster/types.hpp"

namespace hvlab::cluster {

/// What a number is drawn for. A new use is a new line, so that it leaves the others' numbers alone.
enum class Draw : u8 { DemandNoise, Burst, Generator, Fault };

/// 64 random bits for `use`, of `subject` (a virtual machine, a host), the `step`-th time. The mixing steps
/// are SplitMix64's (Steele, Lea, Flood, OOPSLA 2014).
constexpr u64 random_bits(u64 seed, Draw use, u64 subject, u64 step) {
  u64 x = seed;
  for (const u64 part : {static_cast<u64>(use), subject, step}) {
    x += part + 0x9E3779B97F4A7C15;
    x = (x ^ (x >> 30)) * 0xBF58476D1CE4E5B9;
    x = (x ^ (x >> 27)) * 0x94D049BB133111EB;
    x ^= x >> 31;
  }
  return x;
}

/// Uniform in 0 .. below - 1; `below` is not 0.
constexpr u32 random_below(u32 below, u64 seed, Draw use, u64 subject, u64 step) {
  return static_cast<u32>((random_bits(seed, use, subject, step) >> 32) * below >> 32);
}

}  // namespace hvlab::cluster
