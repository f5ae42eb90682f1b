// Catches demands beyond a machine's processors, and random numbers that depend on who asked before.
#include "sim/cluster/demand.hpp"

#include <algorithm>
#include <catch2/catch.hpp>

#include "sim/cluster/random.hpp"

namespace hvlab::cluster {

TEST_CASE("a daily peak is at its time, half way at half its width, and flat at night") {
  Demand demand{DemandShape::Peak, 100, 900};
  demand.phase = 14 * kHours;
  demand.width = 8 * kHours;
  const auto at = [&](Nanoseconds time) { return demand_at(demand, {}, 1, 0, time); };
  CHECK(at(14 * kHours) == 900);
  CHECK(at(38 * kHours) == 900);
  CHECK(at(12 * kHours) == 500);
  CHECK(at(16 * kHours) == 500);
  CHECK(at(10 * kHours) == 100);
  CHECK(at(2 * kHours) == 100);
  for (Nanoseconds t = 10 * kHours; t < 14 * kHours; t += kMinutes) REQUIRE(at(t) <= at(t + kMinutes));
}

TEST_CASE("bursts take their part of the time, each machine's at its own times") {
  Demand demand{DemandShape::Bursts, 50, 1000};
  demand.period = kHours;
  demand.width = 6 * kMinutes;
  unsigned high = 0, both = 0, all = 0;
  for (Nanoseconds t = 0; t < 100 * kHours; t += kMinutes / 4) {
    const bool one = demand_at(demand, {}, 7, 1, t) == 1000;
    high += one;
    both += one && demand_at(demand, {}, 7, 2, t) == 1000;
    ++all;
  }
  CHECK(high == Approx(all * 0.1).epsilon(0.05));
  CHECK(both < high / 4);
}

TEST_CASE("a trace repeats its samples; noise stays within its bounds and within the machine") {
  const std::vector<std::vector<u16>> traces = {{10, 990, 500}};
  Demand demand{DemandShape::Trace};
  demand.period = 5 * kMinutes;
  CHECK(demand_at(demand, traces, 1, 0, 0) == 10);
  CHECK(demand_at(demand, traces, 1, 0, 9 * kMinutes) == 990);
  CHECK(demand_at(demand, traces, 1, 0, 29 * kMinutes) == 500);
  demand.noise = 30;
  u32 least = 1000, most = 0;
  for (u64 machine = 0; machine < 300; ++machine) {
    const u32 value = demand_at(demand, traces, 1, machine, 10 * kMinutes);
    least = std::min(least, value), most = std::max(most, value);
    REQUIRE(demand_at(demand, traces, 1, machine, 0) <= 40);
    REQUIRE(demand_at(demand, traces, 1, machine, 5 * kMinutes) <= 1000);
  }
  CHECK(least >= 470);
  CHECK(least < 475);
  CHECK(most <= 530);
  CHECK(most > 525);
}

TEST_CASE("random numbers are those of their purpose, subject and step alone") {
  CHECK(random_bits(1, Draw::Burst, 2, 3) == random_bits(1, Draw::Burst, 2, 3));
  CHECK(random_bits(1, Draw::Burst, 2, 3) != random_bits(2, Draw::Burst, 2, 3));
  CHECK(random_bits(1, Draw::Burst, 2, 3) != random_bits(1, Draw::Fault, 2, 3));
  CHECK(random_bits(1, Draw::Burst, 2, 3) != random_bits(1, Draw::Burst, 3, 2));
  u64 sum = 0;
  for (u64 i = 0; i < 10'000; ++i) sum += random_below(1000, 5, Draw::Generator, i, 0);
  CHECK(static_cast<double>(sum) / 10'000 == Approx(499.5).epsilon(0.02));
}

TEST_CASE("demand grows or shrinks over years, and has seasons") {
  Demand demand{DemandShape::Constant, 400};
  const auto on_day = [&](u64 day) { return demand_at(demand, {}, 1, 0, day * kDays); };
  demand.growth = 500;
  CHECK(on_day(0) == 400);
  CHECK(on_day(365) == 600);
  CHECK(on_day(730) == 800);
  CHECK(on_day(36'500) == 1000);
  demand.growth = -500;
  CHECK(on_day(365) == 200);
  CHECK(on_day(36'500) == 0);
  demand.growth = 0;
  demand.season = 250;
  demand.season_day = 100;
  CHECK(on_day(100) == 500);
  CHECK(on_day(465) == 500);
  CHECK(demand_at(demand, {}, 1, 0, 100 * kDays + 365 * kDays / 2) == 300);
}

TEST_CASE("a peak may be lower than the rest") {
  const Demand dip{DemandShape::Peak, 500, 100, 0, 0, kDays, kHours, 2 * kHours};
  CHECK(demand_at(dip, {}, 1, 0, kHours) == 100);
  CHECK(demand_at(dip, {}, 1, 0, 12 * kHours) == 500);
}

}  // namespace hvlab::cluster
