// VMX operation of a processor, and what of the host's state every VM exit brings back (SDM vol. 3, chapter
// 24, 25.5).
#include "hv-models/runtime/instructions.hpp"
#include "hv-models/runtime/memory.hpp"
#include "hv-models/runtime/panic.hpp"
#include "hv-models/runtime/processors.hpp"
#include "hv-models/vmx/capabilities.hpp"
#include "hv-models/vmx/control.hpp"
#include "hv-models/vmx/instructions.hpp"
#include "sim/arch/msr.hpp"
#include "sim/arch/registers.hpp"

extern "C" char vmx_left[];

namespace hvlab::vmx {

using namespace arch::vmx;
using runtime::read_msr;

namespace {

constexpr u32 kFeatureControl = arch::msr::kFeatureControl;

struct [[gnu::packed]] TableRegister {
  u16 limit;
  u64 base;
};

}  // namespace

// CPUID 1 ECX bit 5; not switched off by firmware (24.7).
bool available() {
  constexpr unsigned kVmx = 5;
  if ((runtime::cpuid(1).ecx >> kVmx & 1) == 0) return false;
  const u64 control = read_msr(kFeatureControl);
  return (control & feature_control::kLock) == 0 || (control & feature_control::kVmxonOutsideSmx) != 0;
}

void enable() {
  const Capabilities& c = capabilities();
  if ((read_msr(kFeatureControl) & feature_control::kLock) == 0)
    runtime::write_msr(kFeatureControl, feature_control::kLock | feature_control::kVmxonOutsideSmx);
  runtime::write_cr0((read_cr0() | c.cr0_fixed0) & c.cr0_fixed1);
  runtime::write_cr4((runtime::read_cr4() | arch::cr4::kVmxe | c.cr4_fixed0) & c.cr4_fixed1);
  void* region = runtime::allocate_zeroed_page();
  if (region == nullptr) runtime::panic("no memory for VMXON");
  *static_cast<u32*>(region) = c.revision;
  if (!vmxon(runtime::physical(region))) runtime::panic("VMXON fails");
}

void write_host_state() {
  TableRegister gdt = {}, idt = {};
  asm volatile("sgdt %0" : "=m"(gdt));
  asm volatile("sidt %0" : "=m"(idt));
  write(Field::HostCr0, read_cr0());
  write(Field::HostCr4, runtime::read_cr4());
  write(Field::HostCsSelector, runtime::kKernelCode);
  write(Field::HostSsSelector, runtime::kKernelData);
  write(Field::HostTrSelector, runtime::kTaskState);
  write(Field::HostTrBase, reinterpret_cast<u64>(&runtime::this_processor().segments.task));
  write(Field::HostGsBase, reinterpret_cast<u64>(&runtime::this_processor()));
  write(Field::HostGdtrBase, gdt.base);
  write(Field::HostIdtrBase, idt.base);
  write(Field::HostSysenterCs, read_msr(arch::msr::kSysenterCs));
  write(Field::HostSysenterEsp, read_msr(arch::msr::kSysenterEsp));
  write(Field::HostSysenterEip, read_msr(arch::msr::kSysenterEip));
  if (can(Control::ExitLoadEfer)) write(Field::HostEfer, read_msr(arch::msr::kEfer));
  if (can(Control::ExitLoadPat)) write(Field::HostPat, read_msr(arch::msr::kPat));
  write(Field::HostRip, reinterpret_cast<u64>(vmx_left));
}

// Tables and FS are those of the thread that runs the guest.
void follow_host_state(Block& b) {
  const u64 cr3 = runtime::read_cr3(), fs = read_msr(arch::msr::kFsBase);
  if (cr3 != b.host_cr3) write(Field::HostCr3, b.host_cr3 = cr3);
  if (fs != b.host_fs) write(Field::HostFsBase, b.host_fs = fs);
}

}  // namespace hvlab::vmx
