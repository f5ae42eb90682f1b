// Programs side by side: each one's end is told once, and Ctrl-C leaves none behind.
#include "sim/lab/child_pool.hpp"

#include <catch2/catch.hpp>
#include <csignal>
#include <map>

using namespace hvlab::lab;

// Catches ends that are mixed up between tasks, told twice or not at all.
TEST_CASE("every task ends once, with its own status and output") {
  std::vector<PoolTask> tasks;
  for (int i = 0; i < 7; ++i) {
    const std::string number = std::to_string(i);
    tasks.push_back(
        {number, {"sh", "-c", "echo out" + number + "; echo err" + number + " >&2; exit " + number}});
  }
  ProgressLine line;
  std::map<size_t, int> times;
  const bool whole = run_pool(tasks, 3, line, [&](const PoolEnd& end) {
    const std::string number = std::to_string(end.index);
    ++times[end.index];
    CHECK(end.status == static_cast<int>(end.index));
    CHECK(end.output == "out" + number + "\n");
    CHECK(end.errors == "err" + number + "\n");
  });
  CHECK(whole);
  REQUIRE(times.size() == 7);
  for (const auto& [index, count] : times) CHECK(count == 1);
}

// Catches a pool that starts more after the user has stopped it, or waits for programs that would run on for
// long.
TEST_CASE("a stop ends what runs and starts nothing more") {
  ProgressLine line;
  size_t ended = 0;
  const bool whole =
      run_pool({{"first", {"true"}}, {"long", {"sleep", "1000"}}, {"never", {"true"}}, {"never", {"true"}}},
               2, line, [&](const PoolEnd& end) {
                 ++ended;
                 CHECK(end.index == 0);
                 raise(SIGTERM);
               });
  CHECK(!whole);
  CHECK(ended == 1);
}
