// Would catch: interrupts that are lost, come twice, or come against their priority; a level-triggered line
// that stays silent or does not end; a timer that goes off at the wrong time.
#include <catch2/catch.hpp>

#include "hv-models/hypervisor/io_apic.hpp"
#include "hv-models/hypervisor/local_apic.hpp"
#include "sim/arch/apic.hpp"

using namespace hvlab;
using namespace hvlab::hypervisor;
namespace r = hvlab::arch::apic;

namespace {

LocalApic enabled() {
  LocalApic apic;
  apic.reset(3);
  apic.write(r::kSpurious, r::kSpuriousEnable | 0xff, 0);
  return apic;
}

// The message that the pin's line asks for, if any.
bool message(IoApic& io, IoApic::Message& to) { return io.take(to); }

void program(IoApic& io, unsigned pin, u32 low, u32 high) {
  io.write(0, 0x10 + 2 * pin + 1);
  io.write(0x10, high);
  io.write(0, 0x10 + 2 * pin);
  io.write(0x10, low);
}

}  // namespace

TEST_CASE("higher classes interrupt lower ones, and the same class waits for the end of interrupt") {
  LocalApic apic = enabled();
  CHECK(apic.pending() == LocalApic::kNone);
  apic.accept(0x31, false);
  apic.accept(0x52, false);
  REQUIRE(apic.pending() == 0x52);
  apic.take(0x52);
  CHECK(apic.pending() == LocalApic::kNone);
  apic.accept(0x5f, false);
  CHECK(apic.pending() == LocalApic::kNone);
  apic.accept(0x60, false);
  CHECK(apic.pending() == 0x60);
  CHECK(apic.write(r::kEndOfInterrupt, 0, 0).kind == LocalApic::Effect::Kind::Nothing);
  CHECK(apic.pending() == 0x60);
  apic.take(0x60);
  apic.write(r::kEndOfInterrupt, 0, 0);
  CHECK(apic.pending() == 0x5f);
  apic.write(r::kTaskPriority, 0x50, 0);
  CHECK(apic.pending() == LocalApic::kNone);
}

TEST_CASE("a disabled local APIC takes nothing") {
  LocalApic apic;
  apic.reset(0);
  apic.accept(0x40, false);
  CHECK(apic.pending() == LocalApic::kNone);
}

TEST_CASE("the end of a level-triggered interrupt is told, of an edge not") {
  LocalApic apic = enabled();
  apic.accept(0x40, true);
  apic.take(0x40);
  const LocalApic::Effect effect = apic.write(r::kEndOfInterrupt, 0, 0);
  CHECK(effect.kind == LocalApic::Effect::Kind::EndOfInterrupt);
  CHECK(effect.vector == 0x40);
}

TEST_CASE("the timer counts nanoseconds through its divisor, once or again and again") {
  LocalApic apic = enabled();
  apic.write(r::kLvtTimer, 0x80, 0);
  apic.write(r::kDivideConfiguration, 0b1011, 0);  // by 1
  apic.write(r::kInitialCount, 1000, 500);
  CHECK(apic.timer_deadline() == 1500);
  CHECK(apic.read(r::kCurrentCount, 1200) == 300);
  apic.expire(1499);
  CHECK(apic.pending() == LocalApic::kNone);
  apic.expire(1500);
  CHECK(apic.pending() == 0x80);
  CHECK(apic.timer_deadline() == LocalApic::kNever);

  apic.write(r::kDivideConfiguration, 0b0000, 0);  // by 2
  apic.write(r::kLvtTimer, 0x80 | r::kLvtTimerPeriodic, 0);
  apic.write(r::kInitialCount, 1000, 0);
  CHECK(apic.timer_deadline() == 2000);
  apic.expire(2001);
  CHECK(apic.timer_deadline() == 4000);
  apic.write(r::kInitialCount, 0, 3000);
  CHECK(apic.timer_deadline() == LocalApic::kNever);
}

TEST_CASE("the command register's write is a message") {
  LocalApic apic = enabled();
  apic.write(r::kCommandHigh, 2u << 24, 0);
  const LocalApic::Effect effect = apic.write(r::kCommandLow, r::kCommandAssert | 0xf0, 0);
  CHECK(effect.kind == LocalApic::Effect::Kind::Message);
  CHECK(effect.destination == 2u << 24);
  CHECK((effect.command & 0xff) == 0xf0);
  CHECK(apic.has_message_to(3, false));
  CHECK_FALSE(apic.has_message_to(2, false));
  CHECK(apic.has_message_to(0xff, false));
  apic.write(r::kLogicalDestination, 4u << 24, 0);
  CHECK(apic.has_message_to(5, true));
  CHECK_FALSE(apic.has_message_to(3, true));
}

TEST_CASE("a level stays one message until its end, and comes again while the line is up") {
  IoApic io;
  io.reset();
  program(io, 10, 0x8000 | 0x3a, 1u << 24);
  IoApic::Message m;
  CHECK_FALSE(message(io, m));
  io.set_line(10, true);
  REQUIRE(message(io, m));
  CHECK((m.vector == 0x3a && m.level && m.destination == 1 && !m.logical));
  CHECK_FALSE(message(io, m));
  io.end_of_interrupt(0x3a);
  CHECK(message(io, m));
  io.set_line(10, false);
  io.end_of_interrupt(0x3a);
  CHECK_FALSE(message(io, m));
}

TEST_CASE("an edge is one message, also one that came while the pin was masked") {
  IoApic io;
  io.reset();
  io.set_line(4, true);
  io.set_line(4, false);
  IoApic::Message m;
  CHECK_FALSE(message(io, m));
  program(io, 4, 0x34, 0);
  CHECK(message(io, m));
  CHECK_FALSE(message(io, m));
  io.set_line(4, true);
  io.set_line(4, true);
  CHECK(message(io, m));
  CHECK_FALSE(message(io, m));
}

TEST_CASE("IOAPIC registers read back, without what is the hardware's, and nothing is beyond the pins") {
  IoApic io;
  io.reset();
  io.write(0, 1);
  CHECK(io.read(0x10) == 0x170011);
  program(io, 23, 0xffff'ffff, 0xffff'ffff);
  CHECK(io.read(0x10) == (0xffff'ffffu & ~0x5000u));
  for (unsigned selected = 0x40; selected < 0x100; ++selected) {
    io.write(0, selected);
    io.write(0x10, 1);
    CHECK(io.read(0x10) == 0);
  }
}
