#include <catch2/catch.hpp>

#include "fake_clock.hpp"
#include "fake_wires.hpp"
#include "sim/base/bits.hpp"
#include "sim/devices/rtc.hpp"

using namespace hvlab;
using namespace hvlab::devices;

namespace {

struct Board {
  test::FakeClock clock;
  test::FakeLine irq8;
  Rtc rtc;

  explicit Board(u64 start = 951'868'799) : rtc(clock, irq8, start) {}  // 2000-02-29 23:59:59 UTC, a Tuesday
  u64 get(u8 index) {
    rtc.ports().write(0, 1, index);
    return rtc.ports().read(1, 1);
  }
  void set(u8 index, u8 value) {
    rtc.ports().write(0, 1, index);
    rtc.ports().write(1, 1, value);
  }
};

}  // namespace

// Catches a wrong calendar conversion, BCD, or carry over a leap day.
TEST_CASE("the clock starts at the given time and carries into March") {
  Board b;
  CHECK(b.get(rtc::kSeconds) == 0x59);
  CHECK(b.get(rtc::kMinutes) == 0x59);
  CHECK(b.get(rtc::kHours) == 0x23);
  CHECK(b.get(rtc::kDayOfWeek) == 3);
  CHECK(b.get(rtc::kDayOfMonth) == 0x29);
  CHECK(b.get(rtc::kMonth) == 2);
  CHECK(b.get(rtc::kYear) == 0);
  CHECK(b.get(rtc::kCentury) == 0x20);
  b.clock.advance(kSecond);
  CHECK(b.get(rtc::kSeconds) == 0);
  CHECK(b.get(rtc::kHours) == 0);
  CHECK(b.get(rtc::kDayOfWeek) == 4);
  CHECK(b.get(rtc::kDayOfMonth) == 1);
  CHECK(b.get(rtc::kMonth) == 3);
}

TEST_CASE("the century follows the year") {
  Board b(946'684'799);  // 1999-12-31 23:59:59
  b.clock.advance(kSecond);
  CHECK(b.get(rtc::kYear) == 0);
  CHECK(b.get(rtc::kCentury) == 0x20);
}

TEST_CASE("twelve-hour mode has a PM bit and no hour zero") {
  Board b(946'684'800 + 11 * 3600 + 3599);
  b.set(rtc::kRegisterB, rtc::kSet);
  b.set(rtc::kHours, 0x11);
  b.set(rtc::kRegisterB, 0);
  b.clock.advance(kSecond);
  CHECK(b.get(rtc::kHours) == 0x92);
  b.clock.advance(3600 * kSecond);
  CHECK(b.get(rtc::kHours) == 0x81);
}

// Software waits for UIP to fall and then has a whole second.
TEST_CASE("UIP announces the update") {
  Board b;
  CHECK_FALSE(test_bit(b.get(rtc::kRegisterA), 7));
  b.clock.advance(kSecond - 2 * kMillisecond);
  CHECK(test_bit(b.get(rtc::kRegisterA), 7));
  b.clock.advance(2 * kMillisecond);
  CHECK_FALSE(test_bit(b.get(rtc::kRegisterA), 7));
}

TEST_CASE("SET holds the time still") {
  Board b;
  b.set(rtc::kRegisterB, rtc::kSet | rtc::k24Hours);
  b.clock.advance(3 * kSecond);
  CHECK(b.get(rtc::kSeconds) == 0x59);
}

TEST_CASE("the first update after releasing the divider is half a second away") {
  Board b;
  b.set(rtc::kRegisterA, 0x70);
  b.clock.advance(kSecond * 5 / 4);
  b.set(rtc::kRegisterA, 0x26);
  b.clock.advance(kSecond / 2 - kMillisecond);
  CHECK(b.get(rtc::kSeconds) == 0x59);
  b.clock.advance(kMillisecond);
  CHECK(b.get(rtc::kSeconds) == 0);
}

TEST_CASE("the periodic interrupt comes at its rate, once per read of register C") {
  Board b;
  b.set(rtc::kRegisterB, rtc::kPeriodicEnable | rtc::k24Hours);
  b.set(rtc::kRegisterA, 0x26);  // 1024 Hz
  b.get(rtc::kRegisterC);
  unsigned interrupts = 0;
  for (int i = 0; i < 100'000; ++i) {
    b.clock.advance(10 * kMicrosecond);
    if (!b.irq8.level) continue;
    ++interrupts;
    CHECK((b.get(rtc::kRegisterC) & 0xC0) == 0xC0);
    CHECK_FALSE(b.irq8.level);
  }
  CHECK(interrupts == 1024);
}

TEST_CASE("the alarm matches with don't-care fields") {
  Board b(946'684'800);
  b.set(rtc::kSecondsAlarm, 0x05);
  b.set(rtc::kMinutesAlarm, 0xFF);
  b.set(rtc::kHoursAlarm, 0xC0);
  b.set(rtc::kRegisterB, rtc::kAlarmEnable | rtc::k24Hours);
  b.clock.advance_to(5 * kSecond - 1);
  CHECK_FALSE(b.irq8.level);
  b.clock.advance_to(5 * kSecond);
  CHECK(b.irq8.level);
  CHECK((b.get(rtc::kRegisterC) & 0xA0) == 0xA0);
  b.clock.advance_to(65 * kSecond);
  CHECK(b.irq8.level);
}

TEST_CASE("nothing is on the calendar while no interrupt is enabled") {
  Board b;
  b.clock.advance(kSecond);
  b.get(rtc::kSeconds);
  CHECK(b.clock.next_deadline() == kNever);
}

TEST_CASE("memory sizes and their checksum") {
  Board b;
  b.rtc.set_memory_size(u64{3} << 30, u64{5} << 30);
  CHECK((b.get(0x35) << 8 | b.get(0x34)) == ((3u << 30) - (16u << 20)) >> 16);
  CHECK((b.get(0x18) << 8 | b.get(0x17)) == 0xFFFF);
  CHECK((b.get(0x5D) << 16 | b.get(0x5C) << 8 | b.get(0x5B)) == (u64{5} << 30) >> 16);
  u64 sum = 0;
  for (u8 i = 0x10; i < 0x2E; ++i) sum += b.get(i);
  CHECK((b.get(0x2E) << 8 | b.get(0x2F)) == sum);
}

TEST_CASE("the index port masks NMI, the upper bank has an index of its own") {
  Board b;
  b.rtc.ports().write(0, 1, 0x8F);
  CHECK(b.rtc.nmi_masked());
  b.rtc.extended_ports().write(0, 2, 0x5A10);
  CHECK(b.rtc.cmos(0x90) == 0x5A);
}

TEST_CASE("no sequence of accesses breaks the clock") {
  Board b;
  test::Random random{3};
  for (int i = 0; i < 100'000; ++i) {
    if (random.below(2) != 0) b.rtc.ports().write(0, 1, random.below(16));
    test::poke(random.below(8) != 0 ? b.rtc.ports() : b.rtc.extended_ports(), random, 3);
    if (random.below(4) == 0) b.clock.advance(random.below(kSecond));
  }
}
