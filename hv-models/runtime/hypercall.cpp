#include "hv-models/runtime/hypercall.hpp"

#include "hv-models/runtime/instructions.hpp"

namespace hvlab::runtime {
namespace {

constexpr u32 kHypervisorPresent = 1u << 31;  // CPUID leaf 1, ECX

bool is_ours() {
  if ((cpuid(1).ecx & kHypervisorPresent) == 0) return false;
  const CpuidResult r = cpuid(kSignatureLeaf);
  return r.ebx == kSignatureB && r.ecx == kSignatureC && r.edx == kSignatureD;
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
