#include "hv-models/svm/guest_processor.hpp"

#include "hv-models/runtime/mark.hpp"
#include "hv-models/runtime/memory.hpp"
#include "hv-models/runtime/processors.hpp"
#include "hv-models/svm/permission_maps.hpp"
#include "hv-models/svm/processor_area.hpp"
#include "sim/arch/exceptions.hpp"
#include "sim/arch/registers.hpp"

extern "C" void enter_guest(hvlab::u64 block, hvlab::u64* registers, hvlab::u64 host);  // world_switch.S

namespace hvlab::svm {
namespace {

using namespace arch::svm;
using runtime::physical;
using Code = arch::svm::Exit;

constexpr u64 kPatAfterReset = 0x0007'0406'0007'0406;
constexpr u64 kDr6AfterReset = 0xffff'0ff0, kDr7AfterReset = 0x400;
constexpr u16 kCode16 = 0x09b, kData16 = 0x093, kCode32 = 0xc9b, kData32 = 0xc93, kTask = 0x08b,
              kTable = 0x082;
constexpr u64 kInterruptFlag = 1 << 9;

u32 next_asid = 0;

u32 new_asid() {
  const u32 ids = address_space_ids();
  return ids > 1 ? 1 + __atomic_fetch_add(&next_asid, 1, __ATOMIC_RELAXED) % (ids - 1) : 1;
}

}  // namespace

GuestProcessor::~GuestProcessor() { runtime::free_pages(block_); }

bool GuestProcessor::set_up(u64 id, const NestedTables& nested) {
  block_ = static_cast<Vmcb*>(runtime::allocate_zeroed_page());
  if (block_ == nullptr || !set_up_permission_maps()) return false;
  ControlArea& control = block_->control;
  set_up_intercepts();
  control.io_map = permission_maps().io;
  control.msr_map = permission_maps().msr;
  control.interrupt = virtual_interrupt::kMasking;
  control.nested_control = kNestedPaging;
  control.nested_root = nested.root();
  asid_ = new_asid();
  flush_kind_ = can_flush_one_guest() ? TlbControl::FlushGuest : TlbControl::FlushAll;
  control.asid = asid_;
  runtime::mark<arch::mark::Kind::ControlBlock>(physical(block_), id,
                                                static_cast<u64>(arch::mark::Role::Guest));
  reset();
  return true;
}

void GuestProcessor::set_up_intercepts() {
  constexpr Code kLeft[] = {Code::Intr,
                            Code::Nmi,
                            Code::Cpuid,
                            Code::Rdpmc,
                            Code::Invd,
                            Code::Pause,
                            Code::Hlt,
                            Code::Invlpga,
                            Code::IoIo,
                            Code::Msr,
                            Code::TaskSwitch,
                            Code::FerrFreeze,
                            Code::Shutdown,
                            Code::Vmrun,
                            Code::Vmmcall,
                            Code::Vmload,
                            Code::Vmsave,
                            Code::Stgi,
                            Code::Clgi,
                            Code::Skinit,
                            Code::Monitor,
                            Code::Mwait,
                            Code::MwaitConditional,
                            Code::Xsetbv};
  for (const Code exit : kLeft) {
    const unsigned number = static_cast<unsigned>(exit);
    block_->control.intercept[number / 32] |= 1u << number % 32;
  }
  leave_pause_loops(0, 0);
}

void GuestProcessor::leave_pause_loops(u16 count, u16 cycles) {
  constexpr unsigned kNumber = static_cast<unsigned>(Code::Pause);
  u32& word = block_->control.intercept[kNumber / 32];
  word = count != 0 ? word | 1u << kNumber % 32 : word & ~(1u << kNumber % 32);
  block_->control.pause_count = count;
  block_->control.pause_threshold = cycles;
}

void GuestProcessor::set_segment(SegmentArea& to, u16 selector, u64 base, u32 limit, u16 attributes) {
  to = {selector, attributes, limit, base};
}

void GuestProcessor::reset() {
  SaveArea& s = block_->save;
  memset(&s, 0, sizeof s);
  set_segment(s.cs, 0xf000, 0xffff'0000, 0xffff, kCode16);
  for (SegmentArea* data : {&s.ds, &s.es, &s.ss, &s.fs, &s.gs}) set_segment(*data, 0, 0, 0xffff, kData16);
  set_segment(s.gdtr, 0, 0, 0xffff, 0);
  set_segment(s.idtr, 0, 0, 0xffff, 0);
  set_segment(s.ldtr, 0, 0, 0xffff, kTable);
  set_segment(s.tr, 0, 0, 0xffff, kTask);
  s.efer = arch::efer::kSvme;
  s.cr0 = arch::cr0::kEt | arch::cr0::kCd | arch::cr0::kNw;
  s.gpat = kPatAfterReset;
  s.dr6 = kDr6AfterReset;
  s.dr7 = kDr7AfterReset;
  registers_ = {};
  registers_.rip = 0xfff0;
  block_->control.event_injection = injected_ = 0;
  block_->control.shadow = 0;
  flush_ = true;
}

void GuestProcessor::start_at_page(u8 page) {
  reset();
  set_segment(block_->save.cs, static_cast<u16>(page << 8), u64{page} << 12, 0xffff, kCode16);
  registers_.rip = 0;
}

void GuestProcessor::start_protected(u32 entry, u32 start_info) {
  reset();
  SaveArea& s = block_->save;
  set_segment(s.cs, 0x08, 0, 0xffff'ffff, kCode32);
  for (SegmentArea* data : {&s.ds, &s.es, &s.ss, &s.fs, &s.gs})
    set_segment(*data, 0x10, 0, 0xffff'ffff, kData32);
  s.cr0 = arch::cr0::kPe | arch::cr0::kEt;
  registers_.rip = entry;
  registers_.general[hypervisor::kRbx] = start_info;
}

hypervisor::Exit GuestProcessor::run() {
  ControlArea& control = block_->control;
  const unsigned processor = runtime::this_processor().index;
  // Translations of this guest that another processor has changed meanwhile may still be known here (15.16).
  const bool flush = flush_ || processor != last_processor_;
  control.tlb_control = static_cast<u8>(flush ? flush_kind_ : TlbControl::Nothing);
  flush_ = false;
  last_processor_ = processor;
  if (injected_ != 0) control.event_injection = injected_;
  block_->save.rax = registers_.general[hypervisor::kRax];
  block_->save.rsp = registers_.general[hypervisor::kRsp];
  block_->save.rip = registers_.rip;
  block_->save.rflags = registers_.rflags;
  enter_guest(physical(block_), registers_.general, processor_area().host);
  registers_.general[hypervisor::kRax] = block_->save.rax;
  registers_.general[hypervisor::kRsp] = block_->save.rsp;
  registers_.rip = block_->save.rip;
  registers_.rflags = block_->save.rflags;
  // What was being delivered has to be delivered again (15.7.2).
  const u64 interrupted = control.exit_interrupt_info;
  injected_ = (interrupted & event::kValid) != 0 ? interrupted : 0;
  control.event_injection = 0;
  control.interrupt &=
      ~(virtual_interrupt::kIrq | virtual_interrupt::kIgnoreTpr);  // the window was asked for once
  return understand();
}

void GuestProcessor::skip(const hypervisor::Exit& exit) {
  registers_.rip = exit.next_rip;
  block_->control.shadow &= ~kInterruptShadow;
}

bool GuestProcessor::can_interrupt() const {
  const bool busy = injected_ != 0 || block_->control.event_injection != 0;
  return !busy && (registers_.rflags & kInterruptFlag) != 0 &&
         (block_->control.shadow & kInterruptShadow) == 0;
}

void GuestProcessor::interrupt(u8 vector) { block_->control.event_injection = event::kValid | vector; }

// A virtual interrupt that the guest takes as soon as it can, and whose intercept comes before it is taken
// (15.21.4).
void GuestProcessor::ask_for_window() {
  constexpr unsigned kNumber = static_cast<unsigned>(Code::VirtualInterrupt);
  block_->control.intercept[kNumber / 32] |= 1u << kNumber % 32;
  block_->control.interrupt |= virtual_interrupt::kIrq | virtual_interrupt::kIgnoreTpr;
}

void GuestProcessor::fault(u8 vector) {
  block_->control.event_injection =
      event::kValid | u64{static_cast<u8>(event::Type::Exception)} << event::kTypeShift | vector;
}

void GuestProcessor::fault(u8 vector, u32 error) {
  fault(vector);
  block_->control.event_injection |= event::kErrorValid | u64{error} << event::kErrorShift;
}

u8 GuestProcessor::task_priority() const { return static_cast<u8>((block_->control.interrupt & 0xf) << 4); }
void GuestProcessor::set_task_priority(u8 priority) {
  block_->control.interrupt = (block_->control.interrupt & ~virtual_interrupt::kTprMask) | priority >> 4;
}

hypervisor::Segment GuestProcessor::segment(unsigned number) const {
  const SegmentArea* areas[] = {&block_->save.es, &block_->save.cs, &block_->save.ss,
                                &block_->save.ds, &block_->save.fs, &block_->save.gs};
  const SegmentArea& area = *areas[number < 6 ? number : 3];
  return {area.selector, area.attributes, area.limit, area.base};
}

bool GuestProcessor::is_64_bit() const {
  constexpr u16 kLong = 1 << 9;
  return (block_->save.efer & arch::efer::kLma) != 0 && (block_->save.cs.attributes & kLong) != 0;
}
bool GuestProcessor::is_32_bit() const {
  constexpr u16 kDefault = 1 << 10;
  return (block_->save.cs.attributes & kDefault) != 0;
}

u64 GuestProcessor::guest_efer() const { return block_->save.efer & ~arch::efer::kSvme; }
void GuestProcessor::set_guest_efer(u64 value) { block_->save.efer = value | arch::efer::kSvme; }

}  // namespace hvlab::svm
