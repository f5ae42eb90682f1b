// Events of a guest that leave it: exceptions, faults of EPT, and what happens between instructions (SDM vol.
// 3, 26.2 and 26.5).
#include "sim/control/gates.hpp"
#include "sim/mmu/walk.hpp"
#include "sim/vmx/apic.hpp"
#include "sim/vmx/information.hpp"
#include "sim/vmx/unit.hpp"

namespace hvlab::vmx {

using namespace arch::vmx;
using arch::Exception;
using cpu::Boundary;
using cpu::NestedFault;
using cpu::Source;
using interruption::Type;
using Rf = Leaving::Rf;

namespace {

/// Bit 12 of exit qualification and interruption information: the IRET that faulted had ended blocking by NMI
/// (28.2.2, table 28-7).
constexpr u32 kNmiUnblocking = interruption::kNmiUnblocking;

constexpr u64 kLogEntries = 512;

Rf rf_of(const Cpu& cpu, const Delivery& event) {
  return (control::saved_flags(cpu, event) & arch::flag::kRf) != 0 ? Rf::Set : Rf::AsItWas;
}

/// Whether the exception bitmap has the vector's bit; of page faults the error code decides with it (26.2).
bool wanted(const Vmcs& v, const Delivery& event) {
  if (event.vector > 31) return false;
  const bool set = test_bit(v[Field::ExceptionBitmap], event.vector);
  const bool page_fault =
      event.source == Source::Exception && event.vector == static_cast<u8>(Exception::PageFault);
  if (!page_fault) return set;
  const bool match = (event.error & v[Field::PageFaultMask]) == v[Field::PageFaultMatch];
  return match == set;
}

/// Exit qualification of an exception (28.2.1): of #PF the address, of #DB what it was (table 28-1).
u64 qualification_of(const Delivery& event) {
  if (event.source != Source::Exception) return 0;
  if (event.vector == static_cast<u8>(Exception::PageFault)) return event.address;
  if (event.vector == static_cast<u8>(Exception::Debug)) return event.debug_bits & 0x600F;
  return 0;
}

}  // namespace

bool Unit::exception(Cpu& cpu, const Delivery& event) {
  if (event.nested) return second_stage_fault(cpu);
  const bool raised = event.source == Source::Exception || event.source == Source::SoftwareException ||
                      event.source == Source::PrivilegedSoftwareException;
  if (!raised || !wanted(vmcs(cpu), event)) return false;
  const bool double_fault =
      event.source == Source::Exception && event.vector == static_cast<u8>(Exception::DoubleFault);
  if (double_fault) cpu.is_delivering = false;  // no event was on its way then, says 28.2.4
  const Interruption told = interruption_of(cpu, event);
  Leaving why{.reason = ExitReason::ExceptionOrNmi,
              .qualification = qualification_of(event),
              .interruption_info = told.info,
              .interruption_error = told.error,
              .instruction_length = static_cast<u32>(event.length),
              .rf = rf_of(cpu, event)};
  if (cpu.nmi_unblocked && !double_fault && !cpu.is_delivering) why.interruption_info |= kNmiUnblocking;
  leave(cpu, why);
  return true;
}

/// EPT and what hangs on it (26.2). The instruction is to be done again: RF is set, or is as the event on its
/// way would have saved it (28.3.3). Its length, which the manual leaves undefined here, is told as the parts
/// do; hypervisors rely on it.
bool Unit::second_stage_fault(Cpu& cpu) {
  const cpu::Fault& f = cpu.fault;
  Leaving why{.qualification = f.qualification, .rf = Rf::Set};
  if (cpu.is_delivering) why.rf = rf_of(cpu, cpu.delivering);
  if (!cpu.is_delivering && cpu.current != nullptr) why.instruction_length = cpu.current->length;
  const u64 unblocking = cpu.nmi_unblocked && !cpu.is_delivering ? kNmiUnblocking : 0;
  switch (f.nested_fault) {
    case NestedFault::Violation:
      why.reason = ExitReason::EptViolation;
      why.qualification |= unblocking;
      why.guest_linear = f.linear;
      why.guest_physical = f.address;
      if (f.convertible && convert(cpu, why)) return true;
      break;
    case NestedFault::Misconfiguration:
      why.reason = ExitReason::EptMisconfiguration;
      why.guest_physical = f.address;
      break;
    case NestedFault::LogFull:
      why.reason = ExitReason::PmlFull;
      why.qualification = unblocking;
      break;
    default: why.reason = ExitReason::ApicAccess; break;
  }
  leave(cpu, why);
  return true;
}

/// A virtualization exception in place of the VM exit (26.5.7). False: the guest is to be left.
bool Unit::convert(Cpu& cpu, const Leaving& why) {
  if (!has(Control::EptViolationVe) || !cpu.protected_mode() || cpu.is_delivering) return false;
  const Vmcs& v = vmcs(cpu);
  // The field may have been written since VM entry has checked it.
  const u64 area = align_down(v[Field::VeInformationAddress], 4096);
  if (mmu::read_physical(cpu, area + 4, 4) != 0) return false;
  mmu::write_physical(cpu, area, static_cast<u64>(ExitReason::EptViolation), 4);
  mmu::write_physical(cpu, area + 4, 0xFFFF'FFFF, 4);
  mmu::write_physical(cpu, area + 8, why.qualification, 8);
  mmu::write_physical(cpu, area + 16, why.guest_linear, 8);
  mmu::write_physical(cpu, area + 24, why.guest_physical, 8);
  mmu::write_physical(cpu, area + 32, v[Field::EptpIndex] & 0xFFFF, 2);
  control::deliver(cpu, {.vector = static_cast<u8>(Exception::Virtualization)});
  return true;
}

/// Page-modification logging (29.3.6).
bool Unit::page_dirtied(Cpu& cpu, u64 guest_physical) {
  Vmcs& v = vmcs(cpu);
  const u64 index = v[Field::PmlIndex] & 0xFFFF;
  if (index >= kLogEntries) return false;
  mmu::write_physical(cpu, align_down(v[Field::PmlAddress], 4096) + index * 8, guest_physical, 8);
  v[Field::PmlIndex] = (index - 1) & 0xFFFF;
  region_written(cpu, current);
  return true;
}

bool Unit::shutdown(Cpu& cpu) {
  cpu.is_delivering = false;
  leave(cpu, {.reason = ExitReason::TripleFault});
  return true;
}

void Unit::trap(Cpu& cpu, ExitReason reason, u64 qualification) {
  cpu.guest_events |= cpu::guest_event::kTrap;
  guest_.trap = reason;
  guest_.trap_qualification = qualification;
}

bool Unit::boundary(Cpu& cpu, Boundary what) {
  Leaving why;
  switch (what) {
    case Boundary::Init:
      cpu.init_pending = cpu.sipi_pending = false;
      why.reason = ExitReason::InitSignal;
      break;
    case Boundary::Smi: return false;  // the default treatment (32.14)
    case Boundary::Nmi:
      if (!has(Control::NmiExiting)) return false;
      cpu.nmi_pending = false;
      why.reason = ExitReason::ExceptionOrNmi;
      why.interruption_info =
          interruption::kValid | static_cast<u32>(Type::Nmi) << interruption::kTypeShift | 2;
      break;
    case Boundary::Interrupt:
      if (!has(Control::ExternalInterruptExiting)) return false;
      why.reason = ExitReason::ExternalInterrupt;
      if (has(Control::AcknowledgeInterruptOnExit)) {
        const u8 vector = cpu.apic->acknowledge();
        if (take_posted_interrupts(*this, cpu, vector)) return true;  // the guest goes on
        why.interruption_info = interruption::kValid | vector;
      }
      break;
    case Boundary::Sipi:
      why.reason = ExitReason::StartupIpi;
      why.qualification = cpu.sipi_vector;
      cpu.sipi_pending = false;
      break;
    case Boundary::Trap:
      why.reason = guest_.trap;
      why.qualification = guest_.trap_qualification;
      break;
    case Boundary::MonitorTrap: why.reason = ExitReason::MonitorTrapFlag; break;
    case Boundary::Timer: why.reason = ExitReason::PreemptionTimer; break;
    case Boundary::NmiWindow: why.reason = ExitReason::NmiWindow; break;
    case Boundary::InterruptWindow: why.reason = ExitReason::InterruptWindow; break;
  }
  leave(cpu, why);
  return true;
}

}  // namespace hvlab::vmx
