#include "sim/cpu/cpuid.hpp"

#include <algorithm>
#include <bit>
#include <numeric>

namespace hvlab::cpu {

namespace {

/// Where a feature stands (see features.inc); leaf ~0: nowhere.
struct Place {
  u32 leaf;
  char reg;
  u8 bit;
};
constexpr Place kPlaces[] = {
#define FEATURE(id, name, leaf, reg, bit) {leaf, reg, bit},
#include "sim/arch/features.inc"
#undef FEATURE
};

u32& word(CpuidResult& r, char reg) {
  return reg == 'a' ? r.eax : reg == 'b' ? r.ebx : reg == 'c' ? r.ecx : r.edx;
}

/// The bits of all features the processor has that stand in `leaf`.
CpuidResult feature_bits(const Cpu& cpu, u32 leaf) {
  CpuidResult r;
  for (size_t n = 0; n < std::size(kPlaces); ++n)
    if (kPlaces[n].leaf == leaf && cpu.features.test(n)) word(r, kPlaces[n].reg) |= 1u << kPlaces[n].bit;
  return r;
}

/// Bits of an APIC id that number the cores of the package.
u32 core_bits(const Cpu& cpu) {
  return static_cast<u32>(std::bit_width(static_cast<unsigned>(cpu.count - 1)));
}

CpuidResult vendor_leaf(const Cpu& cpu, u32 maximum) {
  const auto part = [&](unsigned at) {
    u32 value = 0;
    std::memcpy(&value, cpu.identity.vendor + at, 4);
    return value;
  };
  return {maximum, part(0), part(8), part(4)};
}

/// Family, model and stepping (SDM vol. 2, CPUID, figure 3-6).
u32 signature(const Identity& id) {
  const u32 family = std::min(id.family, 15u);
  u32 value = (id.stepping & 0xF) | (id.model & 0xF) << 4 | family << 8 | (id.family - family) << 20;
  if (family == 6 || family == 15) value |= (id.model >> 4) << 16;
  return value;
}

/// AMD's CPUID feature MSRs: what privileged software leaves of a leaf.
void take_back(u32& high, u32& low, u64 mask) {
  high &= static_cast<u32>(mask >> 32);
  low &= static_cast<u32>(mask);
}

CpuidResult leaf_1(const Cpu& cpu) {
  CpuidResult r = feature_bits(cpu, 1);
  r.eax = signature(cpu.identity);
  r.ebx = static_cast<u32>(cpu.index) << 24 | (1u << core_bits(cpu)) << 16 | 8 << 8;  // CLFLUSH: 8 quadwords
  if ((cpu.cr4 & arch::cr4::kOsxsave) != 0) r.ecx |= 1u << 27;
  if (cpu.count > 1) r.edx |= 1u << 28;  // HTT: more than one logical processor in the package
  constexpr u32 kApicBit = 1u << 9;
  if (cpu.apic == nullptr || !test_bit(cpu.apic->base_msr(), 11)) r.edx &= ~kApicBit;
  take_back(r.ecx, r.edx, cpu.cpuid_mask[2]);
  return r;
}

/// Logical processors that share a cache with one, as the number of APIC ids there is room for, less 1.
u32 sharing(const Cpu& cpu, const arch::CpuidCache& cache) {
  const u32 all = (1u << core_bits(cpu)) - 1;
  return cache.cores == 0 ? all : std::min(cache.cores - 1u, all);
}

CpuidResult cache_leaf(const Cpu& cpu, u32 subleaf, bool intel) {
  if (subleaf >= std::size(cpu.leaves.caches)) return {};
  const arch::CpuidCache& c = cpu.leaves.caches[subleaf];
  if (c.type == arch::CpuidCache::Type::None) return {};
  constexpr u32 kLine = 64;
  CpuidResult r;
  r.eax =
      static_cast<u32>(c.type) | u32{c.level} << 5 | 1 << 8 | sharing(cpu, c) << 14;  // 8: self-initializing
  if (intel) r.eax |= ((1u << core_bits(cpu)) - 1) << 26;
  r.ebx = (kLine - 1) | (c.ways - 1) << 22;
  r.ecx = c.kibibytes * 1024 / (kLine * c.ways) - 1;
  r.edx = c.properties;
  return r;
}

CpuidResult structured_features(const Cpu& cpu, u32 subleaf) {
  if (subleaf != 0) return {};
  CpuidResult r = feature_bits(cpu, 7);
  take_back(r.eax, r.ebx, cpu.cpuid_mask[0]);
  return r;
}

CpuidResult monitor_leaf(const Cpu& cpu) {
  if (!cpu.has(Feature::Monitor)) return {};
  return {64, 64, 3, 0x11};  // lines of 64 bytes; interrupts break even when masked; one C0 and one C1 state
}

/// Extended topology (SDM vol. 3, 9.9.5): one thread a core, all cores in one package.
CpuidResult topology_leaf(const Cpu& cpu, u32 subleaf) {
  const u32 id = cpu.index;
  if (subleaf == 0) return {0, 1, 1 << 8, id};
  if (subleaf == 1) return {core_bits(cpu), cpu.count, 2 << 8 | 1, id};
  return {0, 0, subleaf & 0xFF, id};
}

/// XSAVE areas (SDM vol. 1, 13.2): legacy region and header, since only x87 and SSE state exist, which have
/// no sub-leaves of their own; the compacted format, whose size sub-leaf 1 tells, has the same size then.
/// IA32_XSS has no bits.
CpuidResult xsave_leaf(const Cpu& cpu, u32 subleaf) {
  constexpr u32 kSize = 512 + 64;
  if (!cpu.has(Feature::Xsave)) return {};
  if (subleaf == 0) return {static_cast<u32>(arch::xcr0::kX87 | arch::xcr0::kSse), kSize, kSize, 0};
  if (subleaf != 1) return {};
  constexpr Feature kBits[] = {Feature::Xsaveopt, Feature::Xsavec, Feature::Xgetbv1, Feature::Xsaves};
  CpuidResult r;
  for (unsigned n = 0; n < std::size(kBits); ++n)
    if (cpu.has(kBits[n])) r.eax |= 1u << n;
  if (cpu.has(Feature::Xsavec) || cpu.has(Feature::Xsaves)) r.ebx = kSize;
  return r;
}

/// TSC and crystal (SDM vol. 3, 19.7.3).
CpuidResult tsc_leaf(const Cpu& cpu) {
  const u64 hz = cpu.identity.frequency_hz, crystal = cpu.identity.crystal_hz;
  const u64 common = std::gcd(hz, crystal);
  if (common == 0) return {};
  return {static_cast<u32>(crystal / common), static_cast<u32>(hz / common), static_cast<u32>(crystal), 0};
}

CpuidResult frequency_leaf(const Cpu& cpu) {
  const u32 mhz = static_cast<u32>(cpu.identity.frequency_hz / 1'000'000);
  return {mhz, mhz, 100, 0};
}

CpuidResult brand_leaf(const Cpu& cpu, u32 part) {
  CpuidResult r;
  const char* text = cpu.identity.brand + part * 16;
  for (u32* to : {&r.eax, &r.ebx, &r.ecx, &r.edx}) std::memcpy(to, text, 4), text += 4;
  return r;
}

CpuidResult extended_features(const Cpu& cpu, bool intel) {
  CpuidResult r = feature_bits(cpu, 0x8000'0001);
  if (intel) {
    if (!cpu.code64()) r.edx &= ~(1u << 11);  // SYSCALL: in 64-bit mode only (SDM vol. 2, CPUID)
    return r;
  }
  r.eax = signature(cpu.identity);
  constexpr u32 kRepeated = 0x0183'F3FF;  // bits 9..0, 17..12, 24..23 repeat those of leaf 1
  r.edx |= leaf_1(cpu).edx & kRepeated;
  constexpr u32 kTopologyExtensions = 1u << 22, kCmpLegacy = 1u << 1;
  if (cpu.leaves.extended_maximum >= 0x8000'001E) r.ecx |= kTopologyExtensions;
  if (cpu.count > 1) r.ecx |= kCmpLegacy;
  take_back(r.ecx, r.edx, cpu.cpuid_mask[3]);
  return r;
}

CpuidResult address_sizes(const Cpu& cpu, bool intel) {
  const u32 bits_of = cpu.identity.physical_address_bits | (cpu.has(Feature::Lm) ? 48u << 8 : 32u << 8);
  const u32 features = feature_bits(cpu, 0x8000'0008).ebx;
  if (intel) return {bits_of, features, 0, 0};
  return {bits_of, features, core_bits(cpu) << 12 | (cpu.count - 1u), 0};
}

/// A leaf of the profile's words, or of features alone.
CpuidResult plain_leaf(const Cpu& cpu, u32 leaf, u32 subleaf) {
  for (const arch::CpuidWords& w : cpu.leaves.words) {
    if (w.leaf == 0) break;
    if (w.leaf == leaf && (w.subleaf == subleaf || w.subleaf == arch::CpuidWords::kAnySubleaf))
      return {w.eax, w.ebx, w.ecx, w.edx};
  }
  return feature_bits(cpu, leaf);
}

CpuidResult basic(const Cpu& cpu, u32 leaf, u32 subleaf, bool intel) {
  switch (leaf) {
    case 0: return vendor_leaf(cpu, cpu.leaves.basic_maximum);
    case 1: return leaf_1(cpu);
    case 4: return intel ? cache_leaf(cpu, subleaf, true) : CpuidResult{};
    case 5: return monitor_leaf(cpu);
    case 7: return structured_features(cpu, subleaf);
    case 0xB: return topology_leaf(cpu, subleaf);
    case 0xD: return xsave_leaf(cpu, subleaf);
    case 0x15: return intel ? tsc_leaf(cpu) : CpuidResult{};
    case 0x16: return intel ? frequency_leaf(cpu) : CpuidResult{};
    default: return plain_leaf(cpu, leaf, subleaf);
  }
}

/// SVM: revision, address-space identifiers, features (APM vol. 3, E.4.9).
CpuidResult svm_leaf(const Cpu& cpu) {
  if (!cpu.has(Feature::Svm)) return {};
  CpuidResult r = feature_bits(cpu, 0x8000'000A);
  r.eax = cpu.leaves.svm_revision;
  r.ebx = cpu.leaves.svm_asids;
  return r;
}

CpuidResult extended(const Cpu& cpu, u32 leaf, u32 subleaf, bool intel) {
  const u32 maximum = cpu.leaves.extended_maximum;
  switch (leaf) {
    case 0x8000'0000: return intel ? CpuidResult{maximum, 0, 0, 0} : vendor_leaf(cpu, maximum);
    case 0x8000'0001: return extended_features(cpu, intel);
    case 0x8000'0002:
    case 0x8000'0003:
    case 0x8000'0004: return brand_leaf(cpu, leaf - 0x8000'0002);
    case 0x8000'0008: return address_sizes(cpu, intel);
    case 0x8000'000A: return svm_leaf(cpu);
    case 0x8000'001D: return intel ? CpuidResult{} : cache_leaf(cpu, subleaf, false);
    case 0x8000'001E: return intel ? CpuidResult{} : CpuidResult{cpu.index, cpu.index, 0, 0};
    default: return plain_leaf(cpu, leaf, subleaf);
  }
}

}  // namespace

CpuidResult cpuid(const Cpu& cpu, u32 leaf, u32 subleaf) {
  const bool intel = vendor(cpu) == Vendor::Intel;
  const arch::CpuidLeaves& leaves = cpu.leaves;
  if (leaf >= 0x8000'0000 && leaf <= leaves.extended_maximum) return extended(cpu, leaf, subleaf, intel);
  if (leaf <= leaves.basic_maximum) return basic(cpu, leaf, subleaf, intel);
  // Beyond the range Intel's return what the highest basic leaf does, AMD's zero (SDM and APM, CPUID).
  return intel ? basic(cpu, leaves.basic_maximum, subleaf, intel) : CpuidResult{};
}

}  // namespace hvlab::cpu
