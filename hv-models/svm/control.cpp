#include "hv-models/svm/control.hpp"

#include <initializer_list>
#include "hv-models/hypervisor/identifiers.hpp"
#include "hv-models/hypervisor/permission_maps.hpp"
#include "hv-models/hypervisor/virtual_machine.hpp"
#include "hv-models/runtime/instructions.hpp"
#include "hv-models/runtime/memory.hpp"
#include "hv-models/runtime/processors.hpp"

#include "sim/arch/msr.hpp"
#include "sim/arch/registers.hpp"

extern "C" void svm_enter(hvlab::u64 control_block, hvlab::u64* registers, hvlab::u64 host_page);

namespace hvlab::svm {

using namespace arch::svm;
using hypervisor::VirtualProcessor;
using runtime::read_msr;
using runtime::write_msr;

namespace {

u64 host_pages[runtime::kMostProcessors];  // for VMSAVE and VMLOAD of the host's own state, by processor

// Attributes of flat segments (15.5.1: descriptor bits 55..52 and 47..40 in a row).
constexpr u16 kCode32 = 0xc9b, kData32 = 0xc93, kCode16 = 0x09b, kData16 = 0x093, kTask = 0x08b,
              kLocal = 0x082;
constexpr u64 kResetPat = 0x0007'0406'0007'0406;

constexpr Exit kAlways[] = {
    Exit::Intr,      Exit::Nmi,    Exit::Smi,        Exit::Init,   Exit::Cpuid,
    Exit::Invd,      Exit::Hlt,    Exit::Invlpga,    Exit::IoIo,   Exit::Msr,
    Exit::Shutdown,  Exit::Vmrun,  Exit::Vmmcall,    Exit::Vmload, Exit::Vmsave,
    Exit::Stgi,      Exit::Clgi,   Exit::Skinit,     Exit::Wbinvd, Exit::Monitor,
    Exit::Mwait,     Exit::Xsetbv, Exit::TaskSwitch, Exit::Rdpmc,  Exit::MwaitConditional,
    Exit::FerrFreeze};

// Of a machine that has its processors to itself: what would reach beyond it, or show it what is the
// hypervisor's.
constexpr Exit kDirect[] = {
    Exit::Nmi,  Exit::Init,  Exit::Cpuid,   Exit::Invd,    Exit::Invlpga, Exit::IoIo,
    Exit::Msr,  Exit::Vmrun, Exit::Vmmcall, Exit::Vmload,  Exit::Vmsave,  Exit::Shutdown,
    Exit::Stgi, Exit::Clgi,  Exit::Skinit,  Exit::Monitor, Exit::Mwait,   Exit::MwaitConditional};

void intercept(ControlArea& control, u64 bit) { control.intercept[bit / 32] |= 1u << bit % 32; }

bool has_pause_filter() { return (runtime::cpuid(0x8000'000a).edx >> 10 & 1) != 0; }

// Leaves the guest after so many PAUSEs that follow each other within `threshold` cycles (15.14.4).
void watch_pauses(ControlArea& control) {
  constexpr u16 kCount = 256, kThreshold = 128;
  if (!has_pause_filter()) return;
  control.pause_count = kCount;
  control.pause_threshold = kThreshold;
  intercept(control, static_cast<u64>(Exit::Pause));
}

void set_segments(SaveArea& save, u16 code, u16 data, u32 limit) {
  save.cs = {0, code, limit, 0};
  for (SegmentArea* each : {&save.ss, &save.ds, &save.es, &save.fs, &save.gs}) *each = {0, data, limit, 0};
  save.tr = {0, kTask, 0xffff, 0};
  save.ldtr = {0, kLocal, 0xffff, 0};
  save.gdtr = save.idtr = {0, 0, 0xffff, 0};
}

void begin_state(VirtualProcessor& vcpu) {
  SaveArea& save = block(vcpu).save;
  save = {};
  save.rflags = arch::flag::kFixed1;
  save.efer = arch::efer::kSvme;  // VMRUN asks for it (15.5.1); the guest does not see it
  save.dr6 = arch::dr6::kFixed1;
  save.dr7 = arch::dr7::kFixed1;
  save.gpat = kResetPat;
  vcpu.registers = {};
}

}  // namespace

// CPUID 8000_0001h ECX bit 2; not switched off by firmware (15.4).
bool available() {
  constexpr unsigned kSvm = 2;
  if (runtime::cpuid(0x8000'0000).eax < 0x8000'000a) return false;
  if ((runtime::cpuid(0x8000'0001).ecx >> kSvm & 1) == 0) return false;
  return (read_msr(arch::msr::kVmCr) & arch::vm_cr::kSvmDisable) == 0;
}

void enable() {
  write_msr(arch::msr::kEfer, read_msr(arch::msr::kEfer) | arch::efer::kSvme);
  write_msr(arch::msr::kVmHsavePa, runtime::physical(runtime::allocate_zeroed_page()));
  host_pages[runtime::this_processor().index] = runtime::physical(runtime::allocate_zeroed_page());
}

bool create(VirtualProcessor& vcpu) {
  void* page = runtime::allocate_zeroed_page();
  if (page == nullptr) return false;
  // Translations of a machine's processors differ (INVLPG, CR3), so each has an identifier of its own. Who
  // had it before is forgotten before its first entry on each processor.
  const u16 asid = hypervisor::take_identifier(runtime::cpuid(0x8000'000a).ebx);
  if (asid == 0) {
    runtime::free_pages(page);
    return false;
  }
  vcpu.control = page;
  vcpu.control_address = runtime::physical(page);
  ControlArea& control = block(vcpu).control;
  if (vcpu.machine->direct) {
    for (const Exit each : kDirect) intercept(control, static_cast<u64>(each));
  } else {
    for (const Exit each : kAlways) intercept(control, static_cast<u64>(each));
    watch_pauses(control);
    control.interrupt = virtual_interrupt::kMasking;
  }
  control.msr_map = hypervisor::msr_map_of(*vcpu.machine);
  control.io_map = hypervisor::port_map_of(*vcpu.machine);
  control.asid = asid;
  control.tlb_control = static_cast<u8>(TlbControl::FlushGuest);
  if (vcpu.machine->tables != 0) {
    control.nested_control = kNestedPaging;
    control.nested_root = vcpu.machine->tables;
  }
  hypervisor::mark_control_block(vcpu);
  return true;
}

void destroy(VirtualProcessor& vcpu) {
  if (vcpu.control == nullptr) return;
  hypervisor::give_back_identifier(static_cast<u16>(block(vcpu).control.asid));
  runtime::free_pages(vcpu.control);
  vcpu.control = nullptr;
}

// With GIF clear NMIs wait too (15.17); svm_enter ends it.
void hold_events() { asm volatile("clgi" ::: "memory"); }
void event_arrived(runtime::TrapFrame&) {}

void set_protected_mode(VirtualProcessor& vcpu, u32 entry, u32 ebx) {
  begin_state(vcpu);
  SaveArea& save = block(vcpu).save;
  set_segments(save, kCode32, kData32, ~u32{0});
  save.cr0 = arch::cr0::kPe | arch::cr0::kEt;
  vcpu.registers.rip = entry;
  vcpu.registers.gpr[arch::kRbx] = ebx;
  vcpu.registers.cr0 = save.cr0;
}

// 8.4.4.1 of SDM vol. 3, 14.1 of APM vol. 2: after INIT, at the page that the start-up message names.
void set_real_mode(VirtualProcessor& vcpu, u8 page) {
  begin_state(vcpu);
  SaveArea& save = block(vcpu).save;
  set_segments(save, kCode16, kData16, 0xffff);
  save.cs.selector = static_cast<u16>(page << 8);
  save.cs.base = u64{page} << 12;
  save.cr0 = arch::cr0::kEt;
  vcpu.registers.cr0 = save.cr0;
}

namespace {

void write_back(VirtualProcessor& vcpu) {
  SaveArea& save = block(vcpu).save;
  const hypervisor::Registers& r = vcpu.registers;
  save.rax = r.gpr[arch::kRax];
  save.rsp = r.gpr[arch::kRsp];
  save.rip = r.rip;
  save.rflags = r.rflags;
  save.cr2 = r.cr2;
}

void read_out(VirtualProcessor& vcpu) {
  constexpr u16 kLong = 1u << 9, kBig = 1u << 10;
  const SaveArea& save = block(vcpu).save;
  hypervisor::Registers& r = vcpu.registers;
  r.gpr[arch::kRax] = save.rax;
  r.gpr[arch::kRsp] = save.rsp;
  r.rip = save.rip;
  r.rflags = save.rflags;
  r.cr2 = save.cr2;
  if (vcpu.shadow == nullptr) {  // else they are the guest's alone
    r.cr0 = save.cr0;
    r.cr3 = save.cr3;
    r.cr4 = save.cr4;
    r.efer = save.efer & ~arch::efer::kSvme;
  }
  r.cpl = save.cpl;
  r.long_code = (save.efer & arch::efer::kLma) != 0 && (save.cs.attributes & kLong) != 0;
  r.wide_code = (save.cs.attributes & kBig) != 0;
  const SegmentArea* segments[] = {&save.es, &save.cs, &save.ss, &save.ds, &save.fs, &save.gs};
  for (unsigned i = 0; i < 6; ++i) r.segment_base[i] = segments[i]->base;
}

// MOV to CR8 does not leave the guest: it is the control block's V_TPR (15.21.2), and what the local APIC's
// model goes by.
void show_task_priority(VirtualProcessor& vcpu) {
  u64& word = block(vcpu).control.interrupt;
  word = (word & ~virtual_interrupt::kTprMask) | vcpu.apic.task_class();
}
void take_task_priority(VirtualProcessor& vcpu) {
  const u8 value = static_cast<u8>(block(vcpu).control.interrupt & 15);
  if (value != vcpu.apic.task_class()) vcpu.apic.set_task_class(value);
}

}  // namespace

void run(VirtualProcessor& vcpu, hypervisor::Exit& exit) {
  ControlArea& control = block(vcpu).control;
  const unsigned processor = runtime::this_processor().index;
  // What another processor remembers of it, nobody has kept up to date.
  if (vcpu.core != processor) control.tlb_control = static_cast<u8>(TlbControl::FlushGuest);
  vcpu.core = processor;
  write_back(vcpu);
  if (!vcpu.machine->direct) show_task_priority(vcpu);
  __atomic_store_n(&vcpu.inside, true, __ATOMIC_RELEASE);
  if (hypervisor::take_stale(vcpu)) control.tlb_control = static_cast<u8>(TlbControl::FlushGuest);
  svm_enter(vcpu.control_address, vcpu.registers.gpr, host_pages[processor]);
  __atomic_store_n(&vcpu.inside, false, __ATOMIC_RELEASE);
  if (!vcpu.machine->direct) take_task_priority(vcpu);
  control.tlb_control = static_cast<u8>(TlbControl::Nothing);
  control.event_injection = 0;
  read_out(vcpu);
  describe_exit(vcpu, exit);
  inject_again(vcpu);
}

}  // namespace hvlab::svm
