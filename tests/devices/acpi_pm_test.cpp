#include <catch2/catch.hpp>

#include "fake_clock.hpp"
#include "fake_wires.hpp"
#include "sim/devices/acpi_pm.hpp"

using namespace hvlab;
using namespace hvlab::devices;
using namespace hvlab::devices::acpi;

namespace {

struct Board {
  test::FakeClock clock;
  test::FakeLine sci;
  unsigned offs = 0, resets = 0;
  AcpiPm pm;

  explicit Board(unsigned timer_bits = 24)
      : pm(clock, {sci, [this] { ++offs; }, [this] { ++resets; }}, timer_bits) {}
  u64 get(u8 offset, unsigned size = 2) { return pm.registers().read(offset, size); }
  void set(u8 offset, u64 value, unsigned size = 2) { pm.registers().write(offset, size, value); }
};

}  // namespace

// Catches a PM timer at another rate or width: operating systems calibrate the TSC with it.
TEST_CASE("the PM timer counts 3579545 a second, in 24 or 32 bits") {
  Board narrow, wide(32);
  for (Board* b : {&narrow, &wide}) b->clock.advance(10 * kSecond);
  CHECK(narrow.get(kPmTimer, 4) == (35'795'450 & 0xFF'FFFF));
  CHECK(wide.get(kPmTimer, 4) == 35'795'450);
}

TEST_CASE("the timer's top bit raises the SCI each time it changes") {
  Board b;
  b.pm.command_ports().write(0, 1, kAcpiEnableCommand);
  b.set(kPm1Enable, kTimer);
  const Ticks ticks(kTimerHertz);
  b.clock.advance_to(ticks.time_of(1 << 23) - 1);
  CHECK_FALSE(b.sci.level);
  b.clock.advance_to(ticks.time_of(1 << 23));
  CHECK(b.sci.level);
  b.set(kPm1Status, kTimer);
  CHECK_FALSE(b.sci.level);
  b.clock.advance_to(ticks.time_of(1 << 24));
  CHECK(b.sci.level);
}

TEST_CASE("status bits are cleared by ones, bit by bit") {
  Board b;
  b.pm.enable_acpi();
  b.set(kPm1Enable, kPowerButton);
  b.pm.press_power_button();
  CHECK(b.sci.level);
  b.set(kPm1Status, kGlobal);
  CHECK(b.get(kPm1Status) == kPowerButton);
  b.set(kPm1Status, kPowerButton);
  CHECK(b.get(kPm1Status) == 0);
  CHECK_FALSE(b.sci.level);
}

TEST_CASE("without SCI_EN no SCI") {
  Board b;
  b.set(kPm1Enable, kPowerButton);
  b.pm.press_power_button();
  CHECK_FALSE(b.sci.level);
  b.pm.command_ports().write(0, 1, kAcpiEnableCommand);
  CHECK(b.get(kPm1Control) == kSciEnable);
  CHECK(b.sci.level);
  b.pm.command_ports().write(0, 1, kAcpiDisableCommand);
  CHECK_FALSE(b.sci.level);
}

TEST_CASE("SLP_EN with the S5 type powers off, with another it does not") {
  Board b;
  b.set(kPm1Control, kSciEnable | kSleepEnable | 5u << kSleepTypeShift);
  CHECK(b.offs == 0);
  b.set(kPm1Control, kSciEnable | kSleepEnable);
  CHECK(b.offs == 1);
  CHECK(b.get(kPm1Control) == kSciEnable);  // SLP_EN reads zero
}

TEST_CASE("general-purpose events") {
  Board b;
  b.pm.enable_acpi();
  b.set(kGpeEnable, 1);
  b.pm.general_event(0);
  CHECK(b.sci.level);
  b.set(kGpeStatus, 1);
  CHECK_FALSE(b.sci.level);
}

TEST_CASE("CF9h resets on the rise of its bit 2") {
  Board b;
  b.pm.reset_control().write(0, 1, 0x02);
  CHECK(b.resets == 0);
  b.pm.reset_control().write(0, 1, 0x06);
  b.pm.reset_control().write(0, 1, 0x06);
  CHECK(b.resets == 1);
}

TEST_CASE("no sequence of accesses breaks power management") {
  Board b;
  test::Random random{8};
  for (int i = 0; i < 100'000; ++i) {
    RegisterTarget* banks[] = {&b.pm.registers(), &b.pm.registers(), &b.pm.command_ports(),
                               &b.pm.reset_control()};
    test::poke(*banks[random.below(4)], random, 70);
    if (random.below(4) == 0) b.clock.advance(random.below(kSecond));
    if (random.below(8) == 0) b.pm.general_event(static_cast<unsigned>(random.below(16)));
  }
}
