// CPUID leaves against the profile.
#include <catch2/catch.hpp>

#include "intel_everything.hpp"
#include "sim/cpu/cpuid.hpp"

using namespace hvlab;
using namespace hvlab::test;

namespace {

timing::Profile amd() {
  timing::Profile p = everything();
  p.vendor = "AuthenticAMD";
  p.family = 23;
  p.model = 49;
  p.leaves = timing::load_profile("amd-zen2", timing::Accuracy::Functional).leaves;
  return p;
}

u32 word(const cpu::CpuidResult& r, char reg) {
  return reg == 'a' ? r.eax : reg == 'b' ? r.ebx : reg == 'c' ? r.ecx : r.edx;
}

}  // namespace

// Catches a feature missing in CPUID, or one advertised that was taken away.
TEST_CASE("each feature of the profile shows in its bit, and only then") {
  struct Place {
    const char* name;
    u32 leaf;
    char reg;
    u8 bit;
  };
  constexpr Place kPlaces[] = {
#define FEATURE(id, name, leaf, reg, bit) {name, leaf, reg, bit},
#include "sim/arch/features.inc"
#undef FEATURE
  };
  for (const Place& place : kPlaces) {
    if (place.leaf == ~0u || std::string_view(place.name) == "apic") continue;  // APIC follows the APIC
    INFO(place.name);
    const bool vmx = std::string_view(place.name) == "vmx";
    Machine with(vmx                         ? intel_everything()
                 : place.leaf == 0x8000'000A ? amd()  // SVM's leaf is AMD's
                                             : everything());
    with.long_mode();
    CHECK(((word(cpu::cpuid(with.cpu(), place.leaf, 0), place.reg) >> place.bit) & 1) == 1);
    timing::Profile p = everything();
    std::erase(p.features, std::string(place.name));
    Machine without(p, 1 << 20);
    CHECK(((word(cpu::cpuid(without.cpu(), place.leaf, 0), place.reg) >> place.bit) & 1) == 0);
  }
}

// Catches a wrong signature, vendor string, or range.
TEST_CASE("identity and ranges by maker") {
  Machine i, a(amd());
  CHECK(cpu::cpuid(i.cpu(), 0, 0).ebx == 0x756E'6547);
  CHECK(cpu::cpuid(a.cpu(), 0, 0).ecx == 0x444D'4163);
  CHECK(cpu::cpuid(i.cpu(), 1, 0).eax == 0x506E0);
  CHECK(cpu::cpuid(a.cpu(), 1, 0).eax == 0x0083'0F10);
  const cpu::CpuidResult beyond_intel = cpu::cpuid(i.cpu(), 0x4000'0000, 0),
                         last = cpu::cpuid(i.cpu(), 0x16, 0);
  CHECK(beyond_intel.eax == last.eax);
  CHECK(beyond_intel.eax == 1000);
  const cpu::CpuidResult beyond_amd = cpu::cpuid(a.cpu(), 0x4000'0000, 0);
  CHECK((beyond_amd.eax | beyond_amd.ebx | beyond_amd.ecx | beyond_amd.edx) == 0);
  CHECK((cpu::cpuid(a.cpu(), 0x8000'0008, 0).eax & 0xFFFF) == (40 | 48 << 8));
}

// Catches OSXSAVE not following CR4.
TEST_CASE("OSXSAVE follows CR4, XSAVE's size its two components") {
  Machine m;
  cpu::Cpu& c = m.cpu();
  CHECK((cpu::cpuid(c, 1, 0).ecx & bit(27)) == 0);
  c.cr4 |= arch::cr4::kOsxsave;
  CHECK((cpu::cpuid(c, 1, 0).ecx & bit(27)) != 0);
  CHECK(cpu::cpuid(c, 0xD, 0).ebx == 576);
  CHECK(cpu::cpuid(c, 0xD, 0).eax == 3);
  // XSAVEOPT, XSAVEC, XGETBV with ECX = 1, XSAVES; the compacted format is no longer; no supervisor
  // components, and none behind SSE's.
  const cpu::CpuidResult extensions = cpu::cpuid(c, 0xD, 1), third = cpu::cpuid(c, 0xD, 2);
  CHECK(extensions.eax == 0xF);
  CHECK(extensions.ebx == 576);
  CHECK((extensions.ecx | extensions.edx) == 0);
  CHECK((third.eax | third.ebx | third.ecx | third.edx) == 0);
}

// Catches topology leaves that disagree about the number of cores.
TEST_CASE("four cores in every topology leaf") {
  Machine m(amd());
  cpu::Cpu& c = m.cpu();
  c.count = 4;
  c.index = 2;
  CHECK((cpu::cpuid(c, 1, 0).ebx >> 16) == (2 << 8 | 4));
  CHECK((cpu::cpuid(c, 1, 0).edx & bit(28)) != 0);
  CHECK((cpu::cpuid(c, 0x8000'0008, 0).ecx & 0xFF) == 3);
  CHECK(cpu::cpuid(c, 0xB, 1).eax == 2);
  CHECK(cpu::cpuid(c, 0xB, 1).ebx == 4);
  CHECK(cpu::cpuid(c, 0xB, 0).edx == 2);
  CHECK(cpu::cpuid(c, 0x8000'001E, 0).eax == 2);
  CHECK((cpu::cpuid(c, 0x8000'001D, 3).eax >> 14 & 0xFFF) == 3);
}

// Catches a cache told otherwise than the part does: published dumps of an i5-6600K (but for its third level,
// which has 6 MiB in 12 ways where the profile's part has 8 in 16) and of an EPYC 7742.
TEST_CASE("caches as the parts themselves tell them") {
  struct Leaf {
    u32 kind, ebx, ecx, edx;
  };
  constexpr Leaf kSkylake[] = {{0x121, 0x01C0'003F, 0x3F, 0},
                               {0x122, 0x01C0'003F, 0x3F, 0},
                               {0x143, 0x00C0'003F, 0x3FF, 0},
                               {0x163, 0x03C0'003F, 0x1FFF, 6}};
  constexpr Leaf kRome[] = {{0x121, 0x01C0'003F, 0x3F, 0},
                            {0x122, 0x01C0'003F, 0x3F, 0},
                            {0x143, 0x01C0'003F, 0x3FF, 2},
                            {0x163, 0x03C0'003F, 0x3FFF, 1}};
  Machine i(timing::load_profile("intel-skylake", timing::Accuracy::Functional)),
      a(timing::load_profile("amd-zen2", timing::Accuracy::Functional));
  const auto check = [](const cpu::CpuidResult& told, const Leaf& leaf) {
    CHECK((told.eax & 0x3FFF) == leaf.kind);
    CHECK(told.ebx == leaf.ebx);
    CHECK(told.ecx == leaf.ecx);
    CHECK(told.edx == leaf.edx);
  };
  for (u32 n = 0; n < 4; ++n) {
    INFO(n);
    check(cpu::cpuid(i.cpu(), 4, n), kSkylake[n]);
    check(cpu::cpuid(a.cpu(), 0x8000'001D, n), kRome[n]);
  }
  CHECK(cpu::cpuid(i.cpu(), 0x8000'0006, 0).ecx == 0x0100'6040);
  CHECK(cpu::cpuid(a.cpu(), 0x8000'0005, 0).ecx == 0x2008'0140);
  CHECK(cpu::cpuid(a.cpu(), 0x8000'0006, 0).ecx == 0x0200'6140);
}
