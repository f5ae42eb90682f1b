#include <catch2/catch.hpp>

#include "fake_processor.hpp"

using namespace hvlab;
using namespace hvlab::arch::apic;

namespace {

struct Board {
  test::FakeClock clock;
  apic::ApicBus bus;
  test::Node node{clock, bus, 0};
  apic::LocalApic& apic = node.apic;

  Board() {
    node.enable();
    apic.mmio_write(kDivideConfiguration, 0x0B);  // by 1: 10 ns a count
  }
  /// How often the timer's interrupt could be taken by now; takes it.
  unsigned take() {
    unsigned n = 0;
    while (node.processor.interrupt) {
      CHECK(apic.acknowledge() == 0x30);
      apic.mmio_write(kEndOfInterrupt, 0);
      ++n;
    }
    return n;
  }
};

}  // namespace

// Catches a count that is off by one or a wrong input clock.
TEST_CASE("a one-shot timer counts down at the input clock and interrupts once") {
  Board b;
  b.apic.mmio_write(kLvtTimer, 0x30);
  b.apic.mmio_write(kInitialCount, 1000);
  b.clock.advance(9'999 * kNanosecond);
  CHECK(b.apic.mmio_read(kCurrentCount) == 1);
  CHECK(b.take() == 0);
  b.clock.advance(kNanosecond);
  CHECK(b.apic.mmio_read(kCurrentCount) == 0);
  CHECK(b.take() == 1);
  b.clock.advance(kSecond);
  CHECK(b.take() == 0);
}

TEST_CASE("the divider codes are powers of two") {
  const std::array<std::pair<u32, u32>, 8> codes = {
      {{0x0, 2}, {0x1, 4}, {0x2, 8}, {0x3, 16}, {0x8, 32}, {0x9, 64}, {0xA, 128}, {0xB, 1}}};
  for (const auto& [code, divisor] : codes) {
    Board b;
    b.apic.mmio_write(kDivideConfiguration, code);
    b.apic.mmio_write(kInitialCount, 1'000'000);
    b.clock.advance(1'280'000 * kNanosecond);
    CHECK(b.apic.mmio_read(kCurrentCount) == 1'000'000 - 128'000 / divisor);
  }
}

TEST_CASE("a periodic timer keeps its period and reloads") {
  Board b;
  b.apic.mmio_write(kLvtTimer, 0x30 | kLvtTimerPeriodic);
  b.apic.mmio_write(kInitialCount, 1000);
  unsigned taken = 0;
  for (int i = 0; i < 10'000; ++i) {
    b.clock.advance(kMicrosecond);
    taken += b.take();
  }
  CHECK(taken == 1000);
  b.clock.advance(3 * kMicrosecond);
  CHECK(b.apic.mmio_read(kCurrentCount) == 700);
}

TEST_CASE("a masked timer counts without interrupting or using the calendar") {
  Board b;
  b.apic.mmio_write(kLvtTimer, 0x30 | kLvtTimerPeriodic | kLvtMasked);
  b.apic.mmio_write(kInitialCount, 1000);
  CHECK(b.clock.next_deadline() == kNever);
  b.clock.advance(25 * kMicrosecond);
  CHECK(b.apic.mmio_read(kCurrentCount) == 500);
  b.apic.mmio_write(kLvtTimer, 0x30 | kLvtTimerPeriodic);
  CHECK(b.take() == 0);
  b.clock.advance(5 * kMicrosecond);
  CHECK(b.take() == 1);
}

TEST_CASE("changing the divider continues from the present count") {
  Board b;
  b.apic.mmio_write(kLvtTimer, 0x30);
  b.apic.mmio_write(kInitialCount, 1000);
  b.clock.advance(5 * kMicrosecond);
  b.apic.mmio_write(kDivideConfiguration, 0x0);
  b.clock.advance(10 * kMicrosecond - 1);
  CHECK(b.take() == 0);
  b.clock.advance(1);
  CHECK(b.take() == 1);
}

TEST_CASE("an initial count of zero stops the timer") {
  Board b;
  b.apic.mmio_write(kLvtTimer, 0x30 | kLvtTimerPeriodic);
  b.apic.mmio_write(kInitialCount, 1000);
  b.apic.mmio_write(kInitialCount, 0);
  b.clock.advance(kSecond);
  CHECK(b.take() == 0);
}

TEST_CASE("a TSC deadline fires when the TSC reaches it and then reads zero") {
  Board b;
  b.apic.mmio_write(kLvtTimer, 0x30 | kLvtTimerDeadline);
  b.apic.msr_write(0x6E0, 2'000'000);
  u64 value = 0;
  CHECK(b.apic.msr_read(0x6E0, value));
  CHECK(value == 2'000'000);
  b.clock.advance(kMillisecond - 1);
  CHECK(b.take() == 0);
  b.clock.advance(1);
  CHECK(b.take() == 1);
  b.apic.msr_read(0x6E0, value);
  CHECK(value == 0);
}

TEST_CASE("a deadline in the past fires at once, zero disarms") {
  Board b;
  b.clock.advance(kSecond);
  b.apic.mmio_write(kLvtTimer, 0x30 | kLvtTimerDeadline);
  b.apic.msr_write(0x6E0, 5);
  b.clock.advance(0);
  CHECK(b.take() == 1);
  b.apic.msr_write(0x6E0, 3'000'000'000);
  b.apic.msr_write(0x6E0, 0);
  b.clock.advance(kSecond);
  CHECK(b.take() == 0);
}

TEST_CASE("a deadline follows the TSC when software changes it") {
  Board b;
  b.apic.mmio_write(kLvtTimer, 0x30 | kLvtTimerDeadline);
  b.apic.msr_write(0x6E0, 2'000'000);
  b.node.processor.tsc_offset = 1'000'000;
  b.apic.tsc_changed();
  b.clock.advance(kMillisecond / 2);
  CHECK(b.take() == 1);
}

TEST_CASE("in deadline mode the initial count is ignored, outside it the deadline is") {
  Board b;
  b.apic.mmio_write(kLvtTimer, 0x30 | kLvtTimerDeadline);
  b.apic.mmio_write(kInitialCount, 1000);
  CHECK(b.apic.mmio_read(kCurrentCount) == 0);
  b.apic.mmio_write(kLvtTimer, 0x30);
  b.apic.msr_write(0x6E0, 1);
  b.clock.advance(kSecond);
  CHECK(b.take() == 0);
}

// A processor's cycle is the finest step of a run: deadlines come a little late, periods must not.
TEST_CASE("lateness does not add up") {
  Board b;
  b.clock.set_lateness(400);
  b.apic.mmio_write(kLvtTimer, 0x30 | kLvtTimerPeriodic);
  b.apic.mmio_write(kInitialCount, 100);
  unsigned taken = 0;
  for (int i = 0; i < 1000; ++i) {
    b.clock.advance_to((i + 1) * kMicrosecond + 500);
    taken += b.take();
  }
  CHECK(taken == 1000);
}
