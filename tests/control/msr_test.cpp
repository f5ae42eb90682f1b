// The MSR table, and registers whose values have rules.
#include <catch2/catch.hpp>

#include "machine_code.hpp"
#include "quiet_apic.hpp"
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
  struct Apic final : QuietApic {
    u64 base = 0xFEE0'0900;
    u64 base_msr() const override { return base; }
    bool set_base_msr(u64 value) override { return base = value, true; }
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

// Catches enables that are lost, and a status that software can make up: it can only be cleared, on AMD's
// processors unless HWCR.McStatusWrEn (SDM vol. 3, 16.3.2; APM vol. 2, 9.3.2).
TEST_CASE("machine-check banks: enables are kept, status can only be cleared") {
  timing::Profile p = everything();
  for (const char* vendor : {"GenuineIntel", "AuthenticAMD"}) {
    p.vendor = vendor;
    Machine m(p);
    cpu::Cpu& c = m.cpu();
    const u32 banks = static_cast<u32>(read(c, 0x179) & 0xFF);
    REQUIRE(banks > 0);
    for (u32 bank = 0; bank < banks; ++bank) {
      const u32 control = 0x400 + 4 * bank;
      for (const u64 value : {~u64{0}, u64{0}, u64{0x5A}}) {
        CHECK(control::write_msr(c, control, value));
        CHECK(read(c, control) == value);
      }
      CHECK(control::write_msr(c, control + 1, 0));
      CHECK(!control::write_msr(c, control + 1, 1));
      CHECK(read(c, control + 1) == 0);
    }
    u64 value = 0;
    CHECK(!control::read_msr(c, 0x400 + 4 * banks, value));
    CHECK(!control::write_msr(c, 0x400 + 4 * banks, 0));
  }
  CHECK(control::write_msr(Machine(p).cpu(), 0x401, 0));
  Machine amd(p);
  REQUIRE(control::write_msr(amd.cpu(), 0xC001'0015, bit(18)));
  CHECK(control::write_msr(amd.cpu(), 0x401, 1));
}

// Catches branch trace storage and precise sampling that are there because nothing says that they are not,
// and a bit of CPUID's without its register bit (SDM vol. 4, table 2-2, IA32_MISC_ENABLE).
TEST_CASE("IA32_MISC_ENABLE: what is not available, what can be changed") {
  Machine m;
  cpu::Cpu& c = m.cpu();
  constexpr u64 kUnavailable = bit(11) | bit(12), kXtpr = bit(23);
  CHECK((read(c, 0x1A0) & kUnavailable) == kUnavailable);
  CHECK(control::write_msr(c, 0x1A0, bit(0) | bit(3) | bit(16) | bit(18) | bit(22) | kXtpr | bit(34)));
  CHECK(read(c, 0x1A0) == (bit(0) | bit(3) | bit(16) | bit(18) | bit(22) | kXtpr | bit(34) | kUnavailable));
  timing::Profile p = everything();
  std::erase(p.features, std::string("xtpr"));
  Machine without(p);
  CHECK(control::write_msr(without.cpu(), 0x1A0, kXtpr));
  CHECK((read(without.cpu(), 0x1A0) & kXtpr) == 0);
}

// Catches AMD's registers for SYSENTER that keep 64 bits or fault for their upper half, and Intel's that do
// not.
TEST_CASE("SYSENTER_ESP and EIP: canonical on Intel's processors, 32 bits on AMD's") {
  timing::Profile p = everything();
  for (const u32 address : {msr::kSysenterEsp, msr::kSysenterEip}) {
    p.vendor = "GenuineIntel";
    Machine intel(p);
    CHECK(!control::write_msr(intel.cpu(), address, 0xAAAA'AAAA'AAAA'AAAA));
    CHECK(control::write_msr(intel.cpu(), address, 0x1234'5678'9ABC));
    CHECK(read(intel.cpu(), address) == 0x1234'5678'9ABC);
    p.vendor = "AuthenticAMD";
    Machine amd(p);
    CHECK(control::write_msr(amd.cpu(), address, 0xAAAA'AAAA'AAAA'AAAA));
    CHECK(read(amd.cpu(), address) == 0xAAAA'AAAA);
  }
}
