// Catches a working set that grows beyond its pages or shrinks with time.
#include "sim/cluster/dirty.hpp"

#include <catch2/catch.hpp>
#include <cmath>

namespace hvlab::cluster {

TEST_CASE("decay is e^-x to the last digits") {
  for (double x = 0; x < 60; x += 0.01)
    REQUIRE(decay(x) == Approx(std::exp(-x)).epsilon(1e-12).margin(1e-21));
}

TEST_CASE("few writes hit different pages, many the same ones, and none more than there are") {
  const DirtyProcess process{{{{1000, 500}}}};
  CHECK(pages_written(process, 0) == 0);
  CHECK(pages_written(process, kSeconds / 10) == 49);  // 50 writes, one of them to a page written before
  CHECK(pages_written(process, 2 * kSeconds) == 632);  // 1000 writes to 1000 pages: 1 - 1/e
  CHECK(pages_written(process, kHours) == 1000);
  CHECK(pages_written(process, 2 * kSeconds, 500) == pages_written(process, kSeconds));
}

TEST_CASE("hot and cold pages add up") {
  const DirtyProcess process{{{{100, 1'000'000}, {1'000'000, 200}}}};
  CHECK(pages_written(process, kSeconds) == 300);
  CHECK(pages_written(process, 10 * kSeconds) == 2098);
}

}  // namespace hvlab::cluster
