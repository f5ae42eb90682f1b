// Intel's side of the table that the neutral core calls.
#include "hv-models/vmx/vendor.hpp"

#include <initializer_list>
#include "hv-models/hypervisor/second_stage.hpp"
#include "hv-models/vmx/capabilities.hpp"
#include "hv-models/vmx/control.hpp"
#include "hv-models/vmx/instructions.hpp"
#include "sim/base/bits.hpp"

namespace hvlab::vmx {
namespace {

using hypervisor::VirtualProcessor;

// Second-stage tables are extended page tables of four levels (SDM vol. 3, 29.3.2).
constexpr u64 kRead = bit(0), kWrite = bit(1), kExecute = bit(2), kPresent = kRead | kWrite | kExecute;

u64 leaf(u64 physical, u8 rights) {
  constexpr u64 kWriteBack = u64{6} << 3;
  return physical | kWriteBack | kRead | ((rights & hypervisor::kWritable) != 0 ? kWrite : 0) |
         ((rights & hypervisor::kExecutable) != 0 ? kExecute : 0);
}

// 1 KiB each: reads of MSRs from 0, and from C000_0000h; writes of the same (25.6.9).
void let_msr_through(u8* map, u32 msr) {
  const bool high = msr >= 0xc000'0000;
  const u32 n = high ? msr - 0xc000'0000 : msr;
  for (const u32 half : {0u, 2048u}) map[half + (high ? 1024 : 0) + n / 8] &= static_cast<u8>(~(1u << n % 8));
}

// No instruction bytes are kept.
unsigned instruction_bytes(const VirtualProcessor&, u8 (&)[15]) { return 0; }

u64 read_pat(const VirtualProcessor& vcpu) { return block(vcpu).pat; }
void write_pat(VirtualProcessor& vcpu, u64 value) {
  block(vcpu).pat = value;
  changed(block(vcpu), Change::Pat) = true;
}

void write_efer(VirtualProcessor& vcpu, u64 value) {
  block(vcpu).efer = vcpu.registers.efer = value;
  changed(block(vcpu), Change::Efer) = true;
}

// Without a second stage the guest's own tables are never the processor's: all that touches them is seen. The
// controls say so from the first entry on (state.cpp), which is yet to come.
void intercept_control(VirtualProcessor&) {}

void use_control(VirtualProcessor& vcpu, u64 cr0, u64 cr4, u64 efer) {
  Block& b = block(vcpu);
  b.cr0 = cr0;
  b.cr4 = cr4;
  b.efer = efer;
  changed(b, Change::Control) = changed(b, Change::Efer) = true;
}

void use_tables(VirtualProcessor& vcpu, u64 cr3) {
  block(vcpu).cr3 = cr3;
  changed(block(vcpu), Change::Tables) = true;
}

// Without VPIDs nothing is remembered beyond VM entry (SDM vol. 3, 29.4.3.1).
void flush_page(VirtualProcessor& vcpu, u64 linear) {
  constexpr u64 kAddress = 0, kSingle = 1, kAll = 2;
  const u16 vpid = block(vcpu).vpid;
  if (vpid == 0) return;
  if (forgets_one_address())
    invvpid(kAddress, vpid, linear);
  else
    invvpid(forgets_one_vpid() ? kSingle : kAll, vpid);
}

constexpr hypervisor::Vendor kIntel = {.name = "vmx",
                                       .available = available,
                                       .enable = enable,
                                       .present_bits = kPresent,
                                       .table_bits = kPresent,
                                       .leaf = leaf,
                                       .port_map_order = 1,  // 8 KiB: I/O bitmaps A and B in a row
                                       .msr_map_order = 0,
                                       .let_msr_through = let_msr_through,
                                       .create = create,
                                       .destroy = destroy,
                                       .set_protected_mode = set_protected_mode,
                                       .set_real_mode = set_real_mode,
                                       .run = run,
                                       .hold_events = hold_events,
                                       .event_arrived = event_arrived,
                                       .can_take_interrupt = can_take_interrupt,
                                       .inject_interrupt = inject_interrupt,
                                       .inject_nmi = inject_nmi,
                                       .inject_exception = inject_exception,
                                       .ask_for_window = ask_for_window,
                                       .end_shadow = end_shadow,
                                       .instruction_bytes = instruction_bytes,
                                       .read_pat = read_pat,
                                       .write_pat = write_pat,
                                       .write_efer = write_efer,
                                       .intercept_control = intercept_control,
                                       .use_control = use_control,
                                       .use_tables = use_tables,
                                       .flush_page = flush_page,
                                       .exception_in_delivery = exception_in_delivery};

}  // namespace

const hypervisor::Vendor& vendor() { return kIntel; }

}  // namespace hvlab::vmx
