// What VMX changes in the processor itself: control registers under masks and fixed bits, the order of exits
// and exceptions, IRET and NMIs, debug exceptions, the time stamp, MSRs (SDM vol.
// 3, 24.7, 24.8, 26.1, 26.3, 28.1).
#include <catch2/catch.hpp>

#include "fake_hypervisor.hpp"
#include "sim/arch/msr.hpp"
#include "sim/control/control_registers.hpp"
#include "sim/control/iret.hpp"
#include "sim/control/msr.hpp"

using namespace hvlab;
using namespace hvlab::test;
using arch::Exception;
using decode::Intercept;
using decode::Outcome;
using Register = FakeHypervisor::Register;
namespace cr0 = arch::cr0;
namespace cr4 = arch::cr4;
namespace flag = arch::flag;

namespace {

bool writes(cpu::Cpu& c, unsigned number, u64 value) {
  const Outcome o = control::write_control_register(c, number, value);
  if (o == Outcome::Next) return true;
  CHECK((o == Outcome::World || c.fault.vector == Exception::GeneralProtection));
  return false;
}

u64 read(cpu::Cpu& c, unsigned number) { return control::read_control_register(c, number).value; }

}  // namespace

// Catches fixed bits that do not hold in VMX operation, hold outside, or hold PE and PG of an unrestricted
// guest.
TEST_CASE("CR0 and CR4 have fixed bits in VMX operation") {
  Machine m(intel_everything());
  m.protected_mode();
  cpu::Cpu& c = m.cpu();
  CHECK(writes(c, 0, c.cr0 & ~cr0::kNe));
  CHECK(writes(c, 0, c.cr0 | cr0::kNe));
  CHECK(writes(c, 4, c.cr4 | cr4::kVmxe));
  CHECK(writes(c, 4, c.cr4 & ~cr4::kVmxe));
  m.long_mode();
  m.compatibility_mode();
  c.cr4 |= cr4::kVmxe;
  c.vmx_operation = true;
  CHECK(!writes(c, 0, c.cr0 & ~cr0::kNe));
  CHECK(!writes(c, 0, c.cr0 & ~cr0::kPg));
  CHECK(!writes(c, 4, c.cr4 & ~cr4::kVmxe));
  CHECK(writes(c, 0, c.cr0 | cr0::kTs));
  CHECK(writes(c, 4, c.cr4 | cr4::kTsd));
  c.unrestricted = true;
  CHECK(!writes(c, 0, c.cr0 & ~cr0::kNe));
  CHECK(writes(c, 0, c.cr0 & ~cr0::kPg));
  CHECK(writes(c, 0, c.cr0 & ~cr0::kPe));
  CHECK(c.mode == cpu::Mode::Real);
  Machine amd(everything());
  CHECK(!writes(amd.cpu(), 4, cr4::kVmxe));  // no VMX, no bit
}

// Catches masked bits that the guest sees or changes, and shadows that leak into the register.
TEST_CASE("guest/host masks keep bits of CR0 and CR4 from the guest") {
  DoorMachine m;
  cpu::Cpu& c = m.cpu();
  c.cr0_mask = cr0::kTs | cr0::kWp, c.cr0_shadow = cr0::kTs;
  c.cr4_mask = cr4::kVmxe | cr4::kPge, c.cr4_shadow = cr4::kPge;
  const u64 cr0_was = c.cr0, cr4_was = c.cr4;
  CHECK(read(c, 0) == ((cr0_was & ~cr0::kWp) | cr0::kTs));
  CHECK(read(c, 4) == ((cr4_was & ~cr4::kVmxe) | cr4::kPge));
  CHECK(writes(c, 0, (cr0_was & ~cr0::kWp) | cr0::kAm | cr0::kTs));
  CHECK(c.cr0 == (cr0_was | cr0::kAm));
  CHECK(writes(c, 4, (cr4_was & ~cr4::kVmxe) | cr4::kTsd | cr4::kPge));
  CHECK(c.cr4 == (cr4_was | cr4::kTsd));
  // SMSW sees the shadow; LMSW and CLTS leave masked bits alone.
  m.run({0x0F, 0x01, 0xE0});  // smsw eax
  CHECK((c.gpr[arch::kRax] & cr0::kTs) != 0);
  c.cr0_mask = cr0::kTs | cr0::kMp;
  c.cr0 = (c.cr0 | cr0::kMp) & ~cr0::kTs;
  c.gpr[arch::kRax] = 0xC;    // TS and EM
  m.run({0x0F, 0x01, 0xF0});  // lmsw ax
  CHECK((c.cr0 & 0xF) == (cr0::kPe | cr0::kMp | cr0::kEm));
  c.cr0 |= cr0::kTs, c.cr0 &= ~cr0::kEm;
  c.cr0_mask = cr0::kTs;
  m.run({0x0F, 0x06});  // clts
  CHECK((c.cr0 & cr0::kTs) != 0);
  c.cr0_mask = 0;
  m.run({0x0F, 0x06});
  CHECK((c.cr0 & cr0::kTs) == 0);
}

// Catches #GP for a value that the hypervisor wanted to see first, and what it is told of the operand.
TEST_CASE("a VMX hypervisor is asked about a control register before its value is checked") {
  DoorMachine m;
  cpu::Cpu& c = m.cpu();
  CHECK(!writes(c, 0, bit(40)));
  CHECK(!writes(c, 3, bit(60) | 0x123));
  CHECK(!writes(c, 4, bit(40)));
  CHECK(!writes(c, 8, 0x77));
  CHECK(m.hypervisor.controls ==
        std::vector<Register>{
            {0, bit(40), true}, {3, bit(60) | 0x123, true}, {4, bit(40), true}, {8, 0x77, true}});
  m.hypervisor.controls.clear();
  c.gpr[arch::kRax] = 0x1234'FFFF'8009;
  m.run({0x0F, 0x01, 0xF0});  // lmsw ax: the operand's 16 bits
  CHECK(m.hypervisor.controls == std::vector<Register>{{0, 0x8009, true}});
}

// Catches MOV DR whose exit waits for privilege or for a register that exists (26.1.3), and RDTSCP and
// INVPCID that are not undefined while their controls are 0 (26.3).
TEST_CASE("exits and undefined opcodes that come before privilege") {
  for (const bool to : {true, false}) {
    DoorMachine m;
    cpu::Cpu& c = m.cpu();
    m.user();
    c.cr4 |= cr4::kDe;
    c.intercepted = decode::intercept_bit(Intercept::MovToDr) | decode::intercept_bit(Intercept::MovFromDr);
    m.guest_code({0x0F, static_cast<u8>(to ? 0x23 : 0x21), 0xE0});  // mov dr4, rax; mov rax, dr4
    m.on();
    CHECK(m.hypervisor.instructions == std::vector{to ? Intercept::MovToDr : Intercept::MovFromDr});
    CHECK(c.gpr[arch::kRax] == 0);
  }
  DoorMachine m;
  cpu::Cpu& c = m.cpu();
  m.user();
  c.cr4 |= cr4::kTsd;
  CHECK(m.run({0x0F, 0x01, 0xF9}) == 13);  // rdtscp
  m.user();
  c.rip = kCode;
  c.undefined = decode::intercept_bit(Intercept::Rdtscp);
  CHECK(m.run({0x0F, 0x01, 0xF9}) == 6);
}

// Catches MONITOR and MWAIT that find fault with ECX before the exit.
TEST_CASE("MONITOR and MWAIT exit before their operands are looked at") {
  for (const u8 last : {u8{0xC8}, u8{0xC9}}) {
    DoorMachine m;
    cpu::Cpu& c = m.cpu();
    c.gpr[arch::kRcx] = 0x80;
    c.intercepted = decode::intercept_bit(Intercept::Monitor) | decode::intercept_bit(Intercept::Mwait);
    m.guest_code({0x0F, 0x01, last});
    m.on();
    CHECK(m.hypervisor.instructions == std::vector{last == 0xC8 ? Intercept::Monitor : Intercept::Mwait});
    m.hypervisor.enter(m);
    c.rip = kCode;
    CHECK(m.run({0x0F, 0x01, last}) == 13);
  }
}

// Catches MWAIT that sleeps over the interrupt its hypervisor waits to give (26.3).
TEST_CASE("MWAIT with masked interrupts does not wait while a window is asked for") {
  DoorMachine m;
  cpu::Cpu& c = m.cpu();
  c.gpr[arch::kRax] = kData;
  c.gpr[arch::kRcx] = 0;
  c.guest_events = cpu::guest_event::kInterruptWindow;
  m.guest_code({0x0F, 0x01, 0xC8, 0xB1, 0x01, 0x0F, 0x01, 0xC9, 0x90});  // monitor; mov cl, 1; mwait; nop
  m.on();
  CHECK(c.rip == kCode + 10);  // behind the HLT
  CHECK(c.activity == cpu::Activity::Halted);
}

// Catches RDRAND and RDSEED that are not asked about inside a block, or are drawn all the same.
TEST_CASE("RDRAND and RDSEED exit from the middle of a block") {
  for (const u8 modrm : {u8{0xF0}, u8{0xF8}}) {
    DoorMachine m;
    cpu::Cpu& c = m.cpu();
    m.guest_code({0x90, 0x90, 0x0F, 0xC7, modrm, 0x90});
    const Intercept what = modrm == 0xF0 ? Intercept::Rdrand : Intercept::Rdseed;
    c.intercepted = decode::intercept_bit(what);
    const u64 state = c.random_state;
    m.on();
    CHECK(m.hypervisor.instructions == std::vector{what});
    CHECK(c.random_state == state);
  }
}

// Catches DR6 and DR7 changed before the exit for #DB (28.1), and changed no more if there is none.
TEST_CASE("a debug exception's exit finds the debug registers as they were") {
  for (const bool exits : {true, false}) {
    DoorMachine m;
    cpu::Cpu& c = m.cpu();
    m.hypervisor.wants_exceptions = exits;
    c.dr7 |= arch::dr7::kGd;
    c.refresh();
    m.guest_code({0x0F, 0x23, 0xC0});  // mov dr0, rax
    m.on();
    REQUIRE(m.hypervisor.exceptions.size() == 1);
    CHECK(m.hypervisor.exceptions[0].debug_bits == arch::dr6::kBd);
    CHECK(m.hypervisor.dr6 == arch::dr6::kFixed1);
    CHECK((m.hypervisor.dr7 & arch::dr7::kGd) != 0);
    CHECK(((c.dr6 & arch::dr6::kBd) == 0) == exits);
    CHECK(((c.dr7 & arch::dr7::kGd) != 0) == exits);
  }
}

// Catches INT1, INT3 or INTO that the exception bitmap does not see, and INT n that it does (26.2, table
// 25-17).
TEST_CASE("software's own exceptions are offered to the hypervisor, interrupts are not") {
  struct Case {
    std::initializer_list<u8> code;
    int vector;
    cpu::Source source;
  };
  for (const Case& one : {Case{{0xF1}, 1, cpu::Source::PrivilegedSoftwareException},
                          Case{{0xCC}, 3, cpu::Source::SoftwareException}, Case{{0xCD, 3}, -1, {}}}) {
    DoorMachine m;
    m.hypervisor.wants_exceptions = true;
    m.guest_code(one.code);
    m.on();
    CHECK(m.hypervisor.exceptions.size() == (one.vector < 0 ? 0 : 1));
    if (one.vector < 0) continue;
    CHECK(m.hypervisor.exceptions[0].vector == one.vector);
    CHECK(m.hypervisor.exceptions[0].source == one.source);
    CHECK(m.hypervisor.exceptions[0].length == 1);
  }
}

// Catches NMIs blocked for good by an IRET that faults on Intel's processors, an exit that is not told of it,
// and controls that change what IRET does (26.3, 28.2.3).
TEST_CASE("IRET and the blocking of NMIs") {
  // Completed.
  DoorMachine m;
  cpu::Cpu& c = m.cpu();
  const u64 frame[] = {kCode + 0x100, kCode64, 2, kStack, kData0};
  const auto put_frame = [&](u64 cs) {
    for (unsigned n = 0; n < 5; ++n) m.poke<u64>(kStack - 40 + 8 * n, n == 1 ? cs : frame[n]);
    c.gpr[arch::kRsp] = kStack - 40;
  };
  put_frame(kCode64);
  c.nmi_blocked = true;
  CHECK(control::interrupt_return(c, 8, 0) == Outcome::Next);
  CHECK(!c.nmi_blocked);
  CHECK(!c.nmi_unblocked);
  // "NMI exiting" without "virtual NMIs": it stays.
  put_frame(kCode64);
  c.nmi_blocked = c.iret_keeps_blocking = true;
  CHECK(control::interrupt_return(c, 8, 0) == Outcome::Next);
  CHECK(c.nmi_blocked);
  c.iret_keeps_blocking = false;
  // A fault: the exit is told, and only that one.
  put_frame(0x1000);
  CHECK(control::interrupt_return(c, 8, 0) == Outcome::Fault);
  CHECK(!c.nmi_blocked);
  CHECK(c.nmi_unblocked);
  put_frame(0x1000);
  CHECK(control::interrupt_return(c, 8, 0) == Outcome::Fault);
  CHECK(!c.nmi_unblocked);  // there was no blocking to end
  c.nmi_blocked = true;
  put_frame(0x1000);
  c.rip = kCode;
  CHECK(m.run({0x48, 0xCF}) == 13);
  CHECK(!c.nmi_blocked);
  CHECK(!c.nmi_unblocked);
  // AMD's ends it when it is done.
  timing::Profile amd = everything();
  amd.vendor = "AuthenticAMD";
  Machine other(amd);
  other.long_mode();
  other.cpu().nmi_blocked = true;
  CHECK(control::interrupt_return(other.cpu(), 8, 0) == Outcome::Fault);
  CHECK(other.cpu().nmi_blocked);
}

// Catches a time stamp that is not scaled before the offset is added, and a write that goes to the guest's
// clock.
TEST_CASE("a guest of VMX reads a scaled and offset time stamp and writes the processor's") {
  DoorMachine m;
  cpu::Cpu& c = m.cpu();
  c.tsc_offset = 1'000'000;
  const u64 host = control::host_time_stamp(c);
  CHECK(control::time_stamp(c) == host);
  c.guest_tsc_multiplier = 3 * bit(47);  // 1.5
  c.guest_tsc_offset = ~u64{0} - 41;     // -42
  CHECK(control::time_stamp(c) == host + host / 2 - 42);
  CHECK(control::write_msr(c, arch::msr::kTsc, 5'000'000));
  CHECK(control::host_time_stamp(c) == 5'000'000);
  CHECK(control::time_stamp(c) == 7'500'000 - 42);
}

// Catches a feature control that cannot be locked, or changed under its lock, and capability MSRs that can be
// written, are there without VMX, or say something else than the profile.
TEST_CASE("IA32_FEATURE_CONTROL and the capability MSRs") {
  Machine m(intel_everything());
  cpu::Cpu& c = m.cpu();
  u64 value = 1;
  REQUIRE(control::read_msr(c, 0x3A, value));
  CHECK(value == 0);
  CHECK(!control::write_msr(c, 0x3A, 2));        // VMXON in SMX, which does not exist
  CHECK(!control::write_msr(c, 0x3A, bit(18)));  // SGX
  CHECK(control::write_msr(c, 0x3A, 4));
  CHECK(control::write_msr(c, 0x3A, 5));
  CHECK(!control::write_msr(c, 0x3A, 5));
  REQUIRE(control::read_msr(c, 0x3A, value));
  CHECK(value == 5);
  for (u32 n = 0x480; n <= 0x491; ++n) {
    INFO(n);
    u64 expected = 0;
    REQUIRE(arch::vmx::capability_msr(c.vmx, n, expected));
    REQUIRE(control::read_msr(c, n, value));
    CHECK(value == expected);
    CHECK(!control::write_msr(c, n, value));
  }
  REQUIRE(control::read_msr(c, 0x489, value));
  CHECK(value == control::cr4_supported(c));
  CHECK((value & cr4::kVmxe) != 0);
  CHECK(!control::read_msr(c, 0x492, value));
  Machine without(everything());
  CHECK(!control::read_msr(without.cpu(), 0x480, value));
  REQUIRE(control::read_msr(without.cpu(), 0x3A, value));
  CHECK(value == 1);  // locked, and off
  CHECK(!control::write_msr(without.cpu(), 0x3A, 5));
}

// Catches a task switch of which the exit cannot say what caused it.
TEST_CASE("what caused a task switch is told") {
  struct Case {
    std::initializer_list<u8> code;
    bool iret, jump, gate;
  };
  constexpr u16 kOtherTss = 0x50;
  for (const Case& one : {Case{{0xEA, 0, 0, 0, 0, kOtherTss, 0}, false, true, false},
                          Case{{0x9A, 0, 0, 0, 0, kOtherTss, 0}, false, false, false},
                          Case{{0xCD, 0x40}, false, false, true}, Case{{0xCF}, true, false, false}}) {
    DoorMachine m;
    cpu::Cpu& c = m.cpu();
    c.efer = 0;
    m.protected_mode();
    const bool back = one.iret;
    m.poke<u64>(kGdt + kOtherTss, u64{0x67} | u64{0xB000} << 16 | u64{back ? 0x8Bu : 0x89u} << 40);
    m.poke<u64>(kIdt + 0x40 * 8, u64{kOtherTss} << 16 | u64{0x85} << 40);
    m.poke<u16>(kTss, kOtherTss);
    if (back) c.rflags_rest |= flag::kNt;
    m.guest_code(one.code);
    m.on();
    REQUIRE(m.hypervisor.tasks.size() == 1);
    const cpu::TaskSwitchAccess& task = m.hypervisor.tasks[0];
    CHECK(task.selector == kOtherTss);
    CHECK(task.by_iret == one.iret);
    CHECK(task.by_jump == one.jump);
    CHECK(task.by_gate == one.gate);
  }
}
