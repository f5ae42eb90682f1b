// AMD's side of the table that the neutral core calls.
#include "hv-models/svm/vendor.hpp"

#include <initializer_list>
#include "hv-models/hypervisor/second_stage.hpp"
#include "hv-models/runtime/instructions.hpp"
#include "hv-models/runtime/memory.hpp"
#include "hv-models/svm/control.hpp"

#include "sim/arch/exceptions.hpp"
#include "sim/arch/registers.hpp"
#include "sim/base/bits.hpp"

namespace hvlab::svm {
namespace {

using arch::svm::ControlArea;
using hypervisor::VirtualProcessor;

// Second-stage tables are those of 64-bit mode, every page a user's (APM vol. 2, 15.25.5).
constexpr u64 kPresent = bit(0), kWrite = bit(1), kUser = bit(2), kNoExecute = bit(63);

u64 leaf(u64 physical, u8 rights) {
  return physical | kPresent | kUser | ((rights & hypervisor::kWritable) != 0 ? kWrite : 0) |
         ((rights & hypervisor::kExecutable) != 0 ? 0 : kNoExecute);
}

// Two bits an MSR, read and write; ranges from 0, C000_0000h and C001_0000h, 2 KiB each (15.11).
void let_msr_through(u8* map, u32 msr) {
  const u32 offset = msr < 0x2000 ? msr * 2 : 0x800 * 8 + (msr - 0xc000'0000) * 2;
  map[offset / 8] &= static_cast<u8>(~(3u << offset % 8));
}

unsigned instruction_bytes(const VirtualProcessor& vcpu, u8 (&bytes)[15]) {
  const ControlArea& control = block(vcpu).control;
  const unsigned count = control.fetched & 15;
  memcpy(bytes, control.instruction, count);
  return count;
}

u64 read_pat(const VirtualProcessor& vcpu) { return block(vcpu).save.gpat; }
void write_pat(VirtualProcessor& vcpu, u64 value) { block(vcpu).save.gpat = value; }

void write_efer(VirtualProcessor& vcpu, u64 value) {
  block(vcpu).save.efer = value | arch::efer::kSvme;
  vcpu.registers.efer = value;
}

void use_control(VirtualProcessor& vcpu, u64 cr0, u64 cr4, u64 efer) {
  arch::svm::SaveArea& save = block(vcpu).save;
  save.cr0 = cr0;
  save.cr4 = cr4;
  save.efer = efer | arch::efer::kSvme;
}

void flush_page(VirtualProcessor& vcpu, u64 linear) {
  asm volatile("invlpga %0, %1" ::"a"(linear), "c"(block(vcpu).control.asid) : "memory");
}

void use_tables(VirtualProcessor& vcpu, u64 cr3) { block(vcpu).save.cr3 = cr3; }

void intercept(ControlArea& control, u64 number) { control.intercept[number / 32] |= 1u << number % 32; }

// Without a second stage the guest's own tables are never the processor's: all that touches them is seen.
void intercept_control(VirtualProcessor& vcpu) {
  ControlArea& control = block(vcpu).control;
  for (const unsigned number : {0, 3, 4}) {
    intercept(control, arch::svm::kReadCr + number);
    intercept(control, arch::svm::kWriteCr + number);
  }
  intercept(control, arch::svm::kException + static_cast<u64>(arch::Exception::PageFault));
  intercept(control, static_cast<u64>(arch::svm::Exit::Invlpg));
}

constexpr hypervisor::Vendor kAmd = {.name = "svm",
                                     .available = available,
                                     .enable = enable,
                                     .present_bits = kPresent,
                                     .table_bits = kPresent | kWrite | kUser,
                                     .leaf = leaf,
                                     .port_map_order = 2,  // 12 KiB
                                     .msr_map_order = 1,
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

const hypervisor::Vendor& vendor() { return kAmd; }

}  // namespace hvlab::svm
