// Switching AMD's virtual machines on (APM vol. 2, 15.4), and what each processor has for them.
#include "hv-models/runtime/instructions.hpp"
#include "hv-models/runtime/memory.hpp"
#include "hv-models/runtime/panic.hpp"
#include "hv-models/runtime/processors.hpp"
#include "hv-models/svm/guest_processor.hpp"
#include "hv-models/svm/processor_area.hpp"
#include "sim/arch/msr.hpp"
#include "sim/arch/registers.hpp"

namespace hvlab::svm {
namespace {

constexpr u32 kFeatureLeaf = 0x8000'0001, kSvmLeaf = 0x8000'000a;
constexpr u32 kSvm = 1u << 2;  // of the feature leaf's ECX
constexpr u32 kNestedPaging = 1u << 0, kNextRip = 1u << 3, kFlushByAsid = 1u << 6;  // of the SVM leaf's EDX
constexpr u64 kDisabled = 1u << 4;                                                  // VM_CR.SVMDIS

ProcessorArea areas[runtime::kMostProcessors];

u64 new_page() {
  void* page = runtime::allocate_zeroed_page();
  if (page == nullptr) runtime::panic("no memory for virtual machines");
  return runtime::physical(page);
}

}  // namespace

const char* unavailable() {
  if (runtime::cpuid(0x8000'0000).eax < kSvmLeaf || (runtime::cpuid(kFeatureLeaf).ecx & kSvm) == 0)
    return "the processor has no SVM";
  if ((runtime::cpuid(kSvmLeaf).edx & kNextRip) == 0)
    return "the processor does not tell the next instruction's address";
  if ((runtime::read_msr(arch::msr::kVmCr) & kDisabled) != 0) return "firmware has switched SVM off";
  return "";
}

bool has_nested_paging() { return (runtime::cpuid(kSvmLeaf).edx & kNestedPaging) != 0; }

bool can_flush_one_guest() { return (runtime::cpuid(kSvmLeaf).edx & kFlushByAsid) != 0; }

u32 address_space_ids() { return runtime::cpuid(kSvmLeaf).ebx; }

void enable() {
  ProcessorArea& area = areas[runtime::this_processor().index];
  if (area.host != 0) return;
  area.host = new_page();
  runtime::write_msr(arch::msr::kEfer, runtime::read_msr(arch::msr::kEfer) | arch::efer::kSvme);
  runtime::write_msr(arch::msr::kVmHsavePa, new_page());
}

ProcessorArea& processor_area() { return areas[runtime::this_processor().index]; }

}  // namespace hvlab::svm
