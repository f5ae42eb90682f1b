// Work done beside the window: what is shown of a run that grows while newer is being counted.
#include "visualizer/background.hpp"

#include <catch2/catch.hpp>
#include <chrono>
#include <semaphore>
#include <stdexcept>

using namespace hvlab;
using views::Progress;
using visualizer::Background;

namespace {

/// Asks until `done`; false: it is not within a minute.
template <class Done>
bool comes(Done done) {
  const auto end = std::chrono::steady_clock::now() + std::chrono::minutes(1);
  while (!done()) {
    if (std::chrono::steady_clock::now() > end) return false;
    std::this_thread::yield();
  }
  return true;
}

/// Waits for leave to go on; a test that fails stops it, so that it does not wait for ever.
void wait_for(std::binary_semaphore& go, const Progress& progress) {
  while (!go.try_acquire() && !progress.stop) std::this_thread::yield();
}

}  // namespace

// Catches a picture that is empty while newer is made, and one that is said to be newer than it is.
TEST_CASE("what was made of the last version stays until that of the next is there") {
  std::binary_semaphore go{0};  // outlives the work
  Background<int> count;
  const auto at_once = [](int value) { return [value](Progress&) { return value; }; };
  const auto waits = [&](int value) {
    return [&go, value](Progress& progress) {
      wait_for(go, progress);
      return value;
    };
  };
  REQUIRE(comes([&] { return count.get("all", 1, at_once(10)) != nullptr; }));
  const int* old = count.get("all", 2, waits(20));
  REQUIRE(old != nullptr);
  CHECK(*old == 10);
  CHECK(count.version() == 1);
  CHECK(count.renews());
  CHECK_FALSE(count.busy());
  CHECK(*count.get("all", 3, waits(30)) == 10);  // nothing is begun anew before what is under way has ended
  go.release();
  REQUIRE(comes([&] { return *count.get("all", 3, waits(30)) == 20; }));
  CHECK(count.version() == 2);
  go.release();
  REQUIRE(comes([&] { return *count.get("all", 3, waits(30)) == 30; }));
  CHECK(count.version() == 3);
  CHECK_FALSE(count.renews());
}

// Catches the answer to another question that is shown for this one's.
TEST_CASE("another question leaves nothing of the one before, and failures are told") {
  std::binary_semaphore go{0};
  Background<int> count;
  REQUIRE(comes([&] { return count.get("all", 1, [](Progress&) { return 10; }) != nullptr; }));
  const Background<int>::Work fails = [&](Progress& progress) -> int {
    wait_for(go, progress);
    throw std::runtime_error("no trace");
  };
  CHECK(count.get("part", 1, fails) == nullptr);
  CHECK(count.busy());
  go.release();
  REQUIRE(comes([&] { return count.get("part", 1, fails), !count.error().empty(); }));
  CHECK(count.error() == "no trace");
  CHECK_FALSE(count.busy());
}
