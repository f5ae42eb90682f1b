// VM entry (SDM vol. 3, chapter 27).
#include "sim/cpu/run_on.hpp"
#include "sim/mmu/tlb.hpp"
#include "sim/vmx/apic.hpp"
#include "sim/vmx/checks.hpp"
#include "sim/vmx/eptp.hpp"
#include "sim/vmx/information.hpp"
#include "sim/vmx/msr_area.hpp"
#include "sim/vmx/result.hpp"
#include "sim/vmx/unit.hpp"
#include "sim/vmx/world.hpp"

namespace hvlab::vmx {

using namespace arch::vmx;
using interruption::Type;
namespace dr6 = arch::dr6;

namespace {

/// The event that is delivered through the IDT before the guest's first instruction; 0: none. An MTF VM exit
/// is no event of the guest (27.6.2).
u32 vectoring_event(const Vmcs& v) {
  const auto info = static_cast<u32>(v[Field::EntryInterruptionInfo]);
  return (info & interruption::kValid) != 0 && interruption::type_of(info) != Type::Other ? info : 0;
}

bool injects_monitor_trap(const Vmcs& v) {
  const auto info = static_cast<u32>(v[Field::EntryInterruptionInfo]);
  return (info & interruption::kValid) != 0 && interruption::type_of(info) == Type::Other;
}

/// The debug exceptions that are pending in the guest (27.7.3), as bits of DR6.
u64 pending_debug(const Vmcs& v) {
  constexpr u64 kEnabledBreakpoint = bit(12);
  const u64 field = v[Field::GuestPendingDebug];
  if ((field & (kEnabledBreakpoint | dr6::kBs)) == 0) return 0;
  const u64 bits_of = field & (0xF | dr6::kBs);
  const auto activity = static_cast<GuestActivity>(v[Field::GuestActivity]);
  const u32 event = vectoring_event(v);
  if (event == 0) {
    const bool deaf = activity == GuestActivity::Shutdown || activity == GuestActivity::WaitForSipi;
    return deaf ? 0 : bits_of;
  }
  const Type type = interruption::type_of(event);
  const bool by_software = type == Type::Software || type == Type::SoftwareException;
  const bool mov_ss = (v[Field::GuestInterruptibility] & interruptibility::kMovSs) != 0;
  return by_software && mov_ss ? bits_of : 0;
}

cpu::Activity activity_of(const Vmcs& v) {
  if (vectoring_event(v) != 0) return cpu::Activity::Active;
  switch (static_cast<GuestActivity>(v[Field::GuestActivity])) {
    case GuestActivity::Hlt: return cpu::Activity::Halted;
    case GuestActivity::Shutdown: return cpu::Activity::Shutdown;
    case GuestActivity::WaitForSipi: return cpu::Activity::WaitForSipi;
    default: return cpu::Activity::Active;
  }
}

u32 awaited_events(const Vmcs& v, const Controls& c) {
  namespace event = cpu::guest_event;
  u32 awaited = 0;
  if (c.has(Control::MonitorTrapFlag)) awaited |= event::kEachInstruction;
  if (c.has(Control::NmiWindowExiting)) awaited |= event::kNmiWindow;
  if (c.has(Control::InterruptWindowExiting)) awaited |= event::kInterruptWindow;
  // 27.7.8, 27.6.2: before the first instruction, if there is an event to step over.
  const bool stepped = c.has(Control::MonitorTrapFlag) && vectoring_event(v) != 0;
  if (stepped || injects_monitor_trap(v)) awaited |= event::kMonitorTrap;
  return awaited;
}

/// PAE paging: with EPT the VMCS has the PDPTEs (27.3.2.4), else they are where CR3 says; the checks have
/// seen them.
void load_pdptes(Cpu& cpu, const Vmcs& v, bool ept) {
  const bool paging = (cpu.cr0 & arch::cr0::kPg) != 0 && (cpu.cr4 & arch::cr4::kPae) != 0;
  if (!paging || cpu.long_active()) return;
  if (!ept) {
    mmu::load_pdptes(cpu, cpu.cr3);
    return;
  }
  for (unsigned n = 0; n < 4; ++n) cpu.pdpte[n] = v[Field::GuestPdpte0 + n];
}

Verdict msr_loading_failed(u64 entry) {
  Verdict v{.kind = Verdict::Kind::FailEntry, .qualification = entry};
  v.section = "27.4";
  v.rule = "the entries of the VM-entry MSR-load area can be loaded";
  return v;
}

/// The tables of the guest's EPTP, and the tag of what is translated by them.
void set_tables(Cpu& cpu, const Guest& guest) {
  cpu::SecondStage& stage = cpu.second_stage;
  stage.on = true;
  stage.kind = cpu::SecondStageKind::Ept;
  stage.root = eptp::table(guest.eptp);
  stage.levels = eptp::levels(guest.eptp);
  stage.accessed_dirty = (guest.eptp & eptp::kAccessedDirty) != 0;
  cpu.asid = mmu::tag_of(cpu, guest.vpid, stage.root);
}

/// VMLAUNCH or VMRESUME has ended without entering: what the engine does behind other instructions.
void end_instruction(Cpu& cpu) {
  cpu.rip = cpu::run_on(cpu, cpu.rip + cpu.current->length);
  cpu.shadowed = cpu.shadowed_by_mov_ss = false;
  if (cpu.rflag(arch::flag::kTf)) cpu.pending_debug |= dr6::kBs;
  cpu.refresh();
}

}  // namespace

void Unit::enter(Cpu& cpu, bool launch) {
  if (!begin(cpu, launch)) return;
  const Vmcs& v = vmcs(cpu);
  const u32 event = vectoring_event(v);
  if (event == 0) return;
  const auto error = static_cast<u32>(v[Field::EntryExceptionErrorCode]);
  const auto length = static_cast<u32>(v[Field::EntryInstructionLength]);
  control::deliver(cpu, injected(cpu, event, error, length));
}

/// Everything but the injected event. False: the guest is not entered.
bool Unit::begin(Cpu& cpu, bool launch) {
  ++cpu.instructions;
  cpu.charge(cpu.current->cost);
  cpu.rflags_rest &= ~arch::flag::kRf;
  if (cpu.ledger != nullptr) cpu.ledger->open(observe::Account::WorldSwitch, cpu.cycles());
  Vmcs& v = vmcs(cpu);
  guest_ = {.controls = controls_of(v), .was_nmi_blocked = cpu.nmi_blocked};
  const EntryState state{cpu, v, guest_.controls, current};
  if (const Verdict verdict = check_controls_and_host(state, &settled_); !verdict.pass()) {
    note(cpu, verdict);
    fail(cpu, verdict.error);
    end_instruction(cpu);
    return false;
  }
  cpu.charge(cpu.costs.vm_entry + msr_area_cycles(cpu, v[Field::EntryMsrLoadCount]));
  cpu.vmm.guest_entered(cpu.cr3);
  cpu.management = cpu.vmm.management(current);
  cpu.report(observe::EventKind::VmEntry, current, has(Control::EnableEpt) ? v[Field::Eptp] : 0);
  guest_.entered = cpu.cycles();
  if (const Verdict verdict = check_guest(state, &settled_); !verdict.pass()) {
    fail_entry(cpu, ExitReason::InvalidGuestState, verdict);
    return false;
  }
  load_guest(cpu, v, guest_.controls);
  cpu.reported_cpl = cpu.cpl;
  set_door(cpu, v);
  load_pdptes(cpu, v, has(Control::EnableEpt));
  if (!has(Control::EnableVpid)) mmu::flush_vpid(cpu, 0);  // 29.4.3.1
  mmu::select_address_space(cpu);
  const auto loaded = static_cast<u32>(v[Field::EntryMsrLoadCount]);
  if (const u64 failed = loaded == 0 ? 0 : load_msrs(cpu, v[Field::EntryMsrLoadAddress], loaded);
      failed != 0) {
    fail_entry(cpu, ExitReason::MsrLoading, msr_loading_failed(failed));
    return false;
  }
  if (launch) {
    v.launched = kLaunched;
    region_written(cpu, current);
  }
  apic_entered(*this, cpu);
  if (cpu.activity == cpu::Activity::Halted) cpu.report(observe::EventKind::Halt, cpu.rflag(arch::flag::kIf));
  return true;
}

/// What the processor obeys on its own from here to the VM exit, and what it asks about (cpu::State).
void Unit::set_door(Cpu& cpu, const Vmcs& v) {
  cpu.guest = this;
  cpu.hypervisor = false;
  cpu.exits_first = true;
  cpu.intercepted = intercept_mask();
  cpu.undefined = undefined_mask();
  cpu.unrestricted = has(Control::UnrestrictedGuest);
  cpu.cr0_mask = v[Field::Cr0Mask], cpu.cr0_shadow = v[Field::Cr0Shadow];
  cpu.cr4_mask = v[Field::Cr4Mask], cpu.cr4_shadow = v[Field::Cr4Shadow];
  cpu.guest_tsc_offset = has(Control::UseTscOffsetting) ? v[Field::TscOffset] : 0;
  const bool scaled = has(Control::UseTscOffsetting) && has(Control::UseTscScaling);
  cpu.guest_tsc_multiplier = scaled ? v[Field::TscMultiplier] : u64{1} << 48;
  // External interrupts that leave the guest are not masked by its IF (26.2).
  cpu.host_masks = cpu.host_if = has(Control::ExternalInterruptExiting);
  cpu.virtual_nmis = has(Control::VirtualNmis);
  cpu.iret_keeps_blocking = has(Control::NmiExiting) && !has(Control::VirtualNmis);
  const u64 blocking = v[Field::GuestInterruptibility];
  cpu.nmi_blocked = (blocking & interruptibility::kNmi) != 0;
  const bool vectoring = vectoring_event(v) != 0;  // ends the shadows, even if its delivery exits (27.7.1)
  cpu.sti_shadow = !vectoring && (blocking & interruptibility::kSti) != 0;
  cpu.mov_ss_shadow = !vectoring && (blocking & interruptibility::kMovSs) != 0;
  cpu.shadowed = cpu.shadowed_by_mov_ss = cpu.monitor_armed = cpu.nmi_unblocked = false;
  cpu.pending_debug = pending_debug(v);
  cpu.activity = activity_of(v);
  cpu.guest_events = awaited_events(v, guest_.controls);
  cpu.apic_access_page =
      has(Control::VirtualizeApicAccesses) ? v[Field::ApicAccessAddress] : cpu::State::kNoPage;
  if (has(Control::ActivatePreemptionTimer)) start_timer(cpu, static_cast<u32>(v[Field::PreemptionTimer]));
  set_second_stage(cpu, v);
}

void Unit::set_second_stage(Cpu& cpu, const Vmcs& v) {
  guest_.vpid = has(Control::EnableVpid) ? static_cast<u16>(v[Field::Vpid]) : u16{0};
  cpu.second_stage = {};
  if (!has(Control::EnableEpt)) {
    cpu.asid = mmu::tag_of(cpu, guest_.vpid, mmu::kNoEpt);
    return;
  }
  const u64 able = cpu.vmx.ept_vpid;
  cpu.second_stage.mode_based_execute = has(Control::ModeBasedExecute);
  cpu.second_stage.logs_pages = has(Control::EnablePml);
  cpu.second_stage.ept_features = {.execute_only = (able & ept_vpid::kExecuteOnly) != 0,
                                   .pages_2m = (able & ept_vpid::k2m) != 0,
                                   .pages_1g = (able & ept_vpid::k1g) != 0,
                                   .advanced_information = (able & ept_vpid::kAdvancedInformation) != 0};
  guest_.eptp = v[Field::Eptp];
  set_tables(cpu, guest_);  // the address space is selected when all of the guest is there
}

void Unit::use_eptp(Cpu& cpu, u64 value) {
  guest_.eptp = value;
  set_tables(cpu, guest_);
  mmu::select_address_space(cpu);
}

/// The timer reaches 0 when the bit of the time-stamp counter that it counts has changed `value` times
/// (26.5.1, A.6).
void Unit::start_timer(Cpu& cpu, u32 value) {
  const u64 rate = cpu.vmx.misc & misc::kTimerRate;
  guest_.timer_value = value;
  guest_.timer_start = guest_.entered + cpu.tsc_offset;
  const u64 end = ((guest_.timer_start >> rate) + value) << rate;
  cpu.guest_deadline = value == 0 ? guest_.entered : guest_.entered + (end - guest_.timer_start);
}

void Unit::note(const Cpu& cpu, const Verdict& verdict) {
  refused_ = {.verdict = verdict, .vmcs = current, .cycle = cpu.cycles()};
}

/// 27.8: of the VM-exit information fields reason and qualification alone are written, of the guest nothing
/// is saved.
void Unit::fail_entry(Cpu& cpu, ExitReason reason, const Verdict& verdict) {
  note(cpu, verdict);
  Vmcs& v = vmcs(cpu);
  const u32 field = static_cast<u32>(reason) | kEntryFailure;
  cpu.report(observe::EventKind::VmExit, exit_code(field), verdict.qualification);
  cpu.report(observe::EventKind::VmExitDetail, 0, cpu.cycles() - guest_.entered);
  v[Field::ExitReason] = field;
  v[Field::ExitQualification] = verdict.qualification;
  region_written(cpu, current);
  to_host(cpu, guest_.was_nmi_blocked, 0);
}

}  // namespace hvlab::vmx
