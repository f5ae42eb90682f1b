// Summaries: what is counted where, and that no width loses anything.
#include "sim/record/pyramid.hpp"

#include <catch2/catch.hpp>
#include <map>

using namespace hvlab;
using namespace hvlab::record;

namespace {

std::map<std::pair<u16, u16>, u64> sums(const SummaryLevel& level) {
  std::map<std::pair<u16, u16>, u64> sum;
  for (const Entry& entry : level.entries) sum[{entry.lane, entry.what}] += entry.value;
  return sum;
}

}  // namespace

// Catches time of a state that is charged to the bucket where the state ends, and events that go with it.
TEST_CASE("states are charged to the buckets in which they hold") {
  Pyramid pyramid(4, 1024);  // buckets of 16 ps
  pyramid.state(2, 10, 5);
  pyramid.count(2, 20, 7);
  pyramid.state(2, 40, kStateEnded);
  pyramid.count(2, 50, 7, 3);
  const std::vector<Entry> expected = {{0, 2, what::kTime + 5, 6},
                                       {1, 2, 7, 1},
                                       {1, 2, what::kTime + 5, 16},
                                       {2, 2, what::kTime + 5, 8},
                                       {3, 2, 7, 3}};
  CHECK(pyramid.levels().front().entries == expected);
}

// Catches time that is lost or counted twice where buckets become wider, and memory that grows with time.
TEST_CASE("a long run has few buckets, and every level the same sums") {
  Pyramid pyramid(0, 256);
  u64 time = 0, seed = 1;
  for (unsigned i = 0; i < 20'000; ++i) {
    seed = seed * 6364136223846793005 + 1442695040888963407;
    time += seed >> 56;
    pyramid.state(static_cast<u16>(i % 3), time, i % 5);
    pyramid.count(1, time, static_cast<u16>(seed >> 60));
  }
  for (u16 lane = 0; lane < 3; ++lane) pyramid.state(lane, time, kStateEnded);
  const auto levels = pyramid.levels();
  REQUIRE(levels.size() > 1);
  const auto finest = sums(levels.front());
  u64 times = 0, counts = 0;
  for (const auto& [key, value] : finest) (key.second >= what::kTime ? times : counts) += value;
  CHECK(counts == 20'000);
  CHECK(times > 3 * (time - 1000));
  CHECK(times <= 3 * time);
  for (const SummaryLevel& level : levels) {
    CHECK(sums(level) == finest);
    CHECK(level.entries.back().bucket < 256);
    for (size_t i = 1; i < level.entries.size(); ++i) {
      const Entry &a = level.entries[i - 1], &b = level.entries[i];
      REQUIRE(std::tie(a.lane, a.bucket, a.what) < std::tie(b.lane, b.bucket, b.what));
    }
  }
}

// Catches a lane whose time goes back when another processor takes it over.
TEST_CASE("what comes early within a lane counts as the latest") {
  Pyramid pyramid(4, 1024);
  pyramid.state(0, 40, 1);
  pyramid.state(0, 30, 2);
  pyramid.state(0, 48, kStateEnded);
  CHECK(pyramid.levels().front().entries == std::vector<Entry>{{2, 0, what::kTime + 2, 8}});
}

// Catches a loop without end at the end of all time, which a damaged trace may name.
TEST_CASE("a state may hold until the last picosecond") {
  Pyramid pyramid = Pyramid::fixed(Pyramid::kWidest);
  pyramid.state(0, 5, 1);
  pyramid.state(0, kNever, kStateEnded);
  u64 time = 0;
  const std::vector<SummaryLevel> levels = pyramid.levels();
  for (const Entry& entry : levels.front().entries) time += entry.value;
  CHECK(time == kNever - 5);
  CHECK(widened({{.bucket = 7, .lane = 0, .what = 0, .value = 1}}, 40).front().bucket == 0);
}
