// Every leaf of CPUID on two parts, word by word.
#include <catch2/catch.hpp>

#include "machine_code.hpp"
#include "sim/cpu/cpuid.hpp"

using namespace hvlab;
using namespace hvlab::test;

namespace {

struct Leaf {
  u32 leaf, first, last;  // sub-leaves
  cpu::CpuidResult words;
};
#define LEAF(leaf, first, last, eax, ebx, ecx, edx) {leaf, first, last, {eax, ebx, ecx, edx}},
constexpr Leaf kSkylake[] = {
#include "cpuid_intel_skylake.inc"
};
constexpr Leaf kZen2[] = {
#include "cpuid_amd_zen2.inc"
};
#undef LEAF

cpu::CpuidResult expected(std::span<const Leaf> leaves, u32 leaf, u32 subleaf) {
  for (const Leaf& each : leaves)
    if (each.leaf == leaf && each.first <= subleaf && subleaf <= each.last) return each.words;
  return {};
}

void check(const char* name, std::span<const Leaf> leaves) {
  Machine m(timing::load_profile(name, timing::Accuracy::Functional), 1 << 20);
  m.cpu().count = 4;
  m.cpu().index = 2;
  const u32 maximum[] = {leaves[0].words.eax, expected(leaves, 0x8000'0000, 0).eax};
  for (const u32 last : maximum) {
    for (u32 leaf = last & 0x8000'0000; leaf <= last; ++leaf) {
      for (u32 subleaf = 0; subleaf < 6; ++subleaf) {
        INFO(name << ": leaf " << std::hex << leaf << ", sub-leaf " << subleaf);
        const cpu::CpuidResult told = cpu::cpuid(m.cpu(), leaf, subleaf),
                               wanted = expected(leaves, leaf, subleaf);
        CHECK(told.eax == wanted.eax);
        CHECK(told.ebx == wanted.ebx);
        CHECK(told.ecx == wanted.ecx);
        CHECK(told.edx == wanted.edx);
      }
    }
  }
}

}  // namespace

// Catches any word of CPUID that changes by a change of how profiles are read: guests see each of them.
TEST_CASE("every leaf of two profiles, word by word") {
  check("intel-skylake", kSkylake);
  check("amd-zen2", kZen2);
}
