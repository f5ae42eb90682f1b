#include "hv-models/vmx/control.hpp"

#include "hv-models/hypervisor/virtual_machine.hpp"
#include "hv-models/runtime/instructions.hpp"
#include "hv-models/runtime/memory.hpp"
#include "hv-models/runtime/panic.hpp"
#include "hv-models/runtime/processors.hpp"
#include "hv-models/vmx/capabilities.hpp"
#include "hv-models/vmx/instructions.hpp"
#include "hv-models/vmx/real_mode.hpp"
#include "hv-models/vmx/state.hpp"

#include "sim/arch/msr.hpp"
#include "sim/arch/registers.hpp"

extern "C" hvlab::u32 vmx_enter(hvlab::vmx::Block* block);

namespace hvlab::vmx {

using namespace arch::vmx;
using hypervisor::VirtualProcessor;

namespace {

u64 current[runtime::kMostProcessors] = {};  // each processor's current VMCS; 0: none

// A VMCS may be current on one processor only (25.1). Where virtual processors move, none is left current
// behind.
bool stays(const VirtualProcessor& vcpu) { return vcpu.machine->direct || runtime::processor_count() == 1; }

void make_current(VirtualProcessor& vcpu) {
  u64& mine = current[runtime::this_processor().index];
  if (mine == vcpu.control_address) return;
  if (!vmptrld(vcpu.control_address)) runtime::panic("VMPTRLD fails");
  mine = vcpu.control_address;
}

void give_up_current(VirtualProcessor& vcpu) {
  u64& mine = current[runtime::this_processor().index];
  if (!vmclear(vcpu.control_address)) runtime::panic("VMCLEAR fails");
  block(vcpu).launched = false;
  if (mine == vcpu.control_address) mine = 0;
}

void forget_translations(const Block& b) {
  constexpr u64 kSingle = 1, kAll = 2;
  if (b.vpid != 0) invvpid(forgets_one_vpid() ? kSingle : kAll, b.vpid);
  if (b.eptp != 0) invept(forgets_one_root() ? kSingle : kAll, b.eptp);
}

// MOV to CR8 does not leave the guest: it is the virtual-APIC page's VTPR (30.3), and what the local APIC's
// model goes by.
constexpr unsigned kVtpr = 0x80;
void show_task_priority(VirtualProcessor& vcpu) {
  Block& b = block(vcpu);
  if (b.virtual_apic == nullptr) return;
  const u8 own = vcpu.apic.task_class();
  b.virtual_apic[kVtpr] = static_cast<u8>(own << 4);
  // Not above what it is (27.2.1.1).
  const u8 threshold = b.held_class < own ? b.held_class : own;
  if (threshold != b.threshold) write(Field::TprThreshold, b.threshold = threshold);
}
void take_task_priority(VirtualProcessor& vcpu) {
  Block& b = block(vcpu);
  if (b.virtual_apic == nullptr) return;
  const u8 value = b.virtual_apic[kVtpr] >> 4;
  if (value != vcpu.apic.task_class()) vcpu.apic.set_task_class(value);
}

void write_event(Block& b) {
  if ((b.event & interruption::kValid) == 0) return;
  write(Field::EntryInterruptionInfo, b.event);
  if ((b.event & interruption::kErrorValid) != 0) write(Field::EntryExceptionErrorCode, b.event_error);
}

void write_back(VirtualProcessor& vcpu) {
  Block& b = block(vcpu);
  const hypervisor::Registers& r = vcpu.registers;
  if (r.rip != b.rip) write(Field::GuestRip, b.rip = r.rip);
  if (r.gpr[arch::kRsp] != b.rsp) write(Field::GuestRsp, b.rsp = r.gpr[arch::kRsp]);
  if (r.rflags != b.rflags) write(Field::GuestRflags, b.rflags = r.rflags);
  if (r.cr2 != runtime::read_cr2()) write_cr2(r.cr2);
  if (b.interruptibility != b.kept_interruptibility)
    write(Field::GuestInterruptibility, b.kept_interruptibility = b.interruptibility);
  const u32 window = bit_of(Control::InterruptWindowExiting);
  const u32 primary = (b.primary & ~window) | (b.window ? window : 0);
  if (primary != b.primary) write(Field::PrimaryControls, b.primary = primary);
  write_event(b);
}

void read_out(VirtualProcessor& vcpu) {
  constexpr u64 kLong = 1u << 13, kBig = 1u << 14;
  Block& b = block(vcpu);
  hypervisor::Registers& r = vcpu.registers;
  r.rip = b.rip = read(Field::GuestRip);
  r.gpr[arch::kRsp] = b.rsp = read(Field::GuestRsp);
  r.rflags = b.rflags = read(Field::GuestRflags);
  r.cr2 = runtime::read_cr2();
  b.interruptibility = b.kept_interruptibility = static_cast<u32>(read(Field::GuestInterruptibility));
  const u64 code = read(Field::GuestCsAccessRights);
  r.long_code = (code & kLong) != 0;  // outside IA-32e mode it is 0 (27.3.1.2)
  r.wide_code = (code & kBig) != 0;
  b.event = 0;
  b.window = false;
  b.held_class = 0;
}

}  // namespace

bool create(VirtualProcessor& vcpu) {
  if (vcpu.machine->tables != 0 && !nests())
    runtime::panic(
        "vm%u: nested paging needs a processor with EPT and unrestricted guests; say paging:shadow",
        vcpu.machine->number);
  Block* b = new (std::nothrow) Block;
  void* region = runtime::allocate_zeroed_page();
  if (b == nullptr || region == nullptr || !allocate_pages_of(*b, *vcpu.machine)) {
    if (b != nullptr) free_pages_of(*b);
    delete b;
    runtime::free_pages(region);
    return false;
  }
  static_cast<Vmcs*>(region)->revision = capabilities().revision;
  vcpu.control = b;
  vcpu.control_address = runtime::physical(region);
  b->registers = vcpu.registers.gpr;
  if (!vmclear(vcpu.control_address)) runtime::panic("VMCLEAR fails");
  hypervisor::mark_control_block(vcpu);
  return true;
}

void destroy(VirtualProcessor& vcpu) {
  if (vcpu.control == nullptr) return;
  Block& b = block(vcpu);
  give_up_current(vcpu);
  leave_real_mode(b);
  free_pages_of(b);
  delete &b;
  runtime::free_pages(runtime::direct<void>(vcpu.control_address));
  vcpu.control = nullptr;
}

void run(VirtualProcessor& vcpu, hypervisor::Exit& exit) {
  Block& b = block(vcpu);
  const unsigned processor = runtime::this_processor().index;
  const bool moved = vcpu.core != processor || !b.ready;
  vcpu.core = processor;
  make_current(vcpu);
  if (!b.ready) write_controls(vcpu);
  if (moved) take_host(b);
  follow_host_state(b);
  b.host_msrs[kHostKernelGs].value = runtime::read_msr(arch::msr::kKernelGsBase);
  write_changes(vcpu);
  write_back(vcpu);
  if (!vcpu.machine->direct) show_task_priority(vcpu);
  b.event_has_arrived = arrival_flag();
  __atomic_store_n(&vcpu.inside, true, __ATOMIC_RELEASE);
  // What another processor remembers of it, nobody has kept up to date.
  if (hypervisor::take_stale(vcpu) || moved) forget_translations(b);
  const u32 failed = vmx_enter(&b);
  __atomic_store_n(&vcpu.inside, false, __ATOMIC_RELEASE);
  if (failed == 1)
    runtime::panic("vm%u: VM entry fails (VM-instruction error %lu)", vcpu.machine->number,
                   read(Field::InstructionError));
  exit = {};
  if (failed == 0) {
    b.launched = true;
    if (!vcpu.machine->direct) take_task_priority(vcpu);
    read_out(vcpu);
    describe_exit(vcpu, exit);
    inject_again(vcpu);
    if (vcpu.shadow == nullptr) handle_control(vcpu, exit);
  } else {
    exit.kind = hypervisor::ExitKind::Interrupt;  // b.event waits for the next entry
  }
  if (!stays(vcpu)) give_up_current(vcpu);
}

}  // namespace hvlab::vmx
