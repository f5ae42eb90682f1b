// The MSR areas of a VMCS (SDM vol. 3, 27.4, 28.4, 28.6).
#include <catch2/catch.hpp>

#include "machine_code.hpp"
#include "sim/arch/msr.hpp"
#include "sim/control/msr.hpp"
#include "sim/vmx/msr_area.hpp"

using namespace hvlab;
using namespace hvlab::test;
namespace msr = arch::msr;
namespace efer = arch::efer;
using vmx::MsrEntry;

namespace {

constexpr u64 kArea = 0x30'0FF0;  // the second entry lies in the next page

class AreaMachine : public Machine {
 public:
  AreaMachine() { long_mode(); }

  void area(std::initializer_list<MsrEntry> entries) {
    u64 at = kArea;
    count = static_cast<u32>(entries.size());
    for (const MsrEntry& e : entries) poke(at, e), at += sizeof e;
  }
  u64 load() { return vmx::load_msrs(cpu(), kArea, count); }
  u64 store() { return vmx::store_msrs(cpu(), kArea, count); }
  u64 stored(unsigned n) const { return peek<MsrEntry>(kArea + n * sizeof(MsrEntry)).value; }

  u32 count = 0;
};

/// Loads `middle` between two entries that are good; the number of the entry that failed.
u64 load_between(MsrEntry middle) {
  AreaMachine m;
  m.area({{msr::kTscAux, 0, 11}, middle, {msr::kSysenterEsp, 0, 33}});
  const u64 failed = m.load();
  CHECK(m.cpu().tsc_aux == 11);
  CHECK(m.cpu().sysenter_esp == (failed == 0 ? 33 : 0));
  return failed;
}
u64 store_between(MsrEntry middle) {
  AreaMachine m;
  m.cpu().tsc_aux = 11, m.cpu().sysenter_esp = 33;
  m.area({{msr::kTscAux, 0, 0}, middle, {msr::kSysenterEsp, 0, 0}});
  const u64 failed = m.store();
  CHECK(m.stored(0) == 11);
  CHECK(m.stored(2) == (failed == 0 ? 33 : 0));
  return failed;
}

}  // namespace

// Catches entries that are skipped, taken out of order, or read at the wrong offset.
TEST_CASE("MSR areas: entries are loaded in order, and stored") {
  AreaMachine m;
  m.area({{msr::kLstar, 0, 0xFFFF'8000'0000'1000}, {msr::kStar, 0, 1}, {msr::kStar, 0, 0x23'0010'0000'0000}});
  CHECK(m.load() == 0);
  CHECK(m.cpu().lstar == 0xFFFF'8000'0000'1000);
  CHECK(m.cpu().star == 0x23'0010'0000'0000);

  m.cpu().seg[arch::kFs].base = 0x1234;
  m.area({{msr::kLstar, 0, 0}, {msr::kFsBase, 0, 0}, {msr::kKernelGsBase, 0, 99}});
  CHECK(m.store() == 0);
  CHECK(m.stored(0) == 0xFFFF'8000'0000'1000);
  CHECK(m.stored(1) == 0x1234);  // may be stored, though not loaded
  CHECK(m.stored(2) == 0);
  CHECK(m.peek<MsrEntry>(kArea).number == msr::kLstar);  // the rest of an entry stays
}

// Catches a register that the manual bars but that is loaded, and the wrong number for the qualification.
TEST_CASE("27.4, 28.6 entries that cannot be loaded") {
  CHECK(load_between({msr::kLstar, 0, 0x1000}) == 0);
  for (const u32 number : {msr::kFsBase, msr::kGsBase, u32{0x800}, u32{0x808}, u32{0x8FF},
                           msr::kSmmMonitorCtl, msr::kBiosUpdateTrigger, msr::kBiosUpdateSignature}) {
    INFO(number);
    CHECK(load_between({number, 0, 0}) == 2);
  }
  CHECK(load_between({msr::kLstar, 1, 0x1000}) == 2);  // bits 63:32
  CHECK(load_between({msr::kLstar, 1u << 31, 0x1000}) == 2);
  CHECK(load_between({0x1234'5678, 0, 0}) == 2);        // no such register
  CHECK(load_between({msr::kLstar, 0, bit(47)}) == 2);  // #GP for the value
  CHECK(load_between({0x480, 0, 0}) == 2);              // read-only
  // Under paging LME cannot be changed, NXE can.
  CHECK(load_between({msr::kEfer, 0, efer::kLma}) == 2);
  CHECK(load_between({msr::kEfer, 0, efer::kLma | efer::kLme}) == 0);
}

TEST_CASE("28.4 entries that cannot be stored") {
  CHECK(store_between({msr::kLstar, 0, 0}) == 0);
  for (const u32 number :
       {u32{0x800}, u32{0x8FF}, msr::kSmbase, msr::kBiosUpdateTrigger, msr::kBiosUpdateSignature}) {
    INFO(number);
    CHECK(store_between({number, 0, 0}) == 2);
  }
  CHECK(store_between({msr::kLstar, 1, 0}) == 2);
  CHECK(store_between({0x1234'5678, 0, 0}) == 2);
  CHECK(store_between({0x49, 0, 0}) == 2);  // PRED_CMD: write-only
}

// Catches a count that keeps the simulator busy, and one that is taken for an error too early.
TEST_CASE("MSR areas: more entries than the processor recommends") {
  AreaMachine m;
  const u64 limit = m.cpu().vmx.msr_limit();
  for (u64 n = 0; n <= limit; ++n) m.poke(kArea + n * 16, MsrEntry{msr::kTscAux, 0, n});
  CHECK(vmx::load_msrs(m.cpu(), kArea, static_cast<u32>(limit)) == 0);
  CHECK(m.cpu().tsc_aux == limit - 1);
  CHECK(vmx::load_msrs(m.cpu(), kArea, 0xFFFF'FFFF) == limit + 1);
  CHECK(vmx::store_msrs(m.cpu(), kArea, 0xFFFF'FFFF) == limit + 1);
  CHECK(m.cpu().tsc_aux == limit - 1);
}

TEST_CASE("MSR areas: nothing to do, and an area that is not RAM") {
  AreaMachine m;
  m.bus.accesses.clear();
  CHECK(vmx::load_msrs(m.cpu(), 0x5000'0000, 0) == 0);
  CHECK(vmx::store_msrs(m.cpu(), 0x5000'0000, 0) == 0);
  CHECK(m.bus.accesses.empty());
  CHECK(vmx::load_msrs(m.cpu(), 0x5000'0000, 3) == 1);  // reads as all ones
  CHECK(vmx::store_msrs(m.cpu(), 0x5000'0000, 3) == 1);
}

// Catches a guest's offset in what VM exit stores: the areas have the processor's own time.
TEST_CASE("28.4 the time stamp is not the guest's") {
  AreaMachine m;
  cpu::Cpu& c = m.cpu();
  const u64 host = control::time_stamp(c);
  c.guest = c.virtualization;
  REQUIRE(c.guest != nullptr);
  c.guest_tsc_offset = bit(40);
  CHECK(control::time_stamp(c) == host + bit(40));
  m.area({{msr::kTsc, 0, 0}});
  CHECK(m.store() == 0);
  CHECK(m.stored(0) == host);
  CHECK(c.guest == c.virtualization);
  m.area({{msr::kTsc, 0, 1000}});
  CHECK(m.load() == 0);
  c.guest = nullptr;
  CHECK(control::time_stamp(c) == 1000);
}

// Catches code that is executed as it was before VM exit has stored over it.
TEST_CASE("28.4 decoded code under a stored value is dropped") {
  AreaMachine m;
  CHECK(m.run({0x48, 0xFF, 0xC0}) == -1);                              // INC RAX; HLT
  m.poke<MsrEntry>(kCode - 8, {msr::kTscAux, 0, m.peek<u64>(kCode)});  // the value lies over the code
  m.cpu().tsc_aux = 0xF4F4'F4F4;
  CHECK(vmx::store_msrs(m.cpu(), kCode - 8, 1) == 0);
  const u64 before = m.cpu().gpr[arch::kRax];
  m.cpu().rip = kCode;
  m.cpu().activity = cpu::Activity::Active;
  m.go();
  CHECK(m.cpu().gpr[arch::kRax] == before);
}
