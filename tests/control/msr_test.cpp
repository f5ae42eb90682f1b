// The MSR table, and registers whose values have rules.
#include <catch2/catch.hpp>

#include "machine_code.hpp"
#include "sim/arch/msr.hpp"
#include "sim/control/msr.hpp"
#include "sim/cpu/cpuid.hpp"

using namespace hvlab;
using namespace hvlab::test;
namespace msr = arch::msr;

namespace {

u64 read(cpu::Cpu& c, u32 address) {
  u64 value = 0;
  REQUIRE(control::read_msr(c, address, value));
  return value;
}

}  // namespace

// Catches rows out of order or overlapping, which the search would not find.
TEST_CASE("MSR rows ascend without overlap and are complete") {
  u64 next = 0;
  for (const control::MsrRow& row : control::msr_rows()) {
    INFO(row.name);
    CHECK(row.first >= next);
    CHECK(row.last >= row.first);
    CHECK(row.exists != nullptr);
    CHECK(row.read != nullptr);
    CHECK(row.write != nullptr);
    next = u64{row.last} + 1;
  }
}

// Catches a processor without the x2APIC whose APIC can be switched to it (SDM vol. 3, 11.12.1).
TEST_CASE("IA32_APIC_BASE.EXTD is reserved where CPUID shows no x2APIC") {
  struct Apic final : LocalApicPort {
    u64 base = 0xFEE0'0900;
    u64 base_msr() const override { return base; }
    bool set_base_msr(u64 value) override { return base = value, true; }
    u32 mmio_read(u32) override { return 0; }
    void mmio_write(u32, u32) override {}
    bool msr_read(u32, u64&) override { return false; }
    bool msr_write(u32, u64) override { return false; }
    u64 task_priority() const override { return 0; }
    void set_task_priority(u64) override {}
    u8 acknowledge() override { return 0; }
  };
  for (const bool has : {false, true}) {
    timing::Profile p = everything();
    if (!has) std::erase(p.features, std::string("x2apic"));
    Machine m(p);
    Apic apic;
    m.cpu().apic = &apic;
    CHECK(control::write_msr(m.cpu(), 0x1B, 0xFEE0'0D00) == has);
    CHECK(apic.base == (has ? 0xFEE0'0D00 : 0xFEE0'0900));
    CHECK(control::write_msr(m.cpu(), 0x1B, 0xFEE0'0100));
  }
}

// Catches MSRs that do not exist being readable.
TEST_CASE("unknown MSRs fault; features decide what is there") {
  timing::Profile p = everything();
  std::erase(p.features, std::string("rdtscp"));
  Machine m(p);
  cpu::Cpu& c = m.cpu();
  u64 value = 0;
  CHECK(!control::read_msr(c, 0x1234, value));
  CHECK(!control::write_msr(c, msr::kTscAux, 0));
  CHECK(!control::write_msr(c, 0xC001'0015, 0));  // AMD's on an Intel
  m.protected_mode();
  c.gpr[arch::kRcx] = 0x1234;
  CHECK(m.run({0x0F, 0x32}) == 13);
}

// Catches a fault where system software of Nehalem and later reads which states the package may enter, before
// it changes them (SDM vol. 4, table 2-15), and a register that Penryn has not.
TEST_CASE("the package's states are locked by firmware") {
  timing::Profile p = everything();
  p.vendor = "GenuineIntel";
  p.family = 6;
  p.model = 0x1A;
  Machine nehalem(p);
  CHECK(read(nehalem.cpu(), 0xE2) == bit(15));
  CHECK(control::write_msr(nehalem.cpu(), 0xE2, 0));
  CHECK(read(nehalem.cpu(), 0xE2) == bit(15));
  p.model = 0x17;
  Machine penryn(p);
  u64 value = 0;
  CHECK_FALSE(control::read_msr(penryn.cpu(), 0xE2, value));
}

// Catches invalid memory types and addresses being stored.
TEST_CASE("values with rules") {
  Machine m;
  cpu::Cpu& c = m.cpu();
  CHECK(!control::write_msr(c, msr::kPat, 2));
  CHECK(control::write_msr(c, msr::kPat, 0x0007'0106'0007'0406));
  CHECK(read(c, msr::kPat) == 0x0007'0106'0007'0406);
  CHECK(!control::write_msr(c, msr::kLstar, bit(47)));
  CHECK(control::write_msr(c, msr::kLstar, 0xFFFF'8000'0000'0000));
  CHECK(!control::write_msr(c, msr::kFsBase, bit(63)));
  CHECK(!control::write_msr(c, msr::kMtrrDefType, 0x02));
  CHECK(control::write_msr(c, msr::kMtrrDefType, 0xC06));
  CHECK(!control::write_msr(c, msr::kMtrrPhysBase0, bit(45) | 6));
  CHECK(control::write_msr(c, msr::kMtrrPhysBase0 + 15, 0x800));
  CHECK(read(c, msr::kMtrrPhysBase0 + 15) == 0x800);
  CHECK(control::write_msr(c, msr::kMtrrFix4kLast, 0x0606'0606'0606'0606));
  CHECK(read(c, msr::kMtrrFix4kLast) == 0x0606'0606'0606'0606);
  CHECK(!control::write_msr(c, msr::kEfer, bit(63)));
  CHECK(!control::write_msr(c, msr::kMtrrCap, 0));
}

// Catches settings that software reads back being lost, and commands that can be read or take reserved bits.
TEST_CASE("controls of units that are not modelled are kept") {
  timing::Profile p = everything();
  Machine intel(p);
  p.vendor = "AuthenticAMD";
  Machine amd(p);
  for (const u32 address : {0xC001'1020u, 0xC001'1028u, 0xC001'102Du, 0xC001'0015u}) {
    INFO(address);
    CHECK(!control::write_msr(intel.cpu(), address, 0));
    REQUIRE(control::write_msr(amd.cpu(), address, read(amd.cpu(), address) | bit(9)));
    CHECK((read(amd.cpu(), address) & bit(9)) != 0);
  }
  CHECK((read(amd.cpu(), 0xC001'1029) & bit(1)) != 0);  // LFENCE serializes, whatever is written
  u64 value = 0;
  CHECK(!control::read_msr(amd.cpu(), 0x49, value));
  CHECK(control::write_msr(amd.cpu(), 0x49, 1));
  CHECK(!control::write_msr(amd.cpu(), 0x49, 2));
  CHECK(control::write_msr(amd.cpu(), 0x48, 7));
  CHECK(!control::write_msr(amd.cpu(), 0x48, 8));
  CHECK(read(amd.cpu(), 0x48) == 7);
}

// Catches CPUID bits that AMD's feature MSRs cannot take back, or that fixed words cannot bring where there
// are none.
TEST_CASE("AMD's CPUID feature MSRs take features back") {
  timing::Profile p = everything();
  p.vendor = "AuthenticAMD";
  Machine m(p);
  cpu::Cpu& c = m.cpu();
  const u64 all = read(c, 0xC001'1004);
  CHECK((all & bit(32 + 27)) != 0);  // OSXSAVE stands for XSAVE here, whatever CR4 says
  CHECK(static_cast<u32>(all) == (cpu::cpuid(c, 1, 0).edx | bit(9)));
  REQUIRE(control::write_msr(c, 0xC001'1004, all & ~(bit(32) | bit(26))));
  CHECK((cpu::cpuid(c, 1, 0).ecx & 1) == 0);        // SSE3
  CHECK((cpu::cpuid(c, 1, 0).edx & bit(26)) == 0);  // SSE2
  REQUIRE(control::write_msr(c, 0xC001'1002, 0));
  CHECK(cpu::cpuid(c, 7, 0).ebx == 0);
  REQUIRE(control::write_msr(c, 0xC001'1005, ~u64{0}));
  CHECK((cpu::cpuid(c, 0x8000'0001, 0).ecx & bit(31)) == 0);
}

// Catches the time-stamp counter not counting on from what was written.
TEST_CASE("writing the TSC moves it") {
  Machine m;
  cpu::Cpu& c = m.cpu();
  REQUIRE(control::write_msr(c, msr::kTsc, 1'000'000));
  CHECK(read(c, msr::kTsc) == 1'000'000);
  CHECK(control::time_stamp(c) == 1'000'000);
}
