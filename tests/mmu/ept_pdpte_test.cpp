// The page-directory-pointer entries of a guest with PAE paging under EPT (SDM vol. 3, 4.4.1, 29.3.3.2).
#include <catch2/catch.hpp>

#include "ept_machine.hpp"
#include "sim/control/control_registers.hpp"

using namespace hvlab;
using namespace hvlab::test;
using cpu::NestedFault;
using decode::Outcome;
using mmu::Access;

namespace {

/// Four entries at guest-physical kFar + 20h, which is physical 15000h.
constexpr u64 kTable = EptMachine::kFar + 0x20;

struct Pae : EptMachine {
  Pae() : EptMachine(Paging::Pae) {
    map_ept(EptMachine::kFar, 0x1'5000, 1, ept::kR);
    for (u64 i = 0; i < 4; ++i) poke<u64>(0x1'5020 + i * 8, (0x10'0000 + i * 0x1000) | guest::kP);
  }
  u64 flags() { return peek<u64>(ept_entry(kTable, 1)) & (ept::kA | ept::kD); }
};

}  // namespace

// Catches entries read at the guest-physical address as if it were physical, or not loaded at all.
TEST_CASE("MOV to CR3 loads the four entries through EPT, and walks use the registers") {
  Pae m;
  REQUIRE(control::write_control_register(m.cpu(), 3, kTable) == Outcome::Next);
  for (u64 i = 0; i < 4; ++i) CHECK(m.cpu().pdpte[i] == ((0x10'0000 + i * 0x1000) | guest::kP));
  // What stands in memory now is no longer looked at.
  const u64 directory = m.table();
  m.cpu().pdpte[1] = directory | guest::kP;
  m.poke<u64>(directory, 0x30'0000 | guest::kP | guest::kPs);  // 2 MiB page at 2 MiB: reserved bit 20
  m.poke<u64>(directory, 0x20'0000 | guest::kP | guest::kPs);
  m.poke<u64>(m.ept_entry(kTable, 1), 0);
  CHECK(m.walk(0x4000'0004, Access::Read) == 0x20'0004);
  CHECK(m.result.references == 1 + 4 + 4);  // the directory's entry through EPT, and the page
}

// Catches a register that is used though it is not present, or a second look at its reserved bits.
TEST_CASE("an entry that is not present is a page fault") {
  Pae m;
  m.cpu().pdpte[2] = 0;
  CHECK_FALSE(m.walk(0x8000'0000, Access::Write));
  CHECK_FALSE(m.result.nested);
  CHECK(m.result.error == 2);
}

// Catches a fault of EPT that tells a linear address, is taken for the guest's, or leaves half of the
// entries.
TEST_CASE("a violation while the entries are loaded has no linear address, and nothing is loaded") {
  for (const bool flags : {false, true}) {
    for (const u64 permissions : {u64{0}, ept::kX}) {
      Pae m;
      m.cpu().second_stage.accessed_dirty = flags;
      m.map_ept(EptMachine::kFar, 0x1'5000, 1, permissions);
      const u64 old_cr3 = m.cpu().cr3;
      REQUIRE(control::write_control_register(m.cpu(), 3, kTable) == Outcome::Fault);
      const cpu::Fault& f = m.fault();
      CHECK(f.nested);
      CHECK(f.nested_fault == NestedFault::Violation);
      CHECK(f.address == kTable);
      CHECK(f.linear == 0);
      CHECK(f.qualification == (0x1 | (permissions == ept::kX ? 0x20 : 0)));  // a read, whatever the flags
      CHECK(m.cpu().cr3 == old_cr3);
      for (const u64 pdpte : m.cpu().pdpte) CHECK(pdpte == 0);
    }
  }
  Pae wrong;
  wrong.map_ept(EptMachine::kFar, 0x1'5000, 1, ept::kW);
  REQUIRE(control::write_control_register(wrong.cpu(), 3, kTable) == Outcome::Fault);
  CHECK(wrong.fault().nested_fault == NestedFault::Misconfiguration);
  CHECK(wrong.fault().address == kTable);
}

// Catches a load that counts as a write, as other accesses to tables do.
TEST_CASE("loading the entries is a read: it needs no permission to write and dirties nothing") {
  Pae m;
  m.cpu().second_stage.accessed_dirty = m.cpu().second_stage.logs_pages = true;
  REQUIRE(control::write_control_register(m.cpu(), 3, kTable) == Outcome::Next);
  CHECK(m.flags() == ept::kA);
  CHECK(m.door.logged.empty());
}

// Catches reserved bits let through, or EPT's faults overtaken by them.
TEST_CASE("reserved bits in an entry that is present are #GP(0)") {
  for (const u64 bits : {u64{2}, u64{4}, u64{0x20}, u64{0x100}, u64{1} << 45, u64{1} << 63}) {
    Pae m;
    m.poke<u64>(0x1'5030, 0x10'0000 | guest::kP | bits);
    REQUIRE(control::write_control_register(m.cpu(), 3, kTable) == Outcome::Fault);
    CHECK_FALSE(m.fault().nested);
    CHECK(m.fault().vector == arch::Exception::GeneralProtection);
    m.poke<u64>(0x1'5030, 0x10'0000 | bits);  // not present
    REQUIRE(control::write_control_register(m.cpu(), 3, kTable) == Outcome::Next);
  }
}

// Catches turning paging on, or CR4.PGE over, that keeps old registers or loses the old mode in a violation.
TEST_CASE("MOV to CR0 and CR4 load them too, and leave everything as it was where EPT refuses") {
  for (const unsigned number : {0u, 4u}) {
    Pae m;
    m.cpu().cr3 = kTable;
    const u64 old_cr0 = m.cpu().cr0 & ~(number == 0 ? arch::cr0::kPg : 0), old_cr4 = m.cpu().cr4;
    m.cpu().cr0 = old_cr0;
    m.settle();
    const u64 value = number == 0 ? old_cr0 | arch::cr0::kPg : old_cr4 | arch::cr4::kPge;
    m.map_ept(EptMachine::kFar, 0x1'5000, 1, 0);
    REQUIRE(control::write_control_register(m.cpu(), number, value) == Outcome::Fault);
    CHECK(m.fault().nested_fault == NestedFault::Violation);
    CHECK(m.fault().qualification == 1);
    CHECK(m.cpu().cr0 == old_cr0);
    CHECK(m.cpu().cr4 == old_cr4);
    m.map_ept(EptMachine::kFar, 0x1'5000, 1, ept::kR);
    REQUIRE(control::write_control_register(m.cpu(), number, value) == Outcome::Next);
    CHECK(m.cpu().pdpte[3] == (0x10'3000 | guest::kP));
  }
}
