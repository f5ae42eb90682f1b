#include "hv-models/runtime/hypercall.hpp"

#include "hv-models/runtime/instructions.hpp"

namespace hvlab::runtime {
namespace {

constexpr u32 kHypervisorPresent = 1u << 31;  // CPUID leaf 1, ECX
constexpr u32 kSignatureLeaf = 0x4000'0000, kFeatureLeaf = 0x4000'0001;
constexpr u32 kHvla = 0x616c'5648, kBhvl = 0x6c76'4862, kSpaces = 0x2020'6261;  // "HVlabHvlab  "

bool is_ours() {
  if ((cpuid(1).ecx & kHypervisorPresent) == 0) return false;
  const CpuidResult r = cpuid(kSignatureLeaf);
  return r.ebx == kHvla && r.ecx == kBhvl && r.edx == kSpaces;
}

bool is_amd() { return cpuid(0).ecx == 0x444d'4163; }  // "cAMD"

}  // namespace

u32 hypervisor_features() { return is_ours() ? cpuid(kFeatureLeaf).eax : 0; }

i64 hypercall(u64 number, u64 first, u64 second, u64 third) {
  i64 result;
  static const bool amd = is_amd();
  if (amd) {
    asm volatile("vmmcall" : "=a"(result) : "a"(number), "D"(first), "S"(second), "d"(third) : "memory");
  } else {
    asm volatile("vmcall" : "=a"(result) : "a"(number), "D"(first), "S"(second), "d"(third) : "memory");
  }
  return result;
}

}  // namespace hvlab::runtime
