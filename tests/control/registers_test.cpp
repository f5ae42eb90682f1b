// Control and debug registers.
#include <catch2/catch.hpp>

#include "machine_code.hpp"
#include "sim/control/control_registers.hpp"
#include "sim/cpu/debug.hpp"

using namespace hvlab;
using namespace hvlab::test;
using arch::Exception;
using decode::Outcome;
namespace cr0 = arch::cr0;
namespace cr4 = arch::cr4;
namespace efer = arch::efer;

namespace {

bool accepted(cpu::Cpu& c, unsigned number, u64 value) {
  const Outcome o = control::write_control_register(c, number, value);
  if (o == Outcome::Next) return true;
  CHECK(c.fault.vector == Exception::GeneralProtection);
  return false;
}

}  // namespace

// Catches combinations of CR0 that the manual forbids being accepted.
TEST_CASE("CR0: PG needs PE, NW needs CD, the upper half is reserved") {
  Machine m;
  m.real_mode();
  cpu::Cpu& c = m.cpu();
  CHECK(!accepted(c, 0, cr0::kPg));
  CHECK(!accepted(c, 0, cr0::kNw));
  CHECK(!accepted(c, 0, bit(32)));
  CHECK(accepted(c, 0, cr0::kPe));
  CHECK(c.mode == cpu::Mode::Protected);
  CHECK((c.cr0 & cr0::kEt) != 0);
}

// Catches IA-32e mode entered without PAE, LMA not following, or paging turned off under 64-bit code.
TEST_CASE("IA-32e mode begins and ends with CR0.PG") {
  Machine m;
  m.long_mode();  // tables are there
  m.protected_mode();
  cpu::Cpu& c = m.cpu();
  c.efer = efer::kLme;
  c.cr3 = kTables;
  CHECK(!accepted(c, 0, c.cr0 | cr0::kPg));  // CR4.PAE is off
  c.cr4 |= cr4::kPae;
  CHECK(accepted(c, 0, c.cr0 | cr0::kPg));
  CHECK((c.efer & efer::kLma) != 0);
  CHECK(c.mode == cpu::Mode::Compatibility);
  CHECK(!accepted(c, 4, c.cr4 & ~cr4::kPae));
  CHECK(!control::write_efer(c, 0));  // LME under paging
  CHECK(accepted(c, 0, c.cr0 & ~cr0::kPg));
  CHECK((c.efer & efer::kLma) == 0);
  m.long_mode();
  CHECK(!accepted(c, 0, c.cr0 & ~cr0::kPg));
}

// Catches CR4 bits of features that the processor lacks.
TEST_CASE("CR4 takes only bits of features that are there; PCIDE has its conditions") {
  timing::Profile p = everything();
  std::erase(p.features, std::string("smap"));
  Machine m(p);
  m.long_mode();
  cpu::Cpu& c = m.cpu();
  CHECK(!accepted(c, 4, c.cr4 | cr4::kSmap));
  CHECK(accepted(c, 4, c.cr4 | cr4::kSmep));
  CHECK(!accepted(c, 4, c.cr4 | cr4::kVmxe));
  c.cr3 |= 0x18;
  CHECK(!accepted(c, 4, c.cr4 | cr4::kPcide));  // CR3[11:0] is not 0
  c.cr3 &= ~u64{0x18};
  CHECK(accepted(c, 4, c.cr4 | cr4::kPcide));
  m.protected_mode();
  CHECK(!accepted(c, 4, cr4::kPcide));
}

// Catches the no-flush bit being kept in CR3, or accepted without PCIDs.
TEST_CASE("CR3: bit 63 only with PCIDs, and never stored") {
  Machine m;
  m.long_mode();
  cpu::Cpu& c = m.cpu();
  CHECK(!accepted(c, 3, kTables | bit(63)));
  CHECK(!accepted(c, 3, kTables | bit(45)));  // beyond the physical addresses
  c.cr4 |= cr4::kPcide;
  CHECK(accepted(c, 3, kTables | 5 | bit(63)));
  CHECK(c.cr3 == (kTables | 5));
}

// Catches unknown EFER bits and LMA being written.
TEST_CASE("EFER: LMA is read-only, unknown bits fault") {
  Machine m;
  m.protected_mode();
  cpu::Cpu& c = m.cpu();
  CHECK(control::write_efer(c, efer::kLma | efer::kNxe));
  CHECK(c.efer == efer::kNxe);
  CHECK(!control::write_efer(c, bit(13)));
}

// Catches DR4 and DR5 not following CR4.DE, reserved bits, and general detection.
TEST_CASE("debug registers: aliases, fixed bits, general detection") {
  Machine m;
  m.protected_mode();
  cpu::Cpu& c = m.cpu();
  CHECK(control::write_debug_register(c, 5, 0) == Outcome::Next);
  CHECK(c.dr7 == arch::dr7::kFixed1);
  CHECK(control::write_debug_register(c, 6, 0) == Outcome::Next);
  CHECK(c.dr6 == arch::dr6::kFixed1);
  CHECK(control::write_debug_register(c, 7, bit(32)) == Outcome::Fault);
  c.cr4 |= cr4::kDe;
  CHECK(control::write_debug_register(c, 4, 0) == Outcome::Fault);
  CHECK(c.fault.vector == Exception::InvalidOpcode);
  c.dr7 |= arch::dr7::kGd;
  CHECK(control::read_debug_register(c, 0).failed());
  CHECK(c.fault.vector == Exception::Debug);
  CHECK(c.fault.debug_bits == arch::dr6::kBd);
}

// Catches breakpoints of the wrong kind, length or alignment.
TEST_CASE("breakpoint conditions") {
  cpu::State s;
  s.dr[0] = 0x1003, s.dr[1] = 0x2000;
  s.dr7 = 1 | 1 << 16 | 3 << 18;  // DR0: enabled, write, 4 bytes (aligned down to 1000h)
  CHECK(cpu::match_data_breakpoint(s, 0x1000, 1, true) == 1);
  CHECK(cpu::match_data_breakpoint(s, 0xFFF, 2, true) == 1);
  CHECK(cpu::match_data_breakpoint(s, 0x1004, 1, true) == 0);
  CHECK(cpu::match_data_breakpoint(s, 0x1000, 1, false) == 0);
  CHECK(cpu::match_instruction_breakpoint(s, 0x1003) == 0);
  s.dr7 |= 4;  // DR1: instruction
  CHECK(cpu::match_instruction_breakpoint(s, 0x2000) == 2);
  s.rflags_rest |= arch::flag::kRf;
  CHECK(cpu::match_instruction_breakpoint(s, 0x2000) == 0);
}

// Catches an instruction breakpoint that hits again after IRET has set RF.
TEST_CASE("an instruction breakpoint is a fault before its instruction") {
  Machine m;
  m.protected_mode();
  cpu::Cpu& c = m.cpu();
  c.dr[0] = kCode + 1;
  c.dr7 |= 2;
  m.settle();
  CHECK(m.run({0x90, 0x40, 0x90}) == 1);  // nop; inc eax; nop
  CHECK(c.gpr[arch::kRax] == 0);
  CHECK((c.dr6 & 0xF) == 1);
  CHECK(m.peek<u32>(c.gpr[arch::kRsp]) == kCode + 1);
}
