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
  const Nanoseconds into =
      (at % demand.period + demand.period - demand.phase % demand.period) % demand.period;
  const Nanoseconds away = std::min(into, demand.period - into);
  const Nanoseconds half = demand.width / 2;
  if (half == 0 || away >= half) return demand.low;
  const i32 height = static_cast<i32>(ease(kAll - away * kAll / half));
  return static_cast<u32>(demand.low + (demand.high - demand.low) * height / i32{kAll});
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

constexpr Nanoseconds kYear = 365 * kDays;

u64 scaled(u64 value, i64 thousandths) {
  return value * static_cast<u64>(std::max<i64>(thousandths, 0)) / kAll;
}

u32 over_months(const Demand& demand, u32 value, Nanoseconds at) {
  if (demand.growth == 0 && demand.season == 0) return value;
  const auto years = static_cast<i64>(saturated(Sum{at} * kAll / kYear) & 0xFFFFFFFF);  // thousandths
  const u64 grown = scaled(value, kAll + demand.growth * years / i64{kAll});
  const Nanoseconds into = (at % kYear + kYear - demand.season_day % 365 * kDays) % kYear;
  const Nanoseconds away = std::min(into, kYear - into);
  const i64 height = 2 * i64{ease(kAll - away * kAll / (kYear / 2))} - i64{kAll};
  return static_cast<u32>(std::min<u64>(scaled(grown, kAll + demand.season * height / i64{kAll}), kAll));
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
  value = over_months(demand, value, at);
  return std::min(with_noise(value, demand.noise, seed, subject, at), kAll);
}

}  // namespace hvlab::cluster
