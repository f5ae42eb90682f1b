// Catches costs that are counted twice, not at all, or in years that are not there.
#include "sim/cluster/cost.hpp"

#include <catch2/catch.hpp>

namespace hvlab::cluster {

namespace {

const ServerCosts kSmall = {"small", 10, 3000, 200, 1, 150, 0, 0};
const ServerCosts kLarge = {"large", 2, 9000, 600, 2, 350, 4000, 800};

CommonCosts common() {
  CommonCosts costs;
  costs.rack_unit_year = 300;
  costs.kilowatt_hour = 0.2;
  costs.cooling = 0.5;
  costs.systems = 10;
  costs.reinstallation = 2000;
  costs.move = 50;
  return costs;
}

}  // namespace

TEST_CASE("figures by hand: ten servers for five years") {
  const auto shares = total_cost({kSmall}, common(), 5);
  CHECK(share(shares, "purchase") == 30'000);
  CHECK(share(shares, "maintenance") == 10'000);
  CHECK(share(shares, "space") == 15'000);
  CHECK(share(shares, "power") == Approx(5 * 8766 * 1.5 * 1.5 * 0.2));
  CHECK(share(shares, "moving") == 0);
  CHECK(share(shares, "licences") == 0);
  CHECK(sum_of(shares) == Approx(55'000 + 19'723.5));
}

TEST_CASE("a sixth year buys everything anew, and what runs has to be brought there") {
  const auto shares = total_cost({kSmall}, common(), 6);
  CHECK(share(shares, "purchase") == 60'000);
  CHECK(share(shares, "moving") == 20'000);
  CommonCosts virtualized = common();
  virtualized.moves = true;
  CHECK(share(total_cost({kLarge}, virtualized, 6), "moving") == 500);
  CHECK(share(total_cost({kLarge}, virtualized, 6), "licences") == 16'000);
  // What moving saves is a part of what a refresh costs: the servers are bought all the same.
  CHECK(share(total_cost({kLarge}, virtualized, 6), "purchase") == 36'000);
}

TEST_CASE("hosts that differ are added up") {
  CHECK(sum_of(total_cost({kSmall, kLarge}, {}, 5)) ==
        Approx(sum_of(total_cost({kSmall}, {}, 5)) + sum_of(total_cost({kLarge}, {}, 5))));
}

}  // namespace hvlab::cluster
