// Catches events out of order, and a SystemC kernel that changes what happens.
#include "sim/cluster/calendar.hpp"

#include <catch2/catch.hpp>
#include <vector>

#include "sim/cluster/kernel.hpp"
#include "sim/cluster/random.hpp"

namespace hvlab::cluster {

namespace {

using Seen = std::vector<std::pair<Nanoseconds, u32>>;

// Every event adds up to two more at random distances, 0 among them.
Seen chain(void (*carrier)(Calendar&, Nanoseconds, const Fire&), u64 seed) {
  Calendar calendar;
  Seen seen;
  const Fire fire = [&](const Event& event) {
    seen.emplace_back(calendar.now(), event.subject);
    for (u32 i = 0; i < 2 && seen.size() + calendar.size() < 2000; ++i)
      calendar.add(random_below(1000, seed, Draw::Generator, event.subject, i) / 300 * kDays,
                   EventKind::TaskEnds, static_cast<u32>(seen.size() * 2 + i));
  };
  calendar.add(5, EventKind::TaskEnds, 1);
  carrier(calendar, 100 * kDays, fire);
  carrier(calendar, 20'000 * kDays, fire);
  CHECK(calendar.now() == 20'000 * kDays);
  return seen;
}

}  // namespace

TEST_CASE("what is due first happens first; what is due at once, in the order in which it was added") {
  Calendar calendar;
  for (u32 i = 0; i < 1000; ++i)
    calendar.add(random_below(50, 1, Draw::Generator, 0, i), EventKind::TaskEnds, i);
  Event last = calendar.take();
  for (u32 i = 1; i < 1000; ++i) {
    const Event next = calendar.take();
    REQUIRE((last.at < next.at || (last.at == next.at && last.subject < next.subject)));
    last = next;
  }
}

TEST_CASE("on SystemC the same happens at the same times as without, over decades and in several runs") {
  for (u64 seed = 1; seed < 5; ++seed) {
    const Seen plain = chain(carry_plainly, seed);
    CHECK(plain.size() > 1000);
    CHECK(chain(carry, seed) == plain);
  }
}

TEST_CASE("nothing is carried beyond its end, and what is due at the end happens") {
  Calendar calendar;
  unsigned fired = 0;
  calendar.add(10, EventKind::TaskEnds);
  calendar.add(11, EventKind::TaskEnds);
  carry(calendar, 10, [&](const Event&) { ++fired; });
  CHECK(fired == 1);
  CHECK(calendar.now() == 10);
  carry(calendar, 10, [&](const Event&) { ++fired; });
  CHECK(fired == 1);
}

TEST_CASE("what would happen after the end of time does not") {
  Calendar calendar;
  calendar.pass(kDays);
  calendar.add(kForever, EventKind::TaskEnds);
  CHECK(calendar.size() == 0);
}

}  // namespace hvlab::cluster
