#include "hv-models/kernel/run_queue.hpp"

#include <catch2/catch.hpp>
#include <vector>

using hvlab::u64;
using hvlab::kernel::RunEntry;
using hvlab::kernel::RunQueue;

namespace {

constexpr u64 kSlice = 4'000'000;
const auto kAny = [](RunEntry&) { return true; };

}  // namespace

TEST_CASE("threads that always run get the same time") {
  RunQueue queue;
  std::vector<RunEntry> threads(5);
  std::vector<u64> had(5);
  for (RunEntry& thread : threads) queue.add(thread, 0);
  for (int turn = 0; turn < 1000; ++turn) {
    RunEntry* thread = queue.take(kAny);
    REQUIRE(thread != nullptr);
    had[static_cast<size_t>(thread - threads.data())] += kSlice;
    thread->virtual_time += kSlice;
    queue.put_back(*thread);
  }
  for (const u64 time : had) CHECK(time == 200 * kSlice);
}

TEST_CASE("who slept long comes first, but not for longer than its bonus") {
  RunQueue queue;
  RunEntry busy, sleeper;
  queue.add(busy, 0);
  for (int turn = 0; turn < 100; ++turn) {
    queue.take(kAny)->virtual_time += kSlice;
    queue.put_back(busy);
  }
  queue.add(sleeper, queue.base());
  for (int turn = 0; turn < 2; ++turn) {  // the bonus, and the slice that the other one had last
    REQUIRE(queue.take(kAny) == &sleeper);
    sleeper.virtual_time += kSlice;
    queue.put_back(sleeper);
  }
  CHECK(queue.take(kAny) == &busy);
}

// Catches what others had while one slept not counting for it: it would wait for a whole slice each time.
TEST_CASE("one that sleeps briefly and often is behind who computes by what that had meanwhile") {
  RunQueue queue;
  RunEntry busy, sleeper;
  queue.add(busy, 0);
  queue.add(sleeper, 0);
  REQUIRE(queue.take([&](RunEntry& e) { return &e == &sleeper; }) == &sleeper);
  for (int turn = 0; turn < 50; ++turn) {
    sleeper.virtual_time += 10'000;
    REQUIRE(queue.take(kAny) == &busy);
    busy.virtual_time += 500'000;  // interrupted in its slice when the sleeper wakes
    queue.advance(busy.virtual_time);
    const u64 behind = busy.virtual_time - sleeper.virtual_time;
    queue.add(sleeper, queue.base());
    const u64 credit = behind < RunQueue::kSleeperBonus ? behind : RunQueue::kSleeperBonus;
    CHECK(busy.virtual_time - sleeper.virtual_time == credit);
    queue.put_back(busy);
    REQUIRE(queue.take(kAny) == &sleeper);
  }
}

TEST_CASE("one that may not run is passed over and stays") {
  RunQueue queue;
  RunEntry first, second;
  queue.add(first, 0);
  second.virtual_time = 1;
  queue.add(second, 0);
  CHECK(queue.take([&](RunEntry& e) { return &e != &first; }) == &second);
  CHECK(queue.take([&](RunEntry& e) { return &e != &first; }) == nullptr);
  CHECK(queue.size() == 1);
  CHECK(queue.take(kAny) == &first);
}

TEST_CASE("a thread keeps what it had beyond the others when it changes queues") {
  RunQueue old_queue, queue;
  RunEntry other, moved;
  other.virtual_time = 50 * kSlice;
  queue.add(other, 0);
  queue.take(kAny);
  queue.put_back(other);
  moved.virtual_time = 3 * kSlice;  // three slices ahead of a queue whose base is 0
  queue.add(moved, old_queue.base());
  CHECK(moved.virtual_time == 53 * kSlice);
}
