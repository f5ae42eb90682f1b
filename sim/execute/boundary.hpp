// What happens between two instructions: events that wait, reasons to go on one instruction at a time.
#pragma once

#include "sim/cpu/cpu.hpp"
#include "sim/cpu/debug.hpp"

namespace hvlab::execute {

using cpu::Cpu;

/// True if take_event may have something to do. (Shadows are its own business.)
inline bool event_waits(const Cpu& cpu) {
  if (cpu.pending_debug != 0 || (cpu.virtual_interrupt && cpu.rflag(arch::flag::kIf))) return true;
  const bool nmi = cpu.nmi_pending && !cpu.nmi_blocked;
  const bool held = cpu.init_pending || cpu.smi_pending || nmi;
  return cpu.gif && (held || (cpu.interrupt_line && cpu.takes_interrupts()));
}

/// Takes the event of highest priority that may be taken now (SDM vol. 3, table 6-2): delivers it, or leaves
/// the guest whose hypervisor wants it. False: there is none.
bool take_event(Cpu& cpu);

/// True if the next instruction must be executed outside blocks, whatever it is.
inline bool must_step(const Cpu& cpu) {
  constexpr u64 kStepFlags = arch::flag::kTf | arch::flag::kRf;
  return cpu.rflag(kStepFlags) || cpu.sti_shadow || cpu.mov_ss_shadow || cpu::breakpoints_enabled(cpu) ||
         cpu::records_branches(cpu);
}

}  // namespace hvlab::execute
