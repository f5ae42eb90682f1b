// What a guest is told of its processor: the machine's own, without what it does not get.
#include "hv-models/hypervisor/abi.hpp"
#include "hv-models/hypervisor/handlers.hpp"
#include "hv-models/runtime/instructions.hpp"
#include "sim/arch/registers.hpp"
#include "sim/base/bits.hpp"

namespace hvlab::hypervisor {
namespace {

using runtime::CpuidResult;

constexpr u32 kMonitor = 1u << 3, kVmx = 1u << 5, kTscDeadline = 1u << 24, kXsave = 1u << 26,
              kOsxsave = 1u << 27,
              kHypervisor = 1u << 31;  // leaf 1, ECX
constexpr u32 kSvm = 1u << 2;          // leaf 8000_0001h, ECX

CpuidResult without_extended_state(u32 leaf, u32 subleaf) {
  CpuidResult r = runtime::cpuid(leaf, subleaf);
  constexpr u32 kAvx2 = 1u << 5, kInvpcid = 1u << 10;
  if (leaf == 7 && subleaf == 0) r.ebx &= ~(kAvx2 | kInvpcid);
  return r;
}

CpuidResult leaf_1(const VirtualProcessor& vcpu) {
  constexpr u32 kAvx = 1u << 28, kFma = 1u << 12, kF16c = 1u << 29, kPcid = 1u << 17;
  CpuidResult r = runtime::cpuid(1);
  r.ebx = (r.ebx & 0xff00) | vcpu.number << 24 | vcpu.machine->count << 16;
  // Extended state (XSAVE and what needs it) would have to be moved with the world.
  r.ecx &= ~(kMonitor | kVmx | kTscDeadline | kXsave | kOsxsave | kAvx | kFma | kF16c | kPcid);
  r.ecx |= kHypervisor;
  return r;
}

// A machine that has its processors to itself sees them as they are, but for what this hypervisor uses, and
// for MWAIT, which would wait past interrupts that are off.
CpuidResult own_leaf(u32 leaf, u32 subleaf) {
  if (leaf == 5 || leaf == 0x8000'000a) return {0, 0, 0, 0};
  CpuidResult r = runtime::cpuid(leaf, subleaf);
  if (leaf == 1) r.ecx &= ~(kMonitor | kVmx);
  if (leaf == 0x8000'0001) r.ecx &= ~kSvm;
  return r;
}

CpuidResult leaf_of(const VirtualProcessor& vcpu, u32 leaf, u32 subleaf) {
  if (vcpu.machine->direct) return own_leaf(leaf, subleaf);
  if (leaf == kSignatureLeaf) return {kFeatureLeaf, kSignatureB, kSignatureC, kSignatureD};
  if (leaf == kFeatureLeaf) return {vcpu.machine->hooks->features(*vcpu.machine), 0, 0, 0};
  if (leaf > kFeatureLeaf && leaf < 0x5000'0000) return {0, 0, 0, 0};
  if (leaf == 1) return leaf_1(vcpu);
  if (leaf == 5 || leaf == 0xd || leaf == 0x8000'000a) return {0, 0, 0, 0};  // MWAIT, XSAVE, SVM
  if (leaf == 0xb) return {0, 0, subleaf, vcpu.number};
  CpuidResult r = without_extended_state(leaf, subleaf);
  if (leaf == 0x8000'0001) r.ecx &= ~kSvm;
  if (leaf == 0x8000'0008) r.ecx = vcpu.machine->count - 1;
  return r;
}

}  // namespace

Outcome handle_cpuid(VirtualProcessor& vcpu, const Exit& exit) {
  u64* gpr = vcpu.registers.gpr;
  const CpuidResult r = leaf_of(vcpu, static_cast<u32>(gpr[arch::kRax]), static_cast<u32>(gpr[arch::kRcx]));
  gpr[arch::kRax] = r.eax;
  gpr[arch::kRbx] = r.ebx;
  gpr[arch::kRcx] = r.ecx;
  gpr[arch::kRdx] = r.edx;
  return go_on(vcpu, exit.length);
}

}  // namespace hvlab::hypervisor
