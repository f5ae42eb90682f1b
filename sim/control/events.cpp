#include "sim/control/events.hpp"

#include "sim/arch/msr.hpp"
#include "sim/base/check.hpp"
#include "sim/control/gates.hpp"
#include "sim/control/virtual_mode.hpp"
#include "sim/cpu/debug.hpp"

namespace hvlab::control {

namespace {

enum class Severity : u8 { Benign, Contributory, PageFault, DoubleFault };

/// SDM vol. 3, table 6-4. Interrupts and software's own events are benign.
Severity severity(const Delivery& event) {
  if (event.source != Source::Exception) return Severity::Benign;
  switch (static_cast<Exception>(event.vector)) {
    case Exception::DivideError:
    case Exception::InvalidTss:
    case Exception::SegmentNotPresent:
    case Exception::StackFault:
    case Exception::GeneralProtection: return Severity::Contributory;
    case Exception::PageFault:
    case Exception::Virtualization: return Severity::PageFault;
    case Exception::DoubleFault: return Severity::DoubleFault;
    default: return Severity::Benign;
  }
}

/// What an exception leaves in registers before its handler is looked for.
void note(Cpu& cpu, const Delivery& event) {
  if (event.source != Source::Exception || event.injected) return;
  if (event.vector == static_cast<u8>(Exception::PageFault)) cpu.cr2 = event.address;
  if (event.vector == static_cast<u8>(Exception::Debug)) {
    cpu.dr6 = (cpu.dr6 & ~u64{0xF}) | event.debug_bits;
    if ((cpu.dr7 & arch::dr7::kGd) != 0) {  // SDM vol. 3, 18.2.4: the handler may use the debug registers
      cpu.dr7 &= ~arch::dr7::kGd;
      cpu.refresh();
    }
    cpu.debug_ctl &= ~(arch::msr::kDebugCtlLbr | arch::msr::kDebugCtlBtf);  // SDM vol. 3, 18.4.2, 18.4.4
  }
}

/// INT n of virtual-8086 mode: `own` if the program's own handler takes it, else IOPL must let it through
/// (SDM vol. 3, 20.3.3). What a hypervisor of VMX injects is not asked for IOPL (27.6.1.1).
Outcome check_v8086_interrupt(Cpu& cpu, const Delivery& event, bool& own) {
  if ((cpu.cr4 & arch::cr4::kVme) != 0) {
    if (const Outcome o = find_redirection(cpu, event.vector, own); !ok(o) || own) return o;
  }
  const bool by_vmx = event.injected && cpu.exits_first;
  if (cpu.iopl() == 3 || by_vmx) return Outcome::Next;
  return raise(cpu, Exception::GeneralProtection, 0);
}

Outcome attempt(Cpu& cpu, const Delivery& event) {
  if (cpu.v8086() && event.source == Source::SoftwareInterrupt) {
    bool own = false;
    if (const Outcome o = check_v8086_interrupt(cpu, event, own); !ok(o)) return o;
    if (own) return deliver_to_program(cpu, event);
  }
  if (!cpu.protected_mode()) return deliver_real(cpu, event);
  return cpu.long_active() ? deliver_long(cpu, event) : deliver_protected(cpu, event);
}

/// True if a hypervisor has taken the exception. AMD's finds the debug registers as the handler would (APM
/// vol. 2, 15.12.2), Intel's as they were (SDM vol. 3, 28.1).
bool intercepted(Cpu& cpu, const Delivery& event) {
  if (cpu.guest == nullptr || event.injected) return false;
  if (event.source == Source::Interrupt || event.source == Source::Nmi) return false;
  const bool debug = event.source == Source::Exception && event.vector == static_cast<u8>(Exception::Debug);
  if (debug && !cpu.exits_first) note(cpu, event);
  return cpu.guest->exception(cpu, event);
}

/// The branch records leave #DB, #MC and INT1 out (APM vol. 2, 13.1.1.6).
void record(Cpu& cpu, const Delivery& event, u64 from) {
  const bool exception = event.source == Source::Exception;
  const bool left_out = event.source == Source::PrivilegedSoftwareException ||
                        (exception && (event.vector == static_cast<u8>(Exception::Debug) ||
                                       event.vector == static_cast<u8>(Exception::MachineCheck)));
  if (!left_out) cpu::record_interrupt(cpu, from, cpu.rip);
}

/// attempt(), with the event on record for whoever is asked on the way.
Outcome attempt_on_record(Cpu& cpu, const Delivery& event) {
  cpu.delivering = event;
  cpu.is_delivering = true;
  const u64 from = cpu.rip;
  const Outcome outcome = attempt(cpu, event);
  if (!ok(outcome)) return outcome;
  cpu.is_delivering = false;
  record(cpu, event, from);
  return outcome;
}

void report(const Cpu& cpu, const Delivery& event) {
  using observe::EventKind;
  switch (event.source) {
    case Source::Exception:
      return cpu.report(EventKind::Exception, event.vector,
                        event.vector == static_cast<u8>(Exception::PageFault) ? event.address : event.error);
    case Source::Interrupt: return cpu.report(EventKind::Interrupt, event.vector);
    case Source::Nmi: return cpu.report(EventKind::Nmi);
    default: return cpu.report(EventKind::SoftwareInterrupt, event.vector);
  }
}

void delivered(Cpu& cpu, const Delivery& event) {
  const bool interrupt = event.source == Source::Interrupt || event.source == Source::Nmi;
  cpu.charge(interrupt ? cpu.costs.interrupt_delivery : cpu.costs.exception_delivery);
  if (event.source == Source::Nmi) cpu.nmi_blocked = true;
  cpu.sti_shadow = cpu.mov_ss_shadow = false;
  cpu.activity = cpu::Activity::Active;
  // An event's transfer counts as a branch; that of INT n and INTO is the instruction's.
  const bool by_instruction = event.source != Source::Exception && !interrupt && !event.injected;
  if (!by_instruction && cpu.performance.counts_branches) ++cpu.performance.retired_branches;
}

}  // namespace

Delivery pending_fault(const Cpu& cpu) {
  return {.vector = static_cast<u8>(cpu.fault.vector),
          .has_error = cpu.fault.has_error,
          .error = cpu.fault.error,
          .address = cpu.fault.address,
          .debug_bits = cpu.fault.debug_bits,
          .nested = cpu.fault.nested};
}

Delivery debug_trap(u64 bits) {
  return {.vector = static_cast<u8>(Exception::Debug), .debug_bits = bits, .trap = true};
}

Delivery escalate(const Delivery& first, const Delivery& second, bool& shutdown) {
  const Severity a = severity(first), b = severity(second);
  shutdown = a == Severity::DoubleFault && b != Severity::Benign;
  const bool doubled = (a == Severity::Contributory && b == Severity::Contributory) ||
                       (a == Severity::PageFault && b != Severity::Benign);
  if (!doubled) return second;
  return {.vector = static_cast<u8>(Exception::DoubleFault), .has_error = true};
}

void deliver(Cpu& cpu, Delivery event) {
  using cpu::Activity;
  if (cpu.activity == Activity::Halted || cpu.activity == Activity::MonitorWait)
    cpu.report(observe::EventKind::Wake);
  for (;;) {
    if (intercepted(cpu, event)) return;
    // Traps that MOV SS has held back are lost, but with software's own events (SDM vol. 3, 27.7.3).
    if (!event.software()) cpu.pending_debug = 0;
    note(cpu, event);
    report(cpu, event);
    // Awake, and with NMIs blocked by an NMI, even if a VM exit comes on the way (SDM vol. 3, 28.1).
    cpu.activity = cpu::Activity::Active;
    if (event.source == Source::Nmi && (cpu.guest == nullptr || cpu.exits_first)) cpu.nmi_blocked = true;
    const Outcome outcome = attempt_on_record(cpu, event);
    if (ok(outcome)) return delivered(cpu, event);
    if (outcome == Outcome::World) return;
    HVLAB_CHECK(outcome == Outcome::Fault);
    bool shutdown = false;
    const Delivery second = pending_fault(cpu);
    if (intercepted(cpu, second)) return;  // before a double fault is made of the two
    if (second.vector == static_cast<u8>(Exception::PageFault)) cpu.cr2 = second.address;
    event = escalate(event, second, shutdown);
    if (shutdown) {
      if (cpu.guest != nullptr && cpu.guest->shutdown(cpu)) return;
      cpu.is_delivering = false;
      cpu.activity = cpu::Activity::Shutdown;
      return;
    }
  }
}

Outcome deliver_software(Cpu& cpu, const Delivery& event) {
  const u64 rip = cpu.rip;
  if (event.source != Source::SoftwareInterrupt && intercepted(cpu, event)) return Outcome::World;
  const u64 held_back = event.software() ? 0 : cpu.pending_debug;
  if (const Outcome o = attempt_on_record(cpu, event); !ok(o)) return o;
  cpu.pending_debug &= ~held_back;
  const u64 handler = cpu.rip;
  cpu.rip = rip;  // reported at the instruction
  report(cpu, event);
  cpu.rip = handler;
  delivered(cpu, event);
  return Outcome::Next;
}

}  // namespace hvlab::control
