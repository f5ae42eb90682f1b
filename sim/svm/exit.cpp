// #VMEXIT (APM vol. 2, 15.6).
#include <algorithm>
#include <cstring>

#include "sim/base/check.hpp"
#include "sim/mmu/tlb.hpp"
#include "sim/svm/checks.hpp"
#include "sim/svm/unit.hpp"
#include "sim/svm/world.hpp"

namespace hvlab::svm {

using namespace arch::svm;
using arch::Feature;
namespace vi = arch::svm::virtual_interrupt;

namespace {

/// The event whose delivery the exit interrupted (15.7.2).
u64 interrupted_event(const Cpu& cpu) {
  if (!cpu.is_delivering) return 0;
  const Delivery& e = cpu.delivering;
  auto type = event::Type::Exception;
  if (e.source == cpu::Source::Interrupt) type = event::Type::Interrupt;
  if (e.source == cpu::Source::Nmi) type = event::Type::Nmi;
  if (e.source == cpu::Source::SoftwareInterrupt) type = event::Type::Software;
  const u64 error = e.has_error ? event::kErrorValid | u64{e.error} << event::kErrorShift : 0;
  return event::kValid | u64{static_cast<u8>(type)} << event::kTypeShift | e.vector | error;
}

/// Copies the bytes of linear `address` up to the end of its page; `sure`: the page was fetched from, else it
/// counts only if the TLB has it. Returns how many.
unsigned copy_code(Cpu& cpu, u64 address, u8* to, unsigned bytes, bool sure) {
  u64 physical = address;
  if ((cpu.cr0 & arch::cr0::kPg) != 0 || cpu.second_stage.on) {
    const u16 pcid = (cpu.cr4 & arch::cr4::kPcide) ? static_cast<u16>(cpu.cr3 & 0xFFF) : u16{0};
    if (!sure && cpu.tlb->find(address, mmu::space_of(cpu.asid, pcid)) == nullptr) return 0;
    const auto r = mmu::walk(cpu, address, mmu::Access::Execute, cpu.cpl == 3, mmu::Rights::Current);
    if (r.fault) return 0;
    physical = r.translation.page | (address & low_mask(r.translation.shift));
  }
  const u8* page = cpu.bus->ram_page(align_down(physical, 4096));
  if (page == nullptr) return 0;
  const unsigned count = std::min<unsigned>(bytes, static_cast<unsigned>(4096 - (physical & 0xFFF)));
  std::memcpy(to, page + (physical & 0xFFF), count);
  return count;
}

/// The bytes of the instruction that a data access of it faulted (15.8.4).
void fetch_instruction(Cpu& cpu, ControlArea& control) {
  u64 at = cpu.code64() ? cpu.rip : static_cast<u32>(cpu.seg[arch::kCs].base + cpu.rip);
  unsigned count = copy_code(cpu, at, control.instruction, 15, true);
  if (count != 0 && count < 15)
    count += copy_code(cpu, at + count, control.instruction + count, 15 - count, false);
  control.fetched = static_cast<u8>(count);
}

bool is_fetch(u64 error) { return (error & arch::pf::kFetch) != 0; }

}  // namespace

void Unit::write_exit(Cpu& cpu, ControlArea& control, Exit code, u64 info1, u64 info2, u64 next_rip) {
  constexpr u64 kAlive = vi::kTprMask | vi::kIrq | vi::kGif;
  control.exit_code = static_cast<u64>(code);
  control.exit_info1 = info1;
  control.exit_info2 = info2;
  control.exit_interrupt_info = interrupted_event(cpu);
  control.interrupt = (control.interrupt & ~kAlive) | (guest_.control.interrupt & kAlive);
  control.event_injection &= ~event::kValid;
  if (cpu.has(Feature::NripSave)) control.next_rip = next_rip;
  cpu.report(observe::EventKind::VmExit, static_cast<u64>(code), info1);
  cpu.report(observe::EventKind::VmExitDetail, info2, cpu.cycles() - guest_.entered);
}

void Unit::leave(Cpu& cpu, Exit code, u64 info1, u64 info2, u64 next_rip) {
  HVLAB_CHECK(cpu.guest == this && cpu.stepping);
  Vmcb& block = block_at(*this, cpu, guest_.block);
  write_exit(cpu, block.control, code, info1, info2, next_rip);
  const bool page_fault = static_cast<u64>(code) == kException + static_cast<u64>(arch::Exception::PageFault);
  const bool data_fault = (code == Exit::NestedPageFault || page_fault) && !is_fetch(info1);
  if (cpu.has(Feature::DecodeAssists)) {
    block.control.fetched = 0;
    if (data_fault && !cpu.is_delivering) fetch_instruction(cpu, block.control);
  }
  const bool shadow = cpu.sti_shadow || cpu.mov_ss_shadow || cpu.shadowed;
  block.control.shadow = (block.control.shadow & ~kInterruptShadow) | (shadow ? kInterruptShadow : 0);
  save_world(cpu, block.save, cpu.rip);
  block.save.cr2 = cpu.cr2;
  block.save.dr6 = cpu.dr6;
  block.save.dr7 = cpu.dr7;
  if (cpu.second_stage.on) block.save.gpat = cpu.pat;
  if (virtual_branch_records(cpu)) save_branch_records(cpu, block.save);
  block_written(cpu, guest_.block);

  if (cpu.ledger != nullptr) cpu.ledger->open(observe::Account::WorldSwitch, cpu.cycles());
  cpu.charge(cpu.costs.vm_exit);
  if (cpu.second_stage.on) cpu.pat = guest_.host_pat;
  cpu.guest = nullptr;
  cpu.intercepted = 0;
  cpu.asid = 0;
  cpu.guest_tsc_offset = 0;
  cpu.second_stage = {};
  cpu.host_masks = cpu.virtual_interrupt = cpu.is_delivering = false;
  cpu.sti_shadow = cpu.mov_ss_shadow = cpu.shadowed = cpu.shadowed_by_mov_ss = cpu.monitor_armed = false;
  cpu.activity = cpu::Activity::Active;
  load_host(cpu);
  return_to_host(cpu);
  cpu.reported_cpl = 0;
  mmu::select_address_space(cpu);
}

void Unit::refuse_host(Cpu& cpu) {
  cpu.activity = cpu::Activity::Shutdown;
  host_refused_ = true;
}

/// Loads the host from its save area; a state that is not valid shuts the processor down (15.6).
void Unit::load_host(Cpu& cpu) {
  const SaveArea& host = block_at(*this, cpu, cpu.vm_hsave_pa).save;
  if (!host_valid(cpu, host)) refuse_host(cpu);
  load_world(cpu, host);
  if (virtual_branch_records(cpu)) load_branch_records(cpu, host);
  cpu.cr0 |= arch::cr0::kPe;
  cpu.rflags_rest &= ~arch::flag::kVm;
  cpu.cpl = 0;
  const bool pae = (cpu.cr0 & arch::cr0::kPg) != 0 && (cpu.cr4 & arch::cr4::kPae) != 0 && !cpu.long_active();
  if (pae && mmu::load_pdptes(cpu, cpu.cr3) != Outcome::Next) refuse_host(cpu);
}

void Unit::return_to_host(Cpu& cpu) {
  cpu.gif = false;
  cpu.hypervisor = true;
  cpu.dr7 = arch::dr7::kFixed1;
  // VMRUN is complete now: single-stepping, the host gets its trap here.
  cpu.pending_debug = cpu.rflag(arch::flag::kTf) ? arch::dr6::kBs : 0;
}

}  // namespace hvlab::svm
