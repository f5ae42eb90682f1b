#include "sim/execute/boundary.hpp"

#include "sim/control/events.hpp"
#include "sim/execute/reset.hpp"

namespace hvlab::execute {

using cpu::Activity;
using cpu::Boundary;

bool take_event(Cpu& cpu) {
  // A hypervisor that wants to know of an event gets it before the guest does.
  const auto leaves = [&](Boundary what) { return cpu.guest != nullptr && cpu.guest->boundary(cpu, what); };
  if (cpu.init_pending && cpu.gif) {
    if (leaves(Boundary::Init)) return true;
    cpu.init_pending = false;
    if ((cpu.vm_cr & arch::vm_cr::kRedirectInit) != 0) {  // APM vol. 2, 15.28
      control::deliver(cpu, {.vector = 30, .has_error = true, .error = 1});
    } else {
      init_reset(cpu);
    }
    return true;
  }
  if (cpu.activity == Activity::Shutdown || cpu.activity == Activity::WaitForSipi || cpu.mov_ss_shadow)
    return false;
  if (cpu.smi_pending && cpu.gif) {
    if (leaves(Boundary::Smi)) return true;
    cpu.smi_pending = false;  // there is no system-management mode: as if its handler had nothing to do
    return true;
  }
  if (cpu.pending_debug != 0) {
    const u64 bits = cpu.pending_debug;
    cpu.pending_debug = 0;
    control::deliver(cpu, control::debug_trap(bits));
    return true;
  }
  if (cpu.nmi_pending && !cpu.nmi_blocked && cpu.gif) {
    if (leaves(Boundary::Nmi)) return true;
    cpu.nmi_pending = false;
    control::deliver(cpu, {.vector = 2, .source = control::Source::Nmi});
    return true;
  }
  if (cpu.interrupt_line && cpu.takes_interrupts() && !cpu.sti_shadow) {
    if (leaves(Boundary::Interrupt)) return true;
    const u8 vector = cpu.apic->acknowledge();
    control::deliver(cpu, {.vector = vector, .source = control::Source::Interrupt});
    return true;
  }
  if (cpu.virtual_interrupt && cpu.rflag(arch::flag::kIf) && !cpu.sti_shadow) {
    cpu.guest->virtual_interrupt(cpu);
    return true;
  }
  return false;
}

}  // namespace hvlab::execute
