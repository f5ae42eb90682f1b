// Catches drift between cycles and time, and 64-bit overflow in between.
#include "sim/board/frequency.hpp"

#include <catch2/catch.hpp>

namespace hvlab::board {

TEST_CASE("a cycle's time leads back to the same cycle, after days as after one") {
  for (const u64 hertz : {1ull, 3ull, 1'193'182ull, 999'999'937ull, 3'300'000'000ull, 4'700'000'001ull}) {
    const Frequency frequency{hertz};
    const u64 last = frequency.cycle_at(200ull * 86400 * kSecond);
    for (u64 cycle = 0; cycle < last; cycle = cycle * 7 / 3 + 1) {
      CAPTURE(hertz, cycle);
      REQUIRE(frequency.cycle_at(frequency.time_of(cycle)) == cycle);
    }
  }
}

TEST_CASE("a deadline is reached by the first cycle at or after it, never by an earlier one") {
  const Frequency frequency{3'000'000'000};  // a cycle is 333 1/3 ps
  REQUIRE(frequency.cycle_at(0) == 0);
  REQUIRE(frequency.cycle_at(1) == 1);
  REQUIRE(frequency.cycle_at(1000) == 3);
  REQUIRE(frequency.cycle_at(1001) == 4);
}

TEST_CASE("time follows from the cycle count alone: a second holds exactly its hertz") {
  const Frequency frequency{2'999'999'999};
  REQUIRE(frequency.time_of(2'999'999'999) == kSecond);
  REQUIRE(frequency.time_of(2'999'999'999ull * 1'000'000) == kSecond * 1'000'000);
}

TEST_CASE("no deadline is no cycle") { REQUIRE(Frequency{1'000}.cycle_at(kNever) == kNever); }

}  // namespace hvlab::board
