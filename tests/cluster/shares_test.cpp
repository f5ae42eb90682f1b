// Catches processor time that appears, vanishes, or goes to the wrong claimant.
#include "sim/cluster/shares.hpp"

#include <algorithm>
#include <catch2/catch.hpp>
#include <vector>

#include "sim/cluster/random.hpp"

namespace hvlab::cluster {

namespace {

std::vector<Claimant> random_claimants(u64 seed) {
  std::vector<Claimant> all(1 + random_below(40, seed, Draw::Generator, 0, 0));
  for (u32 i = 0; i < all.size(); ++i) {
    const auto draw = [&](u32 below, u64 step) {
      return random_below(below, seed, Draw::Generator, i + 1, step);
    };
    all[i] = {draw(8000, 0), draw(3, 1) == 0 ? draw(2000, 2) : 0, 1 + draw(4000, 3)};
  }
  return all;
}

}  // namespace

TEST_CASE("all that there is is given, and no more than is wanted or less than is reserved") {
  for (u64 seed = 0; seed < 500; ++seed) {
    CAPTURE(seed);
    std::vector<Claimant> all = random_claimants(seed);
    const u32 capacity = random_below(100'000, seed, Draw::Generator, 99, 0);
    u64 wanted = 0, reserved = 0, sum = 0;
    for (const Claimant& c : all) wanted += c.wants, reserved += std::min(c.wants, c.reservation);
    const u64 given = divide(all, capacity);
    for (const Claimant& c : all) {
      sum += c.gets;
      REQUIRE(c.gets <= c.wants);
      if (reserved <= capacity) REQUIRE(c.gets >= std::min(c.wants, c.reservation));
    }
    REQUIRE(sum == given);
    REQUIRE(given ==
            std::min<u64>(wanted, reserved <= capacity ? capacity : std::min<u64>(reserved, capacity)));
  }
}

TEST_CASE("who gets less than it wants gets no less per share than anybody else, to a few MHz") {
  for (u64 seed = 0; seed < 200; ++seed) {
    CAPTURE(seed);
    std::vector<Claimant> all = random_claimants(seed);
    divide(all, 20'000);
    for (const Claimant& poor : all) {
      if (poor.gets == poor.wants) continue;
      for (const Claimant& rich : all) {
        if (rich.gets <= std::min(rich.wants, rich.reservation)) continue;
        // Rounding gives up to one step of the level, which is at most 1 + shares / 4096 MHz.
        REQUIRE((u64{poor.gets} + 2) * rich.shares + 1 >=
                (u64{rich.gets} - std::min(rich.gets, 2u)) * poor.shares);
      }
    }
  }
}

TEST_CASE("a reservation goes before shares, shares divide the rest: figures by hand") {
  std::vector<Claimant> two = {{4000, 0, 1000}, {4000, 0, 3000}};
  CHECK(divide(two, 4000) == 4000);
  CHECK(two[0].gets == 1000);
  CHECK(two[1].gets == 3000);
  std::vector<Claimant> reserved = {{4000, 2500, 1000}, {4000, 0, 3000}};
  divide(reserved, 4000);
  CHECK(reserved[0].gets == 2500);
  CHECK(reserved[1].gets == 1500);
  std::vector<Claimant> modest = {{500, 0, 1000}, {4000, 0, 1000}, {4000, 0, 1000}};
  divide(modest, 4500);
  CHECK(modest[0].gets == 500);
  CHECK(modest[1].gets == 2000);
  CHECK(modest[2].gets == 2000);
}

}  // namespace hvlab::cluster
