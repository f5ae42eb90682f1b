// CPUID (SDM vol. 2, CPUID; APM vol. 3, appendix E), and what else goes by the processor's maker.
#pragma once

#include "sim/cpu/cpu.hpp"

namespace hvlab::cpu {

struct CpuidResult {
  u32 eax = 0, ebx = 0, ecx = 0, edx = 0;
};

/// What CPUID returns on `cpu` for `leaf` (EAX) and `subleaf` (ECX): the features and identity of its
/// profile, its place in the machine, and the bits that follow CR4, XCR0 and the APIC.
CpuidResult cpuid(const Cpu& cpu, u32 leaf, u32 subleaf);

enum class Vendor : u8 { Intel, Amd };

/// Whose manual holds where the two differ: Intel's for "GenuineIntel", AMD's for all others.
inline Vendor vendor(const Cpu& cpu) {
  return std::memcmp(cpu.identity.vendor, "GenuineIntel", 12) == 0 ? Vendor::Intel : Vendor::Amd;
}

}  // namespace hvlab::cpu
