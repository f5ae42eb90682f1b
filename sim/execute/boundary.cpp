#include "sim/execute/boundary.hpp"

#include "sim/base/check.hpp"
#include "sim/control/events.hpp"
#include "sim/execute/reset.hpp"

namespace hvlab::execute {

using cpu::Activity;
using cpu::Boundary;
namespace guest_event = cpu::guest_event;

namespace {

bool in_vmx_guest(const Cpu& cpu) { return cpu.guest != nullptr && cpu.vmx_operation; }

/// Outside guests VMX operation blocks INIT (SDM vol. 3, 24.8); in one it is a VM exit, but not in the
/// wait-for-SIPI state (26.2).
bool takes_init(const Cpu& cpu) {
  if (!cpu.vmx_operation) return cpu.gif;
  return cpu.guest != nullptr && cpu.activity != Activity::WaitForSipi;
}

/// From the preemption timer down. `shutdown`: of a guest of VMX, which NMIs and the timer wake.
Event next_interrupt(const Cpu& cpu, bool shutdown) {
  const u32 asked = cpu.guest_events;
  if ((asked & guest_event::kTimer) != 0 || cpu.guest_deadline <= cpu.cycles()) return Event::Timer;
  // STI may hold NMIs off or not (SDM vol. 2, STI), and does here: Intel's processors refuse to have one
  // injected behind it, too (vol. 3, 27.3.1.5), and AMD's know one shadow for STI and MOV SS (APM vol.
  // 2, 15.21.5).
  if (cpu.mov_ss_shadow || cpu.sti_shadow) return Event::None;
  if ((asked & guest_event::kNmiWindow) != 0 && !cpu.nmi_blocked) return Event::NmiWindow;
  if (cpu.nmi_pending && (!cpu.nmi_blocked || cpu.virtual_nmis) && cpu.gif) return Event::Nmi;
  if (shutdown) return Event::None;
  const bool open = cpu.rflag(arch::flag::kIf), is_virtual = cpu.virtual_interrupt && open;
  if ((asked & guest_event::kInterruptWindow) != 0 && open) return Event::InterruptWindow;
  if (is_virtual && cpu.vmx_operation) return Event::VirtualInterrupt;
  if (cpu.interrupt_line && cpu.takes_interrupts()) return Event::Interrupt;
  return is_virtual ? Event::VirtualInterrupt : Event::None;
}

/// Of VMX the boundaries that are an exit and nothing else.
Boundary boundary_of(Event event) {
  switch (event) {
    case Event::Trap: return Boundary::Trap;
    case Event::Sipi: return Boundary::Sipi;
    case Event::MonitorTrap: return Boundary::MonitorTrap;
    case Event::Timer: return Boundary::Timer;
    case Event::NmiWindow: return Boundary::NmiWindow;
    default: return Boundary::InterruptWindow;
  }
}

/// A hypervisor that wants to know of an event gets it before the guest does.
bool leaves(Cpu& cpu, Boundary what) { return cpu.guest != nullptr && cpu.guest->boundary(cpu, what); }

void take_init(Cpu& cpu) {
  const bool vmx = in_vmx_guest(cpu);
  if (leaves(cpu, Boundary::Init)) {
    if (vmx) cpu.init_pending = false;
    return;
  }
  cpu.init_pending = false;
  if ((cpu.vm_cr & arch::vm_cr::kRedirectInit) != 0) {  // APM vol. 2, 15.28
    control::deliver(cpu, {.vector = 30, .has_error = true, .error = 1});
  } else {
    init_reset(cpu);
  }
}

void take_debug(Cpu& cpu) {
  const u64 bits = cpu.pending_debug;
  cpu.pending_debug = 0;
  control::deliver(cpu, control::debug_trap(bits));
}

/// The NMI that was pending is taken, the one that was latched behind it pends.
void next_nmi(Cpu& cpu) {
  cpu.nmi_pending = cpu.nmi_latched;
  cpu.nmi_latched = false;
}

/// An exit of VMX is the NMI's delivery: it is over, and others are held off (SDM vol. 3, 28.5.5).
void take_nmi(Cpu& cpu) {
  const bool vmx = in_vmx_guest(cpu);
  if (leaves(cpu, Boundary::Nmi)) {
    if (vmx) next_nmi(cpu), cpu.nmi_blocked = true;
    return;
  }
  next_nmi(cpu);
  control::deliver(cpu, {.vector = 2, .source = control::Source::Nmi});
}

/// False: it has left the guest, or was the processor's own, a notification of posted interrupts, of which
/// the guest hears nothing.
bool take_interrupt(Cpu& cpu) {
  if (leaves(cpu, Boundary::Interrupt)) return false;
  const u8 vector = cpu.apic->acknowledge();
  control::deliver(cpu, {.vector = vector, .source = control::Source::Interrupt});
  return true;
}

}  // namespace

Event next_event(const Cpu& cpu) {
  const u32 asked = cpu.guest_events;
  const bool waits_for_sipi = cpu.activity == Activity::WaitForSipi;
  const bool shutdown = cpu.activity == Activity::Shutdown;
  if ((asked & guest_event::kTrap) != 0 && !shutdown && !waits_for_sipi) return Event::Trap;
  if (cpu.init_pending && takes_init(cpu)) return Event::Init;
  if (waits_for_sipi) return (asked & guest_event::kSipi) != 0 ? Event::Sipi : Event::None;
  if (shutdown) return in_vmx_guest(cpu) ? next_interrupt(cpu, true) : Event::None;
  const bool open = !cpu.mov_ss_shadow;
  if (cpu.smi_pending && cpu.gif && open) return Event::Smi;
  if ((asked & guest_event::kMonitorTrap) != 0) return Event::MonitorTrap;
  if (cpu.pending_debug != 0 && open) return Event::Debug;
  return next_interrupt(cpu, false);
}

bool take_event(Cpu& cpu) {
  switch (const Event event = next_event(cpu)) {
    case Event::None: return false;
    case Event::Init: take_init(cpu); break;
    case Event::Smi:
      if (leaves(cpu, Boundary::Smi)) break;
      cpu.smi_pending = false;  // there is no system-management mode: as if its handler had nothing to do
      return true;
    case Event::Debug: take_debug(cpu); break;
    case Event::Nmi: take_nmi(cpu); break;
    case Event::Interrupt:
      if (!take_interrupt(cpu)) return true;
      break;
    case Event::VirtualInterrupt: cpu.guest->virtual_interrupt(cpu); break;
    default: HVLAB_CHECK(leaves(cpu, boundary_of(event))); break;
  }
  end_of_instruction(cpu);
  return true;
}

}  // namespace hvlab::execute
