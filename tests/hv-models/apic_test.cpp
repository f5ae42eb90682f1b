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

struct Effect {
  ApicMessage message;
  int ended = LocalApic::kNone;
};
Effect write(LocalApic& apic, u32 offset, u32 value, u64 now) {
  Effect effect;
  apic.write(offset, value, now, effect.message, effect.ended);
  return effect;
}

LocalApic enabled() {
  LocalApic apic;
  apic.reset(3);
  write(apic, r::kSpurious, r::kSpuriousEnable | 0xff, 0);
  return apic;
}

// The message that the pin's line asks for, if any.
bool message(IoApic& io, IoApic::Message& to) { return io.next(to); }

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
  CHECK(write(apic, r::kEndOfInterrupt, 0, 0).ended == LocalApic::kNone);
  CHECK(apic.pending() == 0x60);
  apic.take(0x60);
  write(apic, r::kEndOfInterrupt, 0, 0);
  CHECK(apic.pending() == 0x5f);
  write(apic, r::kTaskPriority, 0x50, 0);
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
  const Effect effect = write(apic, r::kEndOfInterrupt, 0, 0);
  CHECK(effect.ended == 0x40);
}

TEST_CASE("the timer counts nanoseconds through its divisor, once or again and again") {
  LocalApic apic = enabled();
  write(apic, r::kLvtTimer, 0x80, 0);
  write(apic, r::kDivideConfiguration, 0b1011, 0);  // by 1
  write(apic, r::kInitialCount, 1000, 500);
  CHECK(apic.deadline() == 1500);
  CHECK(apic.read(r::kCurrentCount, 1200) == 300);
  apic.advance(1499);
  CHECK(apic.pending() == LocalApic::kNone);
  apic.advance(1500);
  CHECK(apic.pending() == 0x80);
  CHECK(apic.deadline() == LocalApic::kNever);

  apic.take(0x80);
  write(apic, r::kDivideConfiguration, 0b0000, 0);  // by 2
  write(apic, r::kLvtTimer, 0x80 | r::kLvtTimerPeriodic, 0);
  write(apic, r::kInitialCount, 1000, 0);
  CHECK(apic.deadline() == 2000);
  apic.advance(2001);
  CHECK(apic.deadline() == LocalApic::kNever);  // one is pending: another would change nothing
  apic.take(0x80);
  CHECK(apic.deadline() == 4000);
  write(apic, r::kInitialCount, 0, 3000);
  CHECK(apic.deadline() == LocalApic::kNever);
}

TEST_CASE("the command register's write is a message") {
  LocalApic apic = enabled();
  write(apic, r::kCommandHigh, 2u << 24, 0);
  const Effect effect = write(apic, r::kCommandLow, r::kCommandAssert | 0xf0, 0);
  CHECK(effect.message.valid);
  CHECK(effect.message.destination == 2);
  CHECK(effect.message.vector == 0xf0);
  CHECK(apic.matches(3, false));
  CHECK_FALSE(apic.matches(2, false));
  CHECK(apic.matches(0xff, false));
  write(apic, r::kLogicalDestination, 4u << 24, 0);
  CHECK(apic.matches(5, true));
  CHECK_FALSE(apic.matches(3, true));
}

TEST_CASE("a level stays one message until its end, and comes again while the line is up") {
  IoApic io;
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

TEST_CASE("an edge is one message; one that came while the pin was masked is lost (82093AA, 3.2.4)") {
  IoApic io;
  io.set_line(4, true);
  io.set_line(4, false);
  IoApic::Message m;
  CHECK_FALSE(message(io, m));
  program(io, 4, 0x34, 0);
  CHECK_FALSE(message(io, m));
  io.set_line(4, true);
  io.set_line(4, true);
  CHECK(message(io, m));
  CHECK_FALSE(message(io, m));
}

TEST_CASE("IOAPIC registers read back, without what is the hardware's, and nothing is beyond the pins") {
  IoApic io;
  io.write(0, 1);
  CHECK(io.read(0x10) == 0x170020);
  program(io, 23, 0xffff'ffff, 0xffff'ffff);
  CHECK(io.read(0x10) == (0x1'ffffu & ~0x5000u));
  for (unsigned selected = 0x40; selected < 0x100; ++selected) {
    io.write(0, selected);
    io.write(0x10, 1);
    CHECK(io.read(0x10) == 0);
  }
}

// Would catch: an interrupt that is held back by another one in service taken for one that a lower task
// priority lets in.
TEST_CASE("what only the task priority holds back is told apart") {
  LocalApic apic = enabled();
  CHECK(apic.held_back() == LocalApic::kNone);
  apic.set_task_class(5);
  CHECK(apic.read(r::kTaskPriority, 0) == 0x50);
  apic.accept(0x5f, false);
  CHECK(apic.pending() == LocalApic::kNone);
  CHECK(apic.held_back() == 0x5f);
  apic.accept(0x61, false);
  CHECK(apic.pending() == 0x61);
  CHECK(apic.held_back() == LocalApic::kNone);
  apic.take(0x61);
  CHECK(apic.held_back() == LocalApic::kNone);  // it waits for the end of 61h
  write(apic, r::kEndOfInterrupt, 0, 0);
  CHECK(apic.held_back() == 0x5f);
  apic.set_task_class(4);
  CHECK(apic.pending() == 0x5f);
}
