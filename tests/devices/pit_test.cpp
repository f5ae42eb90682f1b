#include <catch2/catch.hpp>

#include "fake_clock.hpp"
#include "fake_wires.hpp"
#include "sim/devices/pit.hpp"

using namespace hvlab;
using namespace hvlab::devices;

namespace {

struct Board {
  test::FakeClock clock;
  test::FakeLine irq0;
  Pit pit{clock, irq0};

  void program(unsigned counter, unsigned mode, u16 count, bool bcd = false) {
    pit.ports().write(3, 1, counter << 6 | 0x30 | mode << 1 | (bcd ? 1 : 0));
    pit.ports().write(counter, 1, count & 0xFF);
    pit.ports().write(counter, 1, count >> 8);
  }
  u16 read_latched(unsigned counter) {
    pit.ports().write(3, 1, counter << 6);
    const u64 low = pit.ports().read(counter, 1);
    return static_cast<u16>(low | pit.ports().read(counter, 1) << 8);
  }
  void to_tick(u64 tick) { clock.advance_to(Ticks(Pit::kHertz).time_of(tick)); }
};

}  // namespace

// Catches a rounded clock: 1 193 182 ticks must be exactly one second, also after hours.
TEST_CASE("mode 2 interrupts at the programmed rate without drift") {
  Board b;
  b.program(0, 2, 11932);
  b.clock.advance_to(3600 * kSecond);
  CHECK(b.irq0.rises == 1 + (3600 * Pit::kHertz - 1) / 11932);
}

// Data sheet, figure 17: OUT is low for the one pulse before the reload.
TEST_CASE("mode 2 is low for exactly one pulse") {
  Board b;
  b.program(0, 2, 5);
  b.to_tick(1 + 3);
  CHECK(b.irq0.level);
  b.to_tick(1 + 4);
  CHECK_FALSE(b.irq0.level);
  b.to_tick(1 + 5);
  CHECK(b.irq0.level);
  CHECK(b.read_latched(0) == 5);
}

TEST_CASE("mode 3 with an odd count is high one pulse longer than low") {
  Board b;
  b.program(2, 3, 5);
  b.pit.control_port().write(0, 1, 1);
  std::string wave;
  for (u64 tick = 1; tick <= 11; ++tick) {
    b.to_tick(tick);
    wave += b.pit.out(2) ? '1' : '0';
  }
  CHECK(wave == "11100111001");
}

TEST_CASE("mode 3 counts down by two") {
  Board b;
  b.program(0, 3, 100);
  b.to_tick(1 + 10);
  CHECK(b.read_latched(0) == 80);
  b.to_tick(1 + 50);
  CHECK(b.read_latched(0) == 100);
  CHECK_FALSE(b.irq0.level);
}

// What TSC calibration does: counter 2 in mode 0, gate and output through port 61h.
TEST_CASE("mode 0 on counter 2 raises port 61h bit 5 after N + 1 pulses") {
  Board b;
  b.pit.control_port().write(0, 1, 1);
  b.program(2, 0, 1000);
  b.to_tick(1000);
  CHECK_FALSE(test_bit(b.pit.control_port().read(0, 1), 5));
  b.to_tick(1001);
  CHECK(test_bit(b.pit.control_port().read(0, 1), 5));
  CHECK(b.read_latched(2) == 0);
  b.to_tick(1002);
  CHECK(b.read_latched(2) == 0xFFFF);
}

TEST_CASE("the gate of counter 2 stops mode 0") {
  Board b;
  b.pit.control_port().write(0, 1, 1);
  b.program(2, 0, 1000);
  b.to_tick(101);
  b.pit.control_port().write(0, 1, 0);
  b.to_tick(5000);
  CHECK(b.read_latched(2) == 900);
  b.pit.control_port().write(0, 1, 1);
  b.to_tick(5900);
  CHECK(b.pit.out(2));
}

TEST_CASE("mode 1 is low for N pulses after a trigger, and can be triggered again") {
  Board b;
  b.program(2, 1, 3);
  CHECK(b.pit.out(2));
  b.pit.control_port().write(0, 1, 1);
  b.to_tick(1);
  CHECK_FALSE(b.pit.out(2));
  b.to_tick(3);
  CHECK_FALSE(b.pit.out(2));
  b.to_tick(4);
  CHECK(b.pit.out(2));
  b.pit.control_port().write(0, 1, 0);
  b.pit.control_port().write(0, 1, 1);
  b.to_tick(6);
  CHECK_FALSE(b.pit.out(2));
}

TEST_CASE("modes 4 and 5 strobe for one pulse, once") {
  for (unsigned mode : {4u, 5u}) {
    Board b;
    b.pit.control_port().write(0, 1, mode == 4 ? 1 : 0);
    b.program(2, mode, 4);
    b.pit.control_port().write(0, 1, 1);
    std::string wave;
    for (u64 tick = 1; tick <= 7; ++tick) {
      b.to_tick(tick);
      wave += b.pit.out(2) ? '1' : '0';
    }
    CHECK(wave == "1111011");
    b.to_tick(70000);
    CHECK(b.pit.out(2));
  }
}

TEST_CASE("a count written during a period of mode 2 waits for its end") {
  Board b;
  b.program(0, 2, 100);
  b.to_tick(50);
  b.pit.ports().write(0, 1, 10);
  b.pit.ports().write(0, 1, 0);
  b.to_tick(1 + 100);
  CHECK(b.read_latched(0) == 10);
  CHECK(b.irq0.rises == 2);
  b.to_tick(1 + 110);
  CHECK(b.irq0.rises == 3);
}

TEST_CASE("BCD counts in decimal and zero means 10000") {
  Board b;
  b.program(0, 2, 0, true);
  b.to_tick(1 + 1);
  CHECK(b.read_latched(0) == 0x9999);
  b.to_tick(1 + 10000);
  CHECK(b.irq0.rises == 2);
}

TEST_CASE("read-back latches status and count together, status read first") {
  Board b;
  b.program(0, 2, 0x1234);
  b.pit.ports().write(3, 1, 0xC2);
  CHECK(b.pit.ports().read(0, 1) == 0xF4);  // OUT, null count: not loaded yet
  b.pit.ports().read(0, 1);
  b.pit.ports().read(0, 1);
  b.to_tick(1);
  b.pit.ports().write(3, 1, 0xE2);
  CHECK(b.pit.ports().read(0, 1) == 0xB4);
}

TEST_CASE("only counter 0 uses the calendar") {
  Board b;
  b.pit.control_port().write(0, 1, 1);
  b.program(2, 3, 10);
  b.program(1, 2, 18);
  CHECK(b.clock.next_deadline() == kNever);
}

TEST_CASE("no sequence of accesses breaks the timer") {
  Board b;
  test::Random random{2};
  for (int i = 0; i < 100'000; ++i) {
    test::poke(random.below(4) != 0 ? b.pit.ports() : b.pit.control_port(), random, 5);
    if (random.below(4) == 0) b.clock.advance(random.below(100 * kMicrosecond));
  }
}
