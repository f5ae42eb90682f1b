// Event delivery: stacks, error codes, flags and escalation in each mode.
#include <catch2/catch.hpp>

#include "machine_code.hpp"
#include "sim/control/events.hpp"
#include "sim/control/iret.hpp"

using namespace hvlab;
using namespace hvlab::test;
using arch::Exception;
using control::Delivery;
using control::Source;
namespace flag = arch::flag;

namespace {

Delivery exception(Exception vector, bool has_error = false, u32 error = 0) {
  return {.vector = static_cast<u8>(vector), .has_error = has_error, .error = error};
}

}  // namespace

// Catches a frame in the wrong order or of the wrong size in real mode, and IF or TF left on.
TEST_CASE("real mode pushes FLAGS, CS, IP and goes through the vector table") {
  Machine m;
  m.real_mode();
  cpu::Cpu& c = m.cpu();
  c.rip = 0x123;
  c.set_rflags(flag::kIf | flag::kTf | flag::kCf);
  const u16 cs = c.seg[arch::kCs].selector;
  control::deliver(c, {.vector = 0x21, .source = Source::Interrupt});
  CHECK(c.gpr[arch::kRsp] == 0x7000 - 6);
  CHECK(m.peek<u16>(0x7000 - 6) == 0x123);
  CHECK(m.peek<u16>(0x7000 - 4) == cs);
  CHECK((m.peek<u16>(0x7000 - 2) & (flag::kIf | flag::kTf | flag::kCf)) ==
        (flag::kIf | flag::kTf | flag::kCf));
  CHECK(!c.rflag(flag::kIf | flag::kTf));
  CHECK(c.seg[arch::kCs].base + c.rip == kHandlers + 0x21 * 16);
}

// Catches an error code pushed where real mode has none.
TEST_CASE("real mode pushes no error code") {
  Machine m;
  m.real_mode();
  control::deliver(m.cpu(), exception(Exception::GeneralProtection, true, 0));
  CHECK(m.cpu().gpr[arch::kRsp] == 0x7000 - 6);
}

// Catches a wrong stack, wrong order or lost privilege on the way from ring 3 to ring 0 and back.
TEST_CASE("32-bit gate to an inner level switches the stack, and IRET goes back") {
  Machine m;
  m.protected_mode();
  m.user();
  cpu::Cpu& c = m.cpu();
  c.set_rflags(flag::kIf);
  c.rip = 0x1234;
  c.gpr[arch::kRsp] = 0x5678;
  control::deliver(c, exception(Exception::GeneralProtection, true, 0x50));
  const u64 top = kStack - 0x1000;
  CHECK(c.cpl == 0);
  CHECK(c.seg[arch::kSs].selector == kData0);
  CHECK(c.gpr[arch::kRsp] == top - 24);
  CHECK(m.peek<u32>(top - 24) == 0x50);
  CHECK(m.peek<u32>(top - 20) == 0x1234);
  CHECK(m.peek<u32>(top - 16) == kUserCode32);
  CHECK(m.peek<u32>(top - 12) == (flag::kIf | flag::kFixed1 | flag::kRf));  // a fault saves RF set
  CHECK(m.peek<u32>(top - 8) == 0x5678);
  CHECK(m.peek<u32>(top - 4) == kUserData);
  CHECK(!c.rflag(flag::kIf));

  c.gpr[arch::kRsp] += 4;
  REQUIRE(control::interrupt_return(c, 4, 0) == decode::Outcome::Next);
  CHECK(c.cpl == 3);
  CHECK(c.rip == 0x1234);
  CHECK(c.gpr[arch::kRsp] == 0x5678);
  CHECK(c.seg[arch::kSs].selector == kUserData);
  CHECK(c.rflag(flag::kIf));
}

// Catches an unaligned frame, an ignored IST, or SS not made null on the way in.
TEST_CASE("64-bit gates align the stack, use IST and load a null SS from an outer level") {
  Machine m;
  m.long_mode();
  cpu::Cpu& c = m.cpu();
  SECTION("same level: the current stack, aligned down to 16") {
    c.gpr[arch::kRsp] = kStack - 4;
    control::deliver(c, exception(Exception::DivideError));
    CHECK(c.gpr[arch::kRsp] == ((kStack - 4) & ~u64{15}) - 40);
    CHECK(m.peek<u64>(c.gpr[arch::kRsp] + 24) == kStack - 4);
    CHECK(c.seg[arch::kSs].selector == kData0);
  }
  SECTION("from ring 3: RSP0 and a null SS") {
    m.user();
    control::deliver(c, exception(Exception::GeneralProtection, true, 0));
    CHECK(c.gpr[arch::kRsp] == kStack - 0x1000 - 48);
    CHECK(c.seg[arch::kSs].selector == 0);
    CHECK(!c.seg[arch::kSs].usable());
    CHECK(m.peek<u64>(c.gpr[arch::kRsp] + 16) == kUserCode64);
  }
  SECTION("IST1") {
    m.poke<u8>(kIdt + 8 * 16 + 4, 1);
    control::deliver(c, exception(Exception::DoubleFault, true, 0));
    CHECK(c.gpr[arch::kRsp] == kStack - 0x4000 - 48);
  }
}

// Catches INT n passing a gate that user code may not use, or its error code carrying EXT.
TEST_CASE("software interrupts respect the gate's DPL, exceptions do not") {
  Machine m;
  m.protected_mode();
  m.poke<u8>(kIdt + 0x40 * 8 + 5, 0x8E);  // DPL 0
  m.user();
  cpu::Cpu& c = m.cpu();
  const Delivery soft{.vector = 0x40, .source = Source::SoftwareInterrupt, .length = 2};
  REQUIRE(control::deliver_software(c, soft) == decode::Outcome::Fault);
  CHECK(c.fault.vector == Exception::GeneralProtection);
  CHECK(c.fault.error == (0x40 * 8 | 2));
  CHECK(c.cpl == 3);
  control::deliver(c, {.vector = 0x40, .source = Source::Interrupt});
  CHECK(c.cpl == 0);
}

// Catches the return address of INT n pointing at the instruction itself.
TEST_CASE("INT n returns behind itself, a fault to itself") {
  Machine m;
  m.protected_mode();
  cpu::Cpu& c = m.cpu();
  CHECK(m.run({0xCD, 0x30}) == 0x30);
  CHECK(m.peek<u32>(c.gpr[arch::kRsp]) == kCode + 2);
}

// Catches a missing row or column of SDM vol. 3, table 6-5.
TEST_CASE("double-fault conditions") {
  const auto becomes = [](Delivery first, Delivery second) {
    bool shutdown = false;
    const Delivery d = control::escalate(first, second, shutdown);
    return shutdown ? 0x100 : d.vector;
  };
  const Delivery benign = exception(Exception::Debug), gp = exception(Exception::GeneralProtection, true),
                 pf = exception(Exception::PageFault, true), df = exception(Exception::DoubleFault, true),
                 interrupt{.vector = 13, .source = Source::Interrupt},
                 ts = exception(Exception::InvalidTss, true);
  CHECK(becomes(benign, gp) == 13);
  CHECK(becomes(interrupt, gp) == 13);  // vector 13 from outside is not a #GP
  CHECK(becomes(gp, ts) == 8);
  CHECK(becomes(gp, pf) == 14);
  CHECK(becomes(pf, gp) == 8);
  CHECK(becomes(pf, pf) == 8);
  CHECK(becomes(pf, benign) == 1);
  CHECK(becomes(df, gp) == 0x100);
  CHECK(becomes(df, pf) == 0x100);
}

// Catches an endless loop, or a wrong end, where no handler can be reached.
TEST_CASE("without an IDT a fault ends in shutdown") {
  Machine m;
  m.protected_mode();
  m.cpu().idtr.limit = 0;
  control::deliver(m.cpu(), exception(Exception::InvalidOpcode));
  CHECK(m.cpu().activity == cpu::Activity::Shutdown);
}

// Catches EXT missing in what fails while an exception is delivered, and the fault not being delivered
// instead.
TEST_CASE("a gate that is not present gives #NP with the IDT and EXT bits") {
  Machine m;
  m.protected_mode();
  m.poke<u8>(kIdt + 6 * 8 + 5, 0x0E);
  control::deliver(m.cpu(), exception(Exception::InvalidOpcode));
  CHECK(m.cpu().rip == kHandlers + 11 * 16);
  CHECK(m.error_code() == (6 * 8 | 2 | 1));
}

// Catches NMIs nesting, or staying blocked after IRET.
TEST_CASE("NMI blocks NMIs until IRET") {
  Machine m;
  m.protected_mode();
  cpu::Cpu& c = m.cpu();
  control::deliver(c, {.vector = 2, .source = Source::Nmi});
  CHECK(c.nmi_blocked);
  REQUIRE(control::interrupt_return(c, 4, 0) == decode::Outcome::Next);
  CHECK(!c.nmi_blocked);
}

// Catches segment registers lost or kept wrongly between virtual-8086 mode and its monitor.
TEST_CASE("virtual-8086 mode: IRET enters, an interrupt leaves with all segments saved") {
  Machine m;
  m.protected_mode();
  cpu::Cpu& c = m.cpu();
  const u64 top = kStack - 0x100;
  const u32 frame[] = {0x10,   0x2000, static_cast<u32>(flag::kVm | flag::kIf | 3 << 12),
                       0x8000, 0x3000, 0x4000,
                       0x5000, 0x6000, 0x7000};
  for (unsigned i = 0; i < 9; ++i) m.poke<u32>(top + i * 4, frame[i]);
  c.gpr[arch::kRsp] = top;
  REQUIRE(control::interrupt_return(c, 4, 0) == decode::Outcome::Next);
  CHECK(c.mode == cpu::Mode::Virtual8086);
  CHECK(c.cpl == 3);
  CHECK(c.seg[arch::kCs].base == 0x2'0000);
  CHECK(c.seg[arch::kGs].base == 0x7'0000);

  control::deliver(c, {.vector = 0x20, .source = Source::Interrupt});
  CHECK(c.mode == cpu::Mode::Protected);
  CHECK(c.cpl == 0);
  CHECK(c.gpr[arch::kRsp] == kStack - 0x1000 - 36);
  const u64 sp = c.gpr[arch::kRsp];
  CHECK(m.peek<u32>(sp) == 0x10);
  CHECK(m.peek<u32>(sp + 4) == 0x2000);
  CHECK((m.peek<u32>(sp + 8) & flag::kVm) != 0);
  CHECK(m.peek<u32>(sp + 12) == 0x8000);
  CHECK(m.peek<u32>(sp + 16) == 0x3000);
  CHECK(m.peek<u32>(sp + 20) == 0x4000);  // ES
  CHECK(m.peek<u32>(sp + 32) == 0x7000);  // GS
  CHECK(!c.seg[arch::kDs].usable());
}

// Catches DR6 not being set, GD staying on, or RF set for what is not a fault.
TEST_CASE("debug traps set DR6 and turn general detection off") {
  Machine m;
  m.protected_mode();
  cpu::Cpu& c = m.cpu();
  c.dr7 |= arch::dr7::kGd;
  control::deliver(c, control::debug_trap(arch::dr6::kBs));
  CHECK((c.dr6 & arch::dr6::kBs) != 0);
  CHECK((c.dr7 & arch::dr7::kGd) == 0);
  CHECK((m.peek<u32>(c.gpr[arch::kRsp] + 8) & flag::kRf) == 0);
}

// Catches TF taking effect one instruction early or late.
TEST_CASE("single stepping traps after the instruction that follows the one that sets TF") {
  Machine m;
  m.protected_mode();
  // pushf; or dword [esp], 100h; popf; nop; nop
  CHECK(m.run({0x9C, 0x81, 0x0C, 0x24, 0x00, 0x01, 0x00, 0x00, 0x9D, 0x90, 0x90}) == 1);
  CHECK(m.peek<u32>(m.cpu().gpr[arch::kRsp]) == kCode + 10);
}

// Catches a single-step trap on the way into a handler, which no debugger or kernel expects there.
TEST_CASE("INT n under TF enters its handler without a trap") {
  Machine m;
  m.protected_mode();
  m.cpu().set_rflags(flag::kTf);
  m.settle();
  CHECK(m.run({0xCD, 0x30, 0x90}) == 0x30);
  CHECK((m.cpu().dr6 & arch::dr6::kBs) == 0);
}

// Catches MWAIT sleeping through a write to its line, or through an interrupt that it asked to see while
// masked.
TEST_CASE("MWAIT ends with a write to the line or, on request, a masked interrupt") {
  Machine m;
  m.protected_mode();
  cpu::Cpu& c = m.cpu();
  c.gpr[arch::kRax] = kData;
  c.gpr[arch::kRcx] = 0;
  c.gpr[arch::kRdx] = 0;
  m.run({0x0F, 0x01, 0xC8, 0x0F, 0x01, 0xC9, 0x43});  // monitor; mwait; inc ebx
  CHECK(c.activity == cpu::Activity::MonitorWait);
  CHECK(!m.processor->runnable());
  SECTION("write") {
    m.poke<u32>(kData + 60, 1);
    CHECK(m.processor->runnable());
    m.go();
    CHECK(c.gpr[arch::kRbx] == 1);
  }
  SECTION("masked interrupt") {
    m.processor->set_interrupt(true);
    CHECK(!m.processor->runnable());
    c.wait_ends_masked = true;
    CHECK(m.processor->runnable());
    m.go();
    CHECK(c.gpr[arch::kRbx] == 1);
  }
}
