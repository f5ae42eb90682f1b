#include <catch2/catch.hpp>

#include <algorithm>

#include "fake_processor.hpp"

using namespace hvlab;
using namespace hvlab::arch::apic;

namespace {

struct FakePic final : InterruptAcknowledge {
  u8 acknowledge() override { return 0x08; }
};

struct Board {
  test::FakeClock clock;
  apic::ApicBus bus;
  test::Node node{clock, bus, 0};
  apic::LocalApic& apic = node.apic;
  test::FakeProcessor& processor = node.processor;
  std::vector<u8> ended;

  Board() {
    bus.on_end_of_interrupt([this](u8 vector) { ended.push_back(vector); });
    node.enable();
  }
  void fixed(u8 vector, bool level = false) { bus.send(0xFEE0'0000, vector | (level ? 0xC000u : 0x4000u)); }
  void eoi() { apic.mmio_write(kEndOfInterrupt, 0); }
};

}  // namespace

// --- Priorities
// ----------------------------------------------------------------------------------------------------

// Catches a comparison of vectors where the manual compares classes.
TEST_CASE("an interrupt waits while one of its class or above is in service") {
  Board b;
  b.fixed(0x45);
  CHECK(b.processor.interrupt);
  CHECK(b.apic.acknowledge() == 0x45);
  CHECK_FALSE(b.processor.interrupt);
  b.fixed(0x4F);
  CHECK_FALSE(b.processor.interrupt);
  b.fixed(0x50);
  REQUIRE(b.processor.interrupt);
  CHECK(b.apic.acknowledge() == 0x50);
  CHECK(b.apic.mmio_read(kProcessorPriority) == 0x50);
  b.eoi();
  CHECK_FALSE(b.processor.interrupt);
  b.eoi();
  CHECK(b.apic.acknowledge() == 0x4F);
}

TEST_CASE("CR8 is the class of the task priority") {
  Board b;
  b.apic.set_task_priority(5);
  CHECK(b.apic.mmio_read(kTaskPriority) == 0x50);
  b.fixed(0x5F);
  CHECK_FALSE(b.processor.interrupt);
  b.apic.mmio_write(kTaskPriority, 0x4F);
  CHECK(b.apic.task_priority() == 4);
  CHECK(b.processor.interrupt);
}

TEST_CASE("a request that has gone is the spurious vector") {
  Board b;
  b.fixed(0x45);
  b.apic.set_task_priority(15);
  CHECK_FALSE(b.processor.interrupt);
  CHECK(b.apic.acknowledge() == 0xFF);
  CHECK(b.apic.mmio_read(kInService + 0x20) == 0);
}

TEST_CASE("IRR, ISR and TMR show vectors in words of 32") {
  Board b;
  b.fixed(0x83, true);
  CHECK(b.apic.mmio_read(kInterruptRequest + 0x40) == 8);
  CHECK(b.apic.mmio_read(kTriggerMode + 0x40) == 8);
  b.apic.acknowledge();
  CHECK(b.apic.mmio_read(kInterruptRequest + 0x40) == 0);
  CHECK(b.apic.mmio_read(kInService + 0x40) == 8);
}

// --- End of interrupt
// ----------------------------------------------------------------------------------------------

TEST_CASE("only the end of a level-triggered interrupt is broadcast") {
  Board b;
  b.fixed(0x41);
  b.apic.acknowledge();
  b.eoi();
  CHECK(b.ended.empty());
  b.fixed(0x42, true);
  b.apic.acknowledge();
  b.eoi();
  CHECK(b.ended == std::vector<u8>{0x42});
  b.apic.mmio_write(kSpurious, 0x11FF);
  b.fixed(0x42, true);
  b.apic.acknowledge();
  b.eoi();
  CHECK(b.ended.size() == 1);
}

// --- Enabling
// ------------------------------------------------------------------------------------------------------

TEST_CASE("software-disabled, it masks its LVT, drops fixed interrupts and still takes NMI") {
  Board b;
  b.apic.mmio_write(kLvtTimer, 0x30);
  b.apic.mmio_write(kSpurious, 0xFF);
  CHECK(b.apic.mmio_read(kLvtTimer) == (0x30 | kLvtMasked));
  b.apic.mmio_write(kLvtTimer, 0x30);
  CHECK(b.apic.mmio_read(kLvtTimer) == (0x30 | kLvtMasked));
  b.fixed(0x41);
  CHECK_FALSE(b.processor.interrupt);
  b.bus.send(0xFEE0'0000, 0x4400);
  CHECK(b.processor.nmis == 1);
}

// SDM 11.12.5, figure 11-27: each of the sixteen pairs.
TEST_CASE("transitions of IA32_APIC_BASE") {
  const u64 off = kDefaultBase | kBaseBootstrap, xapic = off | kBaseEnable, x2apic = xapic | kBaseX2apic,
            invalid = off | kBaseX2apic;
  const auto in = [](test::Node& node, u64 state) {
    node.apic.reset();
    if ((state & kBaseEnable) == 0) REQUIRE(node.apic.set_base_msr(state));
    if ((state & kBaseX2apic) != 0) REQUIRE(node.apic.set_base_msr(state));
  };
  const std::vector<std::pair<u64, std::vector<u64>>> allowed = {
      {off, {off, xapic}}, {xapic, {off, xapic, x2apic}}, {x2apic, {off, x2apic}}};
  for (const auto& [from, targets] : allowed) {
    for (u64 to : {off, xapic, x2apic, invalid}) {
      Board b;
      in(b.node, from);
      const bool expected = std::find(targets.begin(), targets.end(), to) != targets.end();
      CHECK(b.apic.set_base_msr(to) == expected);
      CHECK(b.apic.base_msr() == (expected ? to : from));
    }
  }
}

TEST_CASE("reserved bits of IA32_APIC_BASE are refused") {
  Board b;
  for (unsigned n : {0u, 7u, 9u, 52u, 63u}) CHECK_FALSE(b.apic.set_base_msr(b.apic.base_msr() | bit(n)));
  CHECK(b.apic.set_base_msr(b.apic.base_msr() | bit(40)));
}

// Catches registers that survive: an APIC disabled by its MSR comes back in its power-up state.
TEST_CASE("disabled and enabled again it has its reset values") {
  Board b;
  b.apic.mmio_write(kTaskPriority, 0x20);
  b.apic.set_base_msr(kDefaultBase);
  b.apic.set_base_msr(kDefaultBase | kBaseEnable);
  CHECK(b.apic.mmio_read(kTaskPriority) == 0);
  CHECK(b.apic.mmio_read(kSpurious) == 0xFF);
  CHECK(b.apic.mmio_read(kDestinationFormat) == 0xFFFF'FFFF);
  CHECK(b.apic.mmio_read(kLvtLint0) == kLvtMasked);
}

TEST_CASE("INIT leaves mode and identification") {
  Board b;
  b.node.enter_x2apic();
  b.node.write_msr(kTaskPriority, 0x30);
  b.apic.reset_by_init();
  CHECK(b.apic.x2apic());
  CHECK(b.apic.task_priority() == 0);
}

// --- x2APIC rules
// --------------------------------------------------------------------------------------------------

TEST_CASE("x2APIC registers are MSRs only in x2APIC mode") {
  Board b;
  u64 value = 0;
  CHECK_FALSE(b.node.read_msr(kId, value));
  CHECK_FALSE(b.node.write_msr(kTaskPriority, 0));
  b.node.enter_x2apic();
  CHECK(b.node.read_msr(kId, value));
  CHECK(b.node.write_msr(kTaskPriority, 0));
}

TEST_CASE("x2APIC: accesses that fault") {
  Board b;
  b.node.enter_x2apic();
  u64 value = 0;
  for (u32 offset : {kArbitrationPriority, kRemoteRead, kDestinationFormat, kCommandHigh, 0x000u, 0x040u,
                     0x2F0u, 0xFF0u}) {
    CHECK_FALSE(b.node.read_msr(offset, value));
    CHECK_FALSE(b.node.write_msr(offset, 0));
  }
  for (u32 offset : {kId, kVersion, kProcessorPriority, kLogicalDestination, kInService,
                     kInterruptRequest + 0x70, kCurrentCount}) {
    CHECK(b.node.read_msr(offset, value));
    CHECK_FALSE(b.node.write_msr(offset, 0));
  }
  for (u32 offset : {kEndOfInterrupt, kSelfIpi}) CHECK_FALSE(b.node.read_msr(offset, value));
  CHECK_FALSE(b.node.write_msr(kEndOfInterrupt, 1));
  CHECK_FALSE(b.node.write_msr(kErrorStatus, 1));
  CHECK_FALSE(b.node.write_msr(kTaskPriority, 0x100));
  CHECK_FALSE(b.node.write_msr(kSpurious, 0x2000));
  CHECK_FALSE(b.node.write_msr(kLvtTimer, bit(32)));
  CHECK_FALSE(b.node.write_msr(kDivideConfiguration, 4));
  CHECK_FALSE(b.node.write_msr(kCommandLow, bit(20)));
  CHECK_FALSE(b.node.write_msr(kSelfIpi, 0x100));
}

TEST_CASE("x2APIC: self IPI and the logical destination register") {
  test::FakeClock clock;
  apic::ApicBus bus;
  test::Node node(clock, bus, 0x25);
  node.enter_x2apic();
  node.write_msr(kSpurious, 0x1FF);
  u64 value = 0;
  REQUIRE(node.read_msr(kLogicalDestination, value));
  CHECK(value == 0x0002'0020);
  REQUIRE(node.read_msr(kId, value));
  CHECK(value == 0x25);
  CHECK(node.write_msr(kSelfIpi, 0x77));
  CHECK(node.processor.interrupt);
  CHECK(node.apic.acknowledge() == 0x77);
}

// --- xAPIC registers
// -----------------------------------------------------------------------------------------------

TEST_CASE("version: 14h, six LVT entries, EOI broadcast can be suppressed") {
  Board b;
  CHECK(b.apic.mmio_read(kVersion) == 0x0105'0014);
}

TEST_CASE("errors are collected, latched by a write of the ESR, and interrupt once") {
  Board b;
  b.apic.mmio_write(kLvtError, 0xE0);
  b.apic.mmio_read(0x040);
  CHECK(b.processor.interrupt);
  CHECK(b.apic.acknowledge() == 0xE0);
  b.eoi();
  b.apic.mmio_read(0x040);
  CHECK_FALSE(b.processor.interrupt);
  CHECK(b.apic.mmio_read(kErrorStatus) == 0);
  b.apic.mmio_write(kErrorStatus, 0);
  CHECK(b.apic.mmio_read(kErrorStatus) == kErrorRegister);
  b.fixed(0x0F);
  b.apic.mmio_write(kErrorStatus, 0);
  CHECK(b.apic.mmio_read(kErrorStatus) == kErrorReceiveVector);
  b.apic.mmio_write(kErrorStatus, 0);
  CHECK(b.apic.mmio_read(kErrorStatus) == 0);
}

TEST_CASE("an illegal vector in the error entry itself ends there") {
  Board b;
  b.apic.mmio_write(kLvtError, 0x05);
  b.apic.mmio_read(0x040);
  b.apic.mmio_write(kErrorStatus, 0);
  CHECK(b.apic.mmio_read(kErrorStatus) == (kErrorRegister | kErrorReceiveVector));
}

// Catches SMI that goes the way of a fixed interrupt, or nowhere, by message and by local vector.
TEST_CASE("SMI reaches the processor, whether or not the APIC is enabled by software") {
  Board b;
  b.apic.accept({.mode = DeliveryMode::Smi});
  CHECK(b.processor.smis == 1);
  b.apic.mmio_write(kLvtPerformance, 0x200);
  b.apic.performance_overflow();
  CHECK(b.processor.smis == 2);
  CHECK(b.processor.nmis == 0);
}

// Catches the two vendors' entries behaving alike: AMD's is not masked by its interrupt.
TEST_CASE("an overflow on AMD's processors leaves the performance entry open") {
  Board b;
  b.apic.mmio_write(kLvtPerformance, 0x400);
  b.apic.performance_overflow();
  b.apic.performance_overflow();
  CHECK(b.processor.nmis == 2);
  CHECK((b.apic.mmio_read(kLvtPerformance) & kLvtMasked) == 0);
}

TEST_CASE("the mask of the performance entry is set by its interrupt") {
  Board b;
  b.apic.mmio_write(kLvtPerformance, 0x400);
  b.apic.performance_interrupt();
  CHECK(b.processor.nmis == 1);
  CHECK((b.apic.mmio_read(kLvtPerformance) & kLvtMasked) != 0);
}

// --- LINT pins
// -----------------------------------------------------------------------------------------------------

TEST_CASE("virtual wire mode passes the 8259A's requests and NMI through") {
  Board b;
  FakePic pic;
  b.apic.reset();
  b.apic.connect_pic(pic);
  b.apic.enter_virtual_wire_mode();
  CHECK(b.apic.mmio_read(kSpurious) == 0x1FF);
  b.apic.lint(0).set(true);
  CHECK(b.processor.interrupt);
  CHECK(b.apic.acknowledge() == 0x08);
  b.apic.lint(0).set(false);
  CHECK_FALSE(b.processor.interrupt);
  b.apic.lint(1).set(true);
  CHECK(b.processor.nmis == 1);
}

TEST_CASE("masking LINT0 withdraws an ExtINT request") {
  Board b;
  b.apic.enter_virtual_wire_mode();
  b.apic.lint(0).set(true);
  b.apic.mmio_write(kLvtLint0, kLvtMasked | 0x700);
  CHECK_FALSE(b.processor.interrupt);
}

TEST_CASE("disabled by its MSR, LINT0 and LINT1 are INTR and NMI") {
  Board b;
  FakePic pic;
  b.apic.connect_pic(pic);
  b.apic.set_base_msr(kDefaultBase);
  b.apic.lint(0).set(true);
  CHECK(b.processor.interrupt);
  CHECK(b.apic.acknowledge() == 0x08);
  b.apic.lint(1).set(true);
  CHECK(b.processor.nmis == 1);
}

TEST_CASE("a fixed level LINT asks again after its end, which stays inside the APIC") {
  Board b;
  b.apic.mmio_write(kLvtLint0, 0x41 | kLvtLevel);
  b.apic.lint(0).set(true);
  CHECK(b.apic.acknowledge() == 0x41);
  CHECK((b.apic.mmio_read(kLvtLint0) & kLvtRemoteIrr) != 0);
  b.eoi();
  CHECK(b.processor.interrupt);
  CHECK(b.ended.empty());
  b.apic.acknowledge();
  b.apic.lint(0).set(false);
  b.eoi();
  CHECK_FALSE(b.processor.interrupt);
}

TEST_CASE("no sequence of accesses breaks the local APIC") {
  Board b;
  FakePic pic;
  b.apic.connect_pic(pic);
  test::Random random{10};
  for (int i = 0; i < 300'000; ++i) {
    const u32 offset = static_cast<u32>(random.below(0x42) * 16);
    const u32 value = static_cast<u32>(random.next() >> random.below(64));
    u64 read = 0;
    switch (random.below(10)) {
      case 0: b.apic.mmio_write(static_cast<u32>(random.below(0x1000)), value); break;
      case 1: b.apic.msr_read(0x800 + offset / 16, read); break;
      case 2: b.apic.msr_write(0x800 + offset / 16, value); break;
      case 3: b.apic.msr_write(0x6E0, random.next() >> random.below(64)); break;
      case 4: b.clock.advance(random.below(kMicrosecond)); break;
      case 5: b.apic.lint(static_cast<unsigned>(random.below(2))).set(random.below(2) != 0); break;
      case 6: b.bus.send(0xFEE0'0000 | random.below(1 << 20), value); break;
      case 7:
        if (random.below(100) == 0) b.apic.set_base_msr(kDefaultBase | random.below(8) << 8);
        break;
      case 8:
        if (b.processor.interrupt) b.apic.acknowledge();
        break;
      default: b.apic.mmio_read(offset), b.apic.mmio_write(offset, value); break;
    }
  }
}
