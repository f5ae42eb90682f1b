// Catches events fired out of order or twice, lost deadlines, and devices that could not end a run early.
#include "sim/board/event_queue.hpp"

#include <catch2/catch.hpp>

namespace hvlab::board {
namespace {

struct Keeper final : TimeKeeper {
  Picoseconds time = 0;
  std::vector<Picoseconds> brought_forward;
  Picoseconds now() const override { return time; }
  void deadline_brought_forward(Picoseconds deadline) override { brought_forward.push_back(deadline); }
};

struct Fixture {
  Keeper keeper;
  EventQueue queue{keeper};
  std::string log;
  EventId a = queue.add_event("a", [this] { log += 'a'; });
  EventId b = queue.add_event("b", [this] { log += 'b'; });
  EventId c = queue.add_event("c", [this] { log += 'c'; });
};

}  // namespace

TEST_CASE_METHOD(Fixture, "deadlines fire in order of time") {
  queue.arm(a, 30), queue.arm(b, 10), queue.arm(c, 20);
  REQUIRE(queue.next() == 10);
  queue.fire_due(30);
  REQUIRE(log == "bca");
  REQUIRE(queue.next() == kNever);
}

TEST_CASE_METHOD(Fixture, "equal deadlines fire by event id, whatever the order of arming") {
  queue.arm(c, 10), queue.arm(b, 10), queue.arm(a, 10);
  queue.fire_due(10);
  REQUIRE(log == "abc");
}

TEST_CASE_METHOD(Fixture, "what is not due stays armed") {
  queue.arm(a, 10), queue.arm(b, 11);
  queue.fire_due(10);
  REQUIRE(log == "a");
  REQUIRE(queue.next() == 11);
}

TEST_CASE_METHOD(Fixture, "moving a deadline replaces it, disarming forgets it") {
  queue.arm(a, 10), queue.arm(b, 20);
  queue.arm(a, 40);
  REQUIRE(queue.next() == 20);
  queue.disarm(b), queue.disarm(c);
  REQUIRE(queue.next() == 40);
  queue.fire_due(100);
  REQUIRE(log == "a");
}

TEST_CASE("an event that arms itself while firing fires again if that is due too") {
  Keeper keeper;
  EventQueue queue{keeper};
  unsigned fired = 0;
  EventId tick = 0;
  tick = queue.add_event("tick", [&] { queue.arm(tick, ++fired * 10 + 10); });
  queue.arm(tick, 10);
  queue.fire_due(35);
  REQUIRE(fired == 3);
  REQUIRE(queue.next() == 40);
}

TEST_CASE_METHOD(Fixture, "only an earlier first deadline is told to the time keeper") {
  queue.arm(a, 50), queue.arm(b, 60), queue.arm(c, 40), queue.arm(a, 45);
  REQUIRE(keeper.brought_forward == std::vector<Picoseconds>{50, 40});
}

TEST_CASE_METHOD(Fixture, "a restored calendar goes on as the saved one would have") {
  queue.arm(a, 30), queue.arm(b, 10);
  const EventQueueState saved = queue.state();
  queue.fire_due(30);
  log.clear();
  queue.restore(saved);
  queue.fire_due(30);
  REQUIRE(log == "ba");
}

}  // namespace hvlab::board
