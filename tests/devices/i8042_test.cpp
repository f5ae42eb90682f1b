#include <catch2/catch.hpp>

#include "fake_clock.hpp"
#include "fake_wires.hpp"
#include "sim/devices/i8042.hpp"

using namespace hvlab;
using namespace hvlab::devices;

namespace {

struct Board {
  test::FakeClock clock;
  test::FakeLine irq1, irq12;
  unsigned resets = 0;
  bool a20 = true;
  I8042 controller{clock, {irq1, irq12, [this] { ++resets; }, [this](bool level) { a20 = level; }}};

  void command(u8 value) { controller.command_port().write(0, 1, value); }
  void data(u8 value) { controller.data_port().write(0, 1, value); }
  u64 status() { return controller.command_port().read(0, 1); }
  u64 data() { return controller.data_port().read(0, 1); }
  /// What arrives within 20 ms, -1 for nothing.
  int next() {
    for (int i = 0; i < 200 && (status() & 1) == 0; ++i) clock.advance(100 * kMicrosecond);
    return (status() & 1) != 0 ? static_cast<int>(data()) : -1;
  }
  void configure(u8 command_byte) {
    command(0x60);
    data(command_byte);
  }
};

}  // namespace

TEST_CASE("the controller passes its self-test and interface tests") {
  Board b;
  b.command(0xAA);
  CHECK(b.next() == 0x55);
  b.command(0xAB);
  CHECK(b.next() == 0x00);
  b.command(0xA9);
  CHECK(b.next() == 0x00);
}

TEST_CASE("the command byte reads back") {
  Board b;
  b.configure(0x47);
  b.command(0x20);
  CHECK(b.next() == 0x47);
}

// Catches a keyboard whose answers come without interrupt, or untranslated where translation is on.
TEST_CASE("the keyboard resets and identifies itself") {
  Board b;
  b.configure(0x05);  // interrupt, no translation
  b.data(0xFF);
  CHECK_FALSE(b.irq1.level);
  b.clock.advance(kMillisecond);
  CHECK(b.irq1.level);
  CHECK(b.next() == 0xFA);
  CHECK_FALSE(b.irq1.level);
  CHECK(b.next() == 0xAA);
  b.data(0xF2);
  CHECK(b.next() == 0xFA);
  CHECK(b.next() == 0xAB);
  CHECK(b.next() == 0x83);
  b.configure(0x45);
  b.data(0xF2);
  CHECK(b.next() == 0xFA);
  CHECK(b.next() == 0xAB);
  CHECK(b.next() == 0x41);
}

TEST_CASE("commands with parameters") {
  Board b;
  b.configure(0x05);
  b.data(0xED);
  CHECK(b.next() == 0xFA);
  b.data(0x02);
  CHECK(b.next() == 0xFA);
  CHECK(b.controller.state().keyboard.state().leds == 2);
  b.data(0xF0);
  CHECK(b.next() == 0xFA);
  b.data(0x00);
  CHECK(b.next() == 0xFA);
  CHECK(b.next() == 2);
}

TEST_CASE("keys are translated to set 1") {
  Board b;
  b.configure(0x45);
  for (int code : {0x1C, 0xF0, 0x1C}) b.controller.key(static_cast<u8>(code));  // A, make and break
  CHECK(b.next() == 0x1E);
  CHECK(b.next() == 0x9E);
}

TEST_CASE("the mouse answers through the auxiliary port with IRQ12") {
  Board b;
  b.configure(0x47);
  b.command(0xD4);
  b.data(0xFF);
  b.clock.advance(kMillisecond);
  CHECK(b.irq12.level);
  CHECK_FALSE(b.irq1.level);
  CHECK((b.status() & 0x21) == 0x21);
  CHECK(b.next() == 0xFA);
  CHECK(b.next() == 0xAA);
  CHECK(b.next() == 0x00);
  b.command(0xD4);
  b.data(0xF4);
  CHECK(b.next() == 0xFA);
  b.controller.move_mouse(3, -2, 1);
  CHECK(b.next() == 0x29);
  CHECK(b.next() == 3);
  CHECK(b.next() == 0xFE);
}

TEST_CASE("a disabled port keeps its bytes") {
  Board b;
  b.configure(0x05);
  b.data(0xF2);
  b.command(0xAD);
  CHECK(b.next() == -1);
  b.command(0xAE);
  CHECK(b.next() == 0xFA);
}

TEST_CASE("three ways to reset the processor") {
  Board b;
  b.command(0xFE);
  CHECK(b.resets == 1);
  b.command(0xD1);
  b.data(0x02);
  CHECK(b.resets == 2);
  b.controller.system_control().write(0, 1, 0x03);
  CHECK(b.resets == 3);
}

TEST_CASE("A20 is open if either gate is") {
  Board b;
  b.command(0xD1);
  b.data(0xCD);
  CHECK(b.a20);
  b.controller.system_control().write(0, 1, 0);
  CHECK_FALSE(b.a20);
  b.command(0xDF);
  CHECK(b.a20);
}

TEST_CASE("no sequence of accesses breaks the keyboard controller") {
  Board b;
  test::Random random{7};
  for (int i = 0; i < 200'000; ++i) {
    RegisterTarget* banks[] = {&b.controller.data_port(), &b.controller.command_port(),
                               &b.controller.system_control()};
    test::poke(*banks[random.below(3)], random, 2);
    if (random.below(4) == 0) b.clock.advance(random.below(kMillisecond));
    if (random.below(8) == 0) b.controller.key(static_cast<u8>(random.next()));
    if (random.below(8) == 0)
      b.controller.move_mouse(static_cast<int>(random.next()), static_cast<int>(random.next()), 7);
  }
}
