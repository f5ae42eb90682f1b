#include "sim/cluster/demand.hpp"

#include <algorithm>

#include "sim/cluster/random.hpp"

namespace hvlab::cluster {

namespace {

constexpr u32 kAll = 1000;

// From 0 to 1000 as x goes from 0 to 1000, level at both ends: 3x^2 - 2x^3, in whole numbers so that it is
// the same on every host.
u32 ease(u64 x) { return static_cast<u32>((3 * x * x * kAll - 2 * x * x * x) / (u64{kAll} * kAll)); }

u32 peak(const Demand& demand, Nanoseconds at) {
  const Nanoseconds into = (at + demand.period - demand.phase % demand.period) % demand.period;
  const Nanoseconds away = std::min(into, demand.period - into);
  const Nanoseconds half = demand.width / 2;
  if (half == 0 || away >= half) return demand.low;
  const u32 height = ease(kAll - away * kAll / half);
  return demand.low + (demand.high - demand.low) * height / kAll;
}

u32 bursts(const Demand& demand, u64 seed, u64 subject, Nanoseconds at) {
  const Nanoseconds room = demand.period - std::min(demand.width, demand.period);
  const u64 random = random_bits(seed, Draw::Burst, subject, at / demand.period);
  const auto begin = static_cast<Nanoseconds>(Sum{room} * random >> 64);
  const Nanoseconds into = at % demand.period;
  return into >= begin && into < begin + demand.width ? demand.high : demand.low;
}

u32 traced(const std::vector<u16>& samples, Nanoseconds apart, Nanoseconds at) {
  return samples.empty() ? 0 : samples[at / apart % samples.size()];
}

u32 with_noise(u32 value, u32 noise, u64 seed, u64 subject, Nanoseconds at) {
  if (noise == 0) return value;
  const u32 up = value + random_below(2 * noise + 1, seed, Draw::DemandNoise, subject, at / kMinutes);
  return up < noise ? 0 : up - noise;
}

}  // namespace

u32 demand_at(const Demand& demand, std::span<const std::vector<u16>> traces, u64 seed, u64 subject,
              Nanoseconds at) {
  u32 value = demand.low;
  switch (demand.shape) {
    case DemandShape::Constant: break;
    case DemandShape::Peak: value = peak(demand, at); break;
    case DemandShape::Bursts: value = bursts(demand, seed, subject, at); break;
    case DemandShape::Trace: value = traced(traces[demand.trace], demand.period, at); break;
  }
  return std::min(with_noise(value, demand.noise, seed, subject, at), kAll);
}

}  // namespace hvlab::cluster
