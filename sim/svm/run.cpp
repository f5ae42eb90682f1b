// VMRUN (APM vol. 2, 15.5).
#include <utility>

#include "sim/cpu/run_on.hpp"
#include "sim/mmu/walk.hpp"
#include "sim/svm/checks.hpp"
#include "sim/svm/unit.hpp"
#include "sim/svm/world.hpp"

namespace hvlab::svm {

using namespace arch::svm;
using arch::Feature;
namespace vi = arch::svm::virtual_interrupt;
namespace cr0 = arch::cr0;
namespace cr4 = arch::cr4;

namespace {

/// The exit code that instruction `i` leads to; the code is also the number of its intercept bit.
constexpr Exit exit_of(Intercept i) {
  switch (i) {
#define SAME(name) \
  case Intercept::name: return Exit::name
    SAME(ReadIdtr);
    SAME(ReadGdtr);
    SAME(ReadLdtr);
    SAME(ReadTr);
    SAME(WriteIdtr);
    SAME(WriteGdtr);
    SAME(WriteLdtr);
    SAME(WriteTr);
    SAME(Rdtsc);
    SAME(Rdtscp);
    SAME(Rdpmc);
    SAME(Pushf);
    SAME(Popf);
    SAME(Cpuid);
    SAME(Rsm);
    SAME(Iret);
    SAME(SoftwareInterrupt);
    SAME(Icebp);
    SAME(Invd);
    SAME(Wbinvd);
    SAME(Pause);
    SAME(Hlt);
    SAME(Invlpg);
    SAME(Invlpga);
    SAME(Monitor);
    SAME(Mwait);
    SAME(Xsetbv);
    SAME(Vmrun);
    SAME(Vmmcall);
    SAME(Vmload);
    SAME(Vmsave);
    SAME(Stgi);
    SAME(Clgi);
    SAME(Skinit);
    SAME(Invpcid);
#undef SAME
    default: return Exit::Invalid;
  }
}

/// Intercept bits from 60h to 9Fh, as one word, that stand `distance` above their instructions' bits of
/// Cpu::intercepted.
consteval u64 bits_above(unsigned distance) {
  u64 found = 0;
  for (unsigned n = 1; n < static_cast<unsigned>(Intercept::Count); ++n) {
    const u64 code = static_cast<u64>(exit_of(static_cast<Intercept>(n)));
    if (code >= 0x60 && code < 0xA0 && code - 0x60 == n + distance) found |= bit(n + distance);
  }
  return found;
}

/// Every entry makes Cpu::intercepted anew, so neighbours move together: ten steps, not one an instruction.
template <unsigned... Distance>
u64 moved_down(u64 intercepts, std::integer_sequence<unsigned, Distance...>) {
  return (((intercepts & bits_above(Distance)) >> Distance) | ...);
}

/// Legacy PAE paging without nested paging: the four registers are loaded as by MOV CR3. False: they are not
/// valid.
bool load_pdptes(Cpu& cpu, const Vmcb& block) {
  const SaveArea& save = block.save;
  const bool paging = (save.cr0 & cr0::kPg) != 0, pae = (save.cr4 & cr4::kPae) != 0;
  const bool nested = (block.control.nested_control & kNestedPaging) != 0;
  if (!paging || !pae || nested || (save.efer & arch::efer::kLme) != 0) return true;
  return mmu::load_pdptes(cpu, save.cr3) == Outcome::Next;
}

void control_tlb(Cpu& cpu, const ControlArea& control) {
  const auto command = static_cast<TlbControl>(control.tlb_control);
  if (command == TlbControl::FlushAll) return mmu::flush_every_asid(cpu);
  if (!cpu.has(Feature::FlushByAsid)) return;
  if (command == TlbControl::FlushGuest) mmu::flush_asid(cpu, control.asid, true);
  if (command == TlbControl::FlushGuestNonGlobal) mmu::flush_asid(cpu, control.asid, false);
}

/// The event that EVENTINJ names (15.20). INT3 and INTO are exceptions to which their gates' privilege
/// applies.
Delivery injected(const Cpu& cpu, const ControlArea& control) {
  const u64 word = control.event_injection;
  Delivery event{.vector = static_cast<u8>(word), .injected = true};
  const bool breakpoint = event.vector == 3 || event.vector == 4;
  switch (static_cast<event::Type>((word & event::kTypeMask) >> event::kTypeShift)) {
    case event::Type::Interrupt: event.source = cpu::Source::Interrupt; break;
    case event::Type::Nmi:
      event.source = cpu::Source::Nmi;
      event.vector = 2;
      break;
    case event::Type::Software: event.source = cpu::Source::SoftwareInterrupt; break;
    default: event.source = breakpoint ? cpu::Source::SoftwareException : cpu::Source::Exception; break;
  }
  event.has_error = (word & event::kErrorValid) != 0;
  event.error = static_cast<u32>(word >> event::kErrorShift);
  if (event.software() && cpu.has(Feature::NripSave)) event.length = control.next_rip - cpu.rip;
  return event;
}

}  // namespace

u64 Unit::intercept_mask() const {
  const u32* words = guest_.control.intercept;
  u64 mask = moved_down(words[3] | u64{words[4]} << 32, std::make_integer_sequence<unsigned, 64>{});
  if (intercepted(Exit::MwaitConditional)) mask |= decode::intercept_bit(Intercept::Mwait);
  if (intercepted(Exit::Invpcid)) mask |= decode::intercept_bit(Intercept::Invpcid);
  return mask;
}

Outcome Unit::instruction(Cpu& cpu, Intercept what, u64 information) {
  if (what == Intercept::Pause && !pause_exits(cpu)) return Outcome::Next;
  Exit code = exit_of(what);
  if (what == Intercept::Mwait && !intercepted(Exit::Mwait)) {
    if (information == 0) return Outcome::Next;  // the monitor is not armed
    code = Exit::MwaitConditional;
  }
  u64 info1 = 0;
  if (cpu.has(Feature::DecodeAssists)) {
    if (what == Intercept::SoftwareInterrupt) info1 = static_cast<u8>(cpu.current->imm);
    if (what == Intercept::Invlpg) info1 = information;
  }
  return leave_at(cpu, static_cast<u64>(code), info1);
}

void Unit::run(Cpu& cpu, u64 address) {
  const u64 next = cpu::run_on(cpu, cpu.rip + cpu.current->length);
  ++cpu.instructions;
  cpu.charge(cpu.current->cost);
  if (cpu.ledger != nullptr) cpu.ledger->open(observe::Account::WorldSwitch, cpu.cycles());
  cpu.charge(cpu.costs.vm_entry);
  const Vmcb& block = block_at(*this, cpu, address);
  cpu.vmm.guest_entered(cpu.cr3);
  cpu.management = cpu.vmm.management(address);
  guest_.block = address;
  guest_.control = block.control;
  cpu.report(observe::EventKind::VmEntry, address,
             (block.control.nested_control & kNestedPaging) ? block.control.nested_root : 0);
  guest_.entered = cpu.cycles();
  save_host(cpu, next);
  if (!consistent(cpu, block) || !load_pdptes(cpu, block)) return refuse(cpu, next);
  enter(cpu, block_at(*this, cpu, address));
  inject(cpu);
}

/// The host goes to its save area, as it will be once VMRUN is done: with RF cleared.
void Unit::save_host(Cpu& cpu, u64 next) {
  cpu.rflags_rest &= ~arch::flag::kRf;
  SaveArea& host = block_at(*this, cpu, cpu.vm_hsave_pa).save;
  save_world(cpu, host, next);
  if (virtual_branch_records(cpu)) save_branch_records(cpu, host);
  block_written(cpu, cpu.vm_hsave_pa);
}

/// VMEXIT_INVALID: nothing of the guest has been loaded, or is written.
void Unit::refuse(Cpu& cpu, u64 next) {
  Vmcb& out = block_at(*this, cpu, guest_.block);
  write_exit(cpu, out.control, Exit::Invalid, 0, 0, 0);
  block_written(cpu, guest_.block);
  cpu.charge(cpu.costs.vm_exit);
  cpu.rip = next;
  return_to_host(cpu);
  cpu.refresh();
}

void Unit::enter(Cpu& cpu, const Vmcb& block) {
  const ControlArea& control = guest_.control;
  cpu.host_if = cpu.rflag(arch::flag::kIf);
  cpu.host_masks = (control.interrupt & vi::kMasking) != 0;
  cpu.second_stage = {};
  if ((control.nested_control & kNestedPaging) != 0) {
    cpu.second_stage = {true, control.nested_root, cpu.cr4, cpu.efer};
    guest_.host_pat = cpu.pat;
    cpu.pat = block.save.gpat;
  }
  load_world(cpu, block.save);
  if (virtual_branch_records(cpu)) load_branch_records(cpu, block.save);
  cpu.cr2 = block.save.cr2;
  cpu.dr6 = (block.save.dr6 & 0xE00F) | arch::dr6::kFixed1;
  cpu.dr7 = (block.save.dr7 & 0xFFFF'23FF) | arch::dr7::kFixed1;
  cpu.guest = this;
  cpu.intercepted = intercept_mask();
  cpu.asid = control.asid;
  cpu.guest_tsc_offset = control.tsc_offset;
  cpu.gif = true;
  cpu.hypervisor = false;
  cpu.pending_debug = 0;
  cpu.monitor_armed = cpu.mov_ss_shadow = false;
  cpu.sti_shadow = (control.shadow & kInterruptShadow) != 0;
  guest_.pauses_left = control.pause_count;
  guest_.last_pause = cpu.cycles();
  control_tlb(cpu, control);
  update_virtual_interrupt(cpu);
  cpu.reported_cpl = cpu.cpl;
  mmu::select_address_space(cpu);
}

void Unit::inject(Cpu& cpu) {
  if ((guest_.control.event_injection & event::kValid) == 0) return;
  control::deliver(cpu, injected(cpu, guest_.control));
}

}  // namespace hvlab::svm
