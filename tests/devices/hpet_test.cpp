#include <catch2/catch.hpp>

#include "fake_clock.hpp"
#include "fake_wires.hpp"
#include "sim/devices/hpet.hpp"

using namespace hvlab;
using namespace hvlab::devices;
using namespace hvlab::devices::hpet;

namespace {

struct Board {
  test::FakeClock clock;
  test::FakeLine irq0, irq8;
  std::array<test::FakeLine, 4> pins;
  test::FakeMessages messages;
  Hpet hpet{clock, {irq0, irq8, {&pins[0], &pins[1], &pins[2], &pins[3]}, messages}};

  u64 get(u32 offset, unsigned size = 8) { return hpet.registers().read(offset, size); }
  void set(u32 offset, u64 value, unsigned size = 8) { hpet.registers().write(offset, size, value); }
  /// Lets the main counter pass `counts`.
  void run(u64 counts) { clock.advance(scale_up(counts, kPeriodFs, 1000)); }
};

constexpr u32 timer(unsigned n, u32 offset) { return kTimers + n * kTimerStride + offset; }
constexpr u64 pin(u64 n) { return n << kRouteShift; }

}  // namespace

// Values typed from the specification: an operating system divides by the period.
TEST_CASE("capabilities say three 64-bit timers at 14.318180 MHz") {
  Board b;
  CHECK(b.get(0) == 0x0429'B17F'8086'A201);
  CHECK(b.get(4, 4) == 69'841'279);
}

TEST_CASE("the main counter runs at its period while enabled, and stands otherwise") {
  Board b;
  b.clock.advance(kSecond);
  CHECK(b.get(kMainCounter) == 0);
  b.set(kConfiguration, kEnable);
  b.clock.advance(kSecond);
  CHECK(b.get(kMainCounter) == 14'318'179);
  b.set(kConfiguration, 0);
  b.clock.advance(kSecond);
  CHECK(b.get(kMainCounter) == 14'318'179);
  b.set(kMainCounter, 5);
  CHECK(b.get(kMainCounter) == 5);
}

TEST_CASE("a one-shot timer fires when the counter equals its comparator") {
  Board b;
  b.set(kConfiguration, kEnable);
  b.set(timer(2, kTimerConfiguration), kInterruptEnable | pin(21));
  b.set(timer(2, kComparator), 1000);
  b.run(999);
  CHECK(b.pins[1].rises == 0);
  b.run(1);
  CHECK(b.pins[1].rises == 1);
  b.run(1'000'000);
  CHECK(b.pins[1].rises == 1);
}

// The order in which operating systems program it: comparator with VAL_SET, then the period.
TEST_CASE("a periodic timer keeps its period without drift") {
  Board b;
  b.set(timer(0, kTimerConfiguration), kInterruptEnable | kPeriodic | kSetValue | k32BitMode | pin(20), 4);
  b.set(timer(0, kComparator), 500, 4);
  b.set(timer(0, kComparator), 100, 4);
  b.set(kConfiguration, kEnable);
  b.run(499);
  CHECK(b.pins[0].rises == 0);
  b.run(1 + 1'000'000);
  CHECK(b.pins[0].rises == 10'001);
  CHECK(b.get(timer(0, kComparator)) == 1'000'600);
}

TEST_CASE("legacy replacement takes IRQ0 from the PIT and gives it back") {
  Board b;
  b.hpet.legacy_input(0).set(true);
  CHECK(b.irq0.level);
  b.set(timer(0, kTimerConfiguration), kInterruptEnable);
  b.set(timer(0, kComparator), 10);
  b.set(kConfiguration, kEnable | kLegacyReplacement);
  CHECK_FALSE(b.irq0.level);
  b.hpet.legacy_input(0).set(false);
  b.run(10);
  CHECK(b.irq0.level);
  b.set(kConfiguration, 0);
  CHECK_FALSE(b.irq0.level);
  b.hpet.legacy_input(0).set(true);
  CHECK(b.irq0.level);
}

TEST_CASE("a level interrupt stays until its status bit is written") {
  Board b;
  b.set(kConfiguration, kEnable);
  b.set(timer(1, kTimerConfiguration), kInterruptEnable | kLevelTriggered | pin(22));
  b.set(timer(1, kComparator), 10);
  b.run(10);
  CHECK(b.pins[2].level);
  CHECK(b.get(kInterruptStatus) == 2);
  b.set(kInterruptStatus, 2);
  CHECK_FALSE(b.pins[2].level);
}

TEST_CASE("FSB delivery sends the programmed message") {
  Board b;
  b.set(kConfiguration, kEnable);
  b.set(timer(1, kTimerConfiguration), kInterruptEnable | kFsbEnable);
  b.set(timer(1, kFsbRoute), 0xFEE0'1000'0000'0041);
  b.set(timer(1, kComparator), 10);
  b.run(10);
  REQUIRE(b.messages.sent.size() == 1);
  CHECK(b.messages.sent[0] == std::pair<u64, u32>{0xFEE0'1000, 0x41});
}

TEST_CASE("a 32-bit one-shot timer fires again when the low half wraps") {
  Board b;
  b.set(kConfiguration, kEnable);
  b.set(timer(0, kTimerConfiguration), kInterruptEnable | k32BitMode | pin(20));
  b.set(timer(0, kComparator), 10);
  b.run(10);
  CHECK(b.pins[0].rises == 1);
  b.run(bit(32));
  CHECK(b.pins[0].rises == 2);
}

TEST_CASE("capability bits are read-only and unknown registers read zero") {
  Board b;
  b.set(timer(0, kTimerConfiguration), ~u64{0});
  CHECK(b.get(timer(0, kTimerConfiguration)) == (kTimerCapabilities | kTimerWritable));
  CHECK(b.get(0x300) == 0);
}

TEST_CASE("no sequence of accesses breaks the HPET") {
  Board b;
  test::Random random{5};
  for (int i = 0; i < 100'000; ++i) {
    test::poke(b.hpet.registers(), random, 0x170);
    if (random.below(8) == 0) b.hpet.legacy_input(random.below(2) != 0).set(random.below(2) != 0);
    if (random.below(4) == 0) b.clock.advance(random.below(2 * kMicrosecond));
  }
}
