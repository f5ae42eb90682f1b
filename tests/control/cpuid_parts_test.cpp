// CPUID of the profiles against published dumps of the real parts.
#include <catch2/catch.hpp>

#include "machine_code.hpp"
#include "sim/cpu/cpuid.hpp"

using namespace hvlab;
using namespace hvlab::test;

namespace {

struct Row {
  u32 leaf, subleaf;
  char reg;
  u32 real;
  u32 mask = ~0u;  // of what is compared
};

u32 word(const cpu::CpuidResult& r, char reg) {
  return reg == 'a' ? r.eax : reg == 'b' ? r.ebx : reg == 'c' ? r.ecx : r.edx;
}

/// The bits of a word that HVLab implements; but APIC follows the local APIC, which a test's machine has not.
u32 known_bits(u32 leaf, char reg) {
  u32 bits = 0;
#define FEATURE(id, name, its_leaf, its_reg, its_bit) \
  if (its_leaf == leaf && (its_reg) == reg && std::string_view(name) != "apic") bits |= 1u << (its_bit);
#include "sim/arch/features.inc"
#undef FEATURE
  return bits;
}

void check(const char* name, std::initializer_list<Row> features, std::initializer_list<Row> others) {
  Machine m(timing::load_profile(name, timing::Accuracy::Functional), 1 << 20);
  m.long_mode();
  for (const Row& row : features) {
    INFO(name << ": features of leaf " << std::hex << row.leaf << ", E" << row.reg << "X");
    const u32 told = word(cpu::cpuid(m.cpu(), row.leaf, row.subleaf), row.reg),
              known = known_bits(row.leaf, row.reg);
    CHECK((told & known) == (row.real & known & row.mask));
  }
  for (const Row& row : others) {
    INFO(name << ": leaf " << std::hex << row.leaf << '.' << row.subleaf << ", E" << row.reg << "X");
    CHECK((word(cpu::cpuid(m.cpu(), row.leaf, row.subleaf), row.reg) & row.mask) == (row.real & row.mask));
  }
}

constexpr u32 kKind = 0x3FFF;      // of a cache: the rest of EAX counts processors
constexpr u32 kSyscall = 1 << 11;  // dumps made in 32-bit mode do not show it (SDM vol. 2, CPUID)
constexpr u32 kPhysical = 0xFF;    // of the address sizes: where linear addresses have 57 bits, HVLab has 48

}  // namespace

// Each catches a feature that the part has and HVLab implements but the profile does not list, one that the
// part lacks, and a leaf of caches, TLBs or sizes that is another part's.

TEST_CASE("intel-penryn is a Xeon E5420") {
  check("intel-penryn",
        {{1, 0, 'c', 0x000C'E3BD},
         {1, 0, 'd', 0xBFEB'FBFF},
         {0x8000'0001, 0, 'c', 1},
         {0x8000'0001, 0, 'd', 0x2010'0000 | kSyscall},
         {0x8000'0007, 0, 'd', 0}},
        {{0, 0, 'a', 0xA},
         {1, 0, 'a', 0x10676},
         {2, 0, 'a', 0x05B0'B101},
         {2, 0, 'b', 0x0056'57F0},
         {2, 0, 'd', 0x2CB4'304E},
         {4, 0, 'a', 0x121, kKind},
         {4, 0, 'b', 0x01C0'003F},
         {4, 0, 'c', 0x3F},
         {4, 0, 'd', 1},
         {4, 1, 'a', 0x122, kKind},
         {4, 1, 'b', 0x01C0'003F},
         {4, 1, 'c', 0x3F},
         {4, 2, 'a', 0x143, kKind},
         {4, 2, 'b', 0x05C0'003F},
         {4, 2, 'c', 0xFFF},
         {4, 2, 'd', 1},
         {4, 3, 'a', 0},
         {6, 0, 'a', 0, 1 << 2},
         {0x8000'0000, 0, 'a', 0x8000'0008},
         {0x8000'0004, 0, 'd', 0x007A'4847},
         {0x8000'0006, 0, 'c', 0x1800'8040},
         {0x8000'0008, 0, 'a', 0x3026}});
}

TEST_CASE("intel-nehalem is a Xeon E5520") {
  check("intel-nehalem",
        {{1, 0, 'c', 0x009C'E3BD},
         {1, 0, 'd', 0xBFEB'FBFF},
         {7, 0, 'd', 0x9C00'0000},  // of its last microcode; the dump is older
         {0x8000'0001, 0, 'c', 1},
         {0x8000'0001, 0, 'd', 0x2810'0000 | kSyscall},
         {0x8000'0007, 0, 'd', 0x100}},
        {{0, 0, 'a', 0xB},
         {1, 0, 'a', 0x106A5},
         {2, 0, 'a', 0x5503'5A01},
         {2, 0, 'b', 0x00F0'B2E4},
         {2, 0, 'd', 0x09CA'212C},
         {4, 0, 'b', 0x01C0'003F},
         {4, 0, 'c', 0x3F},
         {4, 1, 'b', 0x00C0'003F},
         {4, 1, 'c', 0x7F},
         {4, 2, 'b', 0x01C0'003F},
         {4, 2, 'c', 0x1FF},
         {4, 3, 'a', 0x163, kKind},
         {4, 3, 'b', 0x03C0'003F},
         {4, 3, 'c', 0x1FFF},
         {4, 3, 'd', 2},
         {6, 0, 'a', 0, 1 << 2},
         {0x8000'0000, 0, 'a', 0x8000'0008},
         {0x8000'0006, 0, 'c', 0x0100'6040},
         {0x8000'0008, 0, 'a', 0x3028}});
}

// The dump was made under a hypervisor that hides MONITOR and VMX.
TEST_CASE("intel-icelake is a Xeon D-1718T") {
  check("intel-icelake",
        {{1, 0, 'c', 0xFFFA'F387 | 1 << 3 | 1 << 5},
         {1, 0, 'd', 0xBFEB'FBFF},
         {7, 0, 'b', 0xF3BF'BFB9},
         {7, 0, 'd', 0xBC00'0410},
         {0x8000'0001, 0, 'c', 0x121},
         {0x8000'0001, 0, 'd', 0x2C10'0800},
         {0x8000'0007, 0, 'd', 0x100}},
        {{0, 0, 'a', 0x1B},
         {1, 0, 'a', 0x606C1},
         {2, 0, 'a', 0x00FE'FF01},
         {2, 0, 'b', 0xF0},
         {4, 0, 'b', 0x02C0'003F},
         {4, 0, 'c', 0x3F},
         {4, 1, 'b', 0x01C0'003F},
         {4, 1, 'c', 0x3F},
         {4, 2, 'b', 0x04C0'003F},
         {4, 2, 'c', 0x3FF},
         {4, 3, 'a', 0x163, kKind},
         {4, 3, 'b', 0x04C0'003F},
         {4, 3, 'c', 0x1FFF},
         {0x15, 0, 'a', 1},  // the part says 2 and D0h, which is the same ratio
         {0x15, 0, 'b', 0x68},
         {0x15, 0, 'c', 0x017D'7840},
         {0x8000'0006, 0, 'c', 0x0100'6040},
         {0x8000'0008, 0, 'a', 0x392E, kPhysical}});
}

TEST_CASE("amd-opteron is an Opteron 2210 HE") {
  check("amd-opteron",
        {{1, 0, 'c', 0x2001},
         {1, 0, 'd', 0x178B'FBFF},
         {0x8000'0001, 0, 'c', 0x1F},
         {0x8000'0001, 0, 'd', 0xEBD3'FBFF},
         {0x8000'0007, 0, 'd', 0x3F},
         {0x8000'000A, 0, 'd', 0}},
        {{0, 0, 'a', 1},
         {1, 0, 'a', 0x40F12},
         {7, 0, 'b', 0},
         {0xB, 0, 'c', 0},
         {0x8000'0000, 0, 'a', 0x8000'0018},
         {0x8000'0001, 0, 'a', 0x40F12},
         {0x8000'0001, 0, 'c', 0, 1 << 22},  // topology extensions
         {0x8000'0005, 0, 'a', 0xFF08'FF08},
         {0x8000'0005, 0, 'b', 0xFF20'FF20},
         {0x8000'0005, 0, 'c', 0x4002'0140},
         {0x8000'0005, 0, 'd', 0x4002'0140},
         {0x8000'0006, 0, 'a', 0},
         {0x8000'0006, 0, 'b', 0x4200'4200},
         {0x8000'0006, 0, 'c', 0x0400'8140},
         {0x8000'0006, 0, 'd', 0},
         {0x8000'0008, 0, 'a', 0x3028},
         {0x8000'000A, 0, 'a', 1},
         {0x8000'000A, 0, 'b', 64},
         {0x8000'001D, 0, 'a', 0}});
}

TEST_CASE("amd-zen4 is an EPYC 9124") {
  check("amd-zen4",
        {{1, 0, 'c', 0x7EFA'320B},
         {1, 0, 'd', 0x178B'FBFF},
         {7, 0, 'b', 0xF1BF'97A9},
         {7, 0, 'd', 0x1000'0010},
         {0x8000'0001, 0, 'c', 0x75C2'37FF},
         {0x8000'0001, 0, 'd', 0x2FD3'FBFF},
         {0x8000'0007, 0, 'd', 0x6799},
         {0x8000'0008, 0, 'b', 0x79BE'F25F},
         {0x8000'000A, 0, 'd', 0x1FBF'BCFF}},
        {{0, 0, 'a', 0x10},
         {1, 0, 'a', 0x00A1'0F11},
         {6, 0, 'a', 4},
         {0x8000'0000, 0, 'a', 0x8000'0028},
         {0x8000'0001, 0, 'c', 1 << 22, 1 << 22},
         {0x8000'0005, 0, 'a', 0xFF48'FF40},
         {0x8000'0005, 0, 'c', 0x2008'0140},
         {0x8000'0006, 0, 'a', 0x5C00'2200},
         {0x8000'0006, 0, 'b', 0x6C00'4200},
         {0x8000'0006, 0, 'c', 0x0400'6140},
         {0x8000'0006, 0, 'd', 0x0200'9140},
         {0x8000'0008, 0, 'a', 0x3934, kPhysical},
         {0x8000'000A, 0, 'a', 1},
         {0x8000'000A, 0, 'b', 0x8000},
         {0x8000'0019, 0, 'a', 0xF048'F040},
         {0x8000'0019, 0, 'b', 0xF040'0000},
         {0x8000'001D, 2, 'b', 0x01C0'003F},
         {0x8000'001D, 2, 'c', 0x7FF},
         {0x8000'001D, 2, 'd', 2},
         {0x8000'001D, 3, 'b', 0x03C0'003F},
         {0x8000'001D, 3, 'c', 0x3FFF},
         {0x8000'001D, 3, 'd', 1}});
}
