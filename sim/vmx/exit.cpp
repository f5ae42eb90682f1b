// VM exit (SDM vol. 3, chapter 28).
#include "sim/base/check.hpp"
#include "sim/mmu/tlb.hpp"
#include "sim/vmx/information.hpp"
#include "sim/vmx/msr_area.hpp"
#include "sim/vmx/unit.hpp"
#include "sim/vmx/world.hpp"

namespace hvlab::vmx {

using namespace arch::vmx;
namespace flag = arch::flag;
namespace dr6 = arch::dr6;

namespace {

/// Why a VM exit cannot be completed (28.7).
enum Abort : u32 { kSavingMsrs = 1, kHostPdptes = 2, kLoadingMsrs = 4, kIa32eMode = 6 };

constexpr u64 kEnabledBreakpoint = bit(12);  // of pending debug exceptions (table 25-4)

GuestActivity activity_of(const Cpu& cpu) {
  if (cpu.is_delivering) return GuestActivity::Active;
  switch (cpu.activity) {
    case cpu::Activity::Halted: return GuestActivity::Hlt;
    case cpu::Activity::Shutdown: return GuestActivity::Shutdown;
    case cpu::Activity::WaitForSipi: return GuestActivity::WaitForSipi;
    default: return GuestActivity::Active;  // MWAIT has no state of its own
  }
}

/// An event whose delivery has begun ends the shadows, and an NMI then blocks others (28.1).
u32 interruptibility_of(const Cpu& cpu) {
  const bool nmi = cpu.nmi_blocked || (cpu.is_delivering && cpu.delivering.source == cpu::Source::Nmi);
  u32 state = nmi ? interruptibility::kNmi : 0;
  if (cpu.is_delivering) return state;
  if (cpu.sti_shadow || (cpu.shadowed && !cpu.shadowed_by_mov_ss)) state |= interruptibility::kSti;
  if (cpu.mov_ss_shadow || cpu.shadowed_by_mov_ss) state |= interruptibility::kMovSs;
  return state;
}

/// Pending debug exceptions survive exits that come before their turn (28.3.4).
u64 pending_debug_of(const Cpu& cpu, const Leaving& why, bool mov_ss) {
  bool kept = false;
  switch (why.reason) {
    case ExitReason::InitSignal:
    case ExitReason::TprBelowThreshold:
    case ExitReason::VirtualizedEoi:
    case ExitReason::ApicWrite:
    case ExitReason::MonitorTrapFlag: kept = true; break;
    default: kept = mov_ss;
  }
  if (!kept) return 0;
  u64 pending = cpu.pending_debug & (0xF | dr6::kBs);
  if (!cpu.rflag(flag::kTf)) pending &= ~dr6::kBs;
  return (pending & 0xF) != 0 ? pending | kEnabledBreakpoint : pending;
}

u64 rflags_of(const Cpu& cpu, const Leaving& why) {
  const u64 flags = cpu.rflags();
  switch (why.rf) {
    case Leaving::Rf::Clear: return flags & ~flag::kRf;
    case Leaving::Rf::Set: return flags | flag::kRf;
    default: return flags;
  }
}

bool pae_paging(const Cpu& cpu) {
  return (cpu.cr0 & arch::cr0::kPg) != 0 && (cpu.cr4 & arch::cr4::kPae) != 0 && !cpu.long_active();
}

/// What observers are told of the exit besides its qualification.
u64 detail_of(const Leaving& why) {
  switch (why.reason) {
    case ExitReason::EptViolation:
    case ExitReason::EptMisconfiguration: return why.guest_physical;
    case ExitReason::ExceptionOrNmi:
    case ExitReason::ExternalInterrupt: return why.interruption_info;
    default: return why.instruction_info;
  }
}

/// Aligned as VM entry has checked it; the field may have been written since.
u64 msr_area(const Vmcs& v, Field address) { return align_down(v[address], 16); }

/// What VM entry has set at the door (cpu::State) is taken back.
void close_door(Cpu& cpu) {
  cpu.guest = nullptr;
  cpu.intercepted = cpu.undefined = 0;
  cpu.asid = 0;
  cpu.guest_tsc_offset = 0;
  cpu.guest_tsc_multiplier = u64{1} << 48;
  cpu.second_stage = {};
  cpu.cr0_mask = cpu.cr0_shadow = cpu.cr4_mask = cpu.cr4_shadow = 0;
  cpu.guest_deadline = cpu::State::kNoDeadline;
  cpu.guest_events = 0;
  cpu.apic_access_page = cpu::State::kNoPage;
  cpu.exits_first = cpu.unrestricted = cpu.virtual_nmis = cpu.iret_keeps_blocking = cpu.nmi_unblocked = false;
  cpu.host_masks = cpu.host_if = cpu.virtual_interrupt = cpu.is_delivering = false;
  cpu.sti_shadow = cpu.mov_ss_shadow = cpu.shadowed = cpu.shadowed_by_mov_ss = cpu.monitor_armed = false;
  cpu.pending_debug = 0;
  cpu.activity = cpu::Activity::Active;
}

}  // namespace

/// The VM-exit information fields (28.2). Fields that a reason leaves undefined are written as 0.
void Unit::write_information(Cpu& cpu, Vmcs& v, const Leaving& why) {
  v[Field::ExitReason] = static_cast<u32>(why.reason);
  v[Field::ExitQualification] = why.qualification;
  v[Field::GuestLinearAddress] = why.guest_linear;
  v[Field::GuestPhysicalAddress] = why.guest_physical;
  v[Field::ExitInterruptionInfo] = why.interruption_info;
  v[Field::ExitInterruptionErrorCode] = why.interruption_error;
  v[Field::ExitInstructionInfo] = why.instruction_info;
  v[Field::IdtVectoringInfo] = v[Field::IdtVectoringErrorCode] = 0;
  u32 length = why.instruction_length;
  if (cpu.is_delivering) {
    const Interruption event = interruption_of(cpu, cpu.delivering);
    v[Field::IdtVectoringInfo] = event.info;
    v[Field::IdtVectoringErrorCode] = event.error;
    length = static_cast<u32>(cpu.delivering.length);
  }
  v[Field::ExitInstructionLength] = length;
  v[Field::EntryInterruptionInfo] &= ~u64{interruption::kValid};
  if ((cpu.vmx.misc & misc::kStoreLma) != 0) {
    constexpr u64 kWide = bit_of(Control::Ia32eModeGuest);
    u64& controls = v[Field::EntryControls];
    controls = cpu.long_active() ? controls | kWide : controls & ~kWide;
  }
}

/// What of the guest is not a register (28.3.4).
void Unit::save_non_registers(Cpu& cpu, Vmcs& v, const Leaving& why) {
  const u32 blocking = interruptibility_of(cpu);
  v[Field::GuestActivity] = static_cast<u64>(activity_of(cpu));
  v[Field::GuestInterruptibility] = blocking;
  v[Field::GuestPendingDebug] = pending_debug_of(cpu, why, (blocking & interruptibility::kMovSs) != 0);
  if (has(Control::EnableEpt) && pae_paging(cpu))
    for (unsigned n = 0; n < 4; ++n) v[Field::GuestPdpte0 + n] = cpu.pdpte[n];
  if (has(Control::SavePreemptionTimer)) v[Field::PreemptionTimer] = timer_left(cpu);
}

/// The VMX-preemption timer counts the changes of one bit of the time-stamp counter (26.5.1, A.6), and goes
/// on until the exit has saved it: assumed to be halfway.
u32 Unit::timer_left(const Cpu& cpu) const {
  if ((cpu.guest_events & cpu::guest_event::kTimer) != 0) return 0;
  const u64 rate = cpu.vmx.misc & misc::kTimerRate;
  const u64 now = guest_.timer_start + (cpu.cycles() - guest_.entered) + cpu.costs.vm_exit / 2;
  const u64 counted = (now >> rate) - (guest_.timer_start >> rate);
  return counted >= guest_.timer_value ? 0 : static_cast<u32>(guest_.timer_value - counted);
}

void Unit::leave(Cpu& cpu, const Leaving& why) {
  HVLAB_CHECK(cpu.guest == this && cpu.stepping);
  Vmcs& v = vmcs(cpu);
  cpu.report(observe::EventKind::VmExit, exit_code(static_cast<u32>(why.reason)), why.qualification);
  cpu.report(observe::EventKind::VmExitDetail, detail_of(why), cpu.cycles() - guest_.entered);
  write_information(cpu, v, why);
  save_guest(cpu, v, guest_.controls, rflags_of(cpu, why));
  save_non_registers(cpu, v, why);
  region_written(cpu, current);
  const auto stored = static_cast<u32>(v[Field::ExitMsrStoreCount]);
  const u64 unsaved = stored == 0 ? 0 : store_msrs(cpu, msr_area(v, Field::ExitMsrStoreAddress), stored);
  // Under "virtual NMIs" no physical NMI was blocked; one that leaves the guest blocks others (28.5.5).
  const bool by_nmi = why.reason == ExitReason::ExceptionOrNmi &&
                      interruption::type_of(why.interruption_info) == interruption::Type::Nmi;
  const bool ia32e_abort = cpu.long_active() && !has(Control::HostAddressSpaceSize);
  to_host(cpu, by_nmi || (cpu.nmi_blocked && !cpu.virtual_nmis), v[Field::ExitMsrStoreCount]);
  if (ia32e_abort) abort(cpu, kIa32eMode);
  if (unsaved != 0) abort(cpu, kSavingMsrs);
}

/// 28.5 and 28.6. `stored`: how many MSRs 28.4 has stored before.
void Unit::to_host(Cpu& cpu, bool nmi_blocked, u64 stored) {
  if (cpu.ledger != nullptr) cpu.ledger->open(observe::Account::WorldSwitch, cpu.cycles());
  const Vmcs& v = vmcs(cpu);
  const auto loaded = static_cast<u32>(v[Field::ExitMsrLoadCount]);
  cpu.charge(cpu.costs.vm_exit + msr_area_cycles(cpu, stored) + msr_area_cycles(cpu, loaded));
  close_door(cpu);
  cpu.nmi_blocked = nmi_blocked;
  load_host(cpu, v, guest_.controls);
  cpu.hypervisor = true;
  cpu.reported_cpl = 0;
  if (!has(Control::EnableVpid)) mmu::flush_vpid(cpu, 0);  // 29.4.3.1
  mmu::select_address_space(cpu);
  if (pae_paging(cpu) && mmu::load_pdptes(cpu, cpu.cr3) != Outcome::Next) return abort(cpu, kHostPdptes);
  if (loaded != 0 && load_msrs(cpu, msr_area(v, Field::ExitMsrLoadAddress), loaded) != 0)
    abort(cpu, kLoadingMsrs);
}

/// 28.7: nothing but RESET ends the shutdown state of a VMX abort. INIT is blocked as ever in root operation,
/// the rest by the shutdown state; the indicator is all that is written to the region.
void Unit::abort(Cpu& cpu, u32 indicator) {
  vmcs(cpu).abort = aborted_ = indicator;
  region_written(cpu, current);
  cpu.activity = cpu::Activity::Shutdown;
}

}  // namespace hvlab::vmx
