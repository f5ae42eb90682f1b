// What happens between two instructions: events that wait, reasons to go on one instruction at a time.
#pragma once

#include "sim/cpu/cpu.hpp"
#include "sim/cpu/debug.hpp"

namespace hvlab::execute {

using cpu::Cpu;

/// True if take_event may have something to do. (Shadows, activity and what a guest's hypervisor waits for
/// are its own business.)
inline bool event_waits(const Cpu& cpu) {
  if ((cpu.pending_debug | cpu.guest_events) != 0) return true;
  if (cpu.virtual_interrupt && cpu.rflag(arch::flag::kIf)) return true;
  const bool nmi = cpu.nmi_pending && (!cpu.nmi_blocked || cpu.virtual_nmis);
  const bool held = cpu.init_pending || cpu.smi_pending || nmi;
  return cpu.gif && (held || (cpu.interrupt_line && cpu.takes_interrupts()));
}

/// What may come between two instructions, by descending priority.
enum class Event : u8 {
  None,
  Trap,  // a trap-like VM exit: see guest_event::kTrap
  Init,
  Sipi,
  Smi,
  MonitorTrap,
  Debug,
  Timer,
  NmiWindow,
  Nmi,
  InterruptWindow,
  Interrupt,
  VirtualInterrupt,  // VMX's before Interrupt
};

/// The event of highest priority that may be taken now (SDM vol. 3, table 6-2; in guests of VMX also 26.2,
/// 26.5.1, 26.5.2, 27.7.4 to 27.7.8 and 30.2.2). Whoever waits is woken by it, too.
Event next_event(const Cpu& cpu);

/// Takes next_event(): delivers it, or leaves the guest whose hypervisor wants it. False: there is none.
bool take_event(Cpu& cpu);

/// An instruction (or an iteration of a string instruction) is over, or an event has been delivered, which
/// take_event() knows itself: with the monitor trap flag a VM exit follows (SDM vol. 3, 26.5.2).
inline void end_of_instruction(Cpu& cpu) {
  if ((cpu.guest_events & cpu::guest_event::kEachInstruction) != 0) [[unlikely]]
    cpu.guest_events |= cpu::guest_event::kMonitorTrap;
}

/// True if the next instruction must be executed outside blocks, whatever it is.
inline bool must_step(const Cpu& cpu) {
  constexpr u64 kStepFlags = arch::flag::kTf | arch::flag::kRf;
  return cpu.rflag(kStepFlags) || cpu.sti_shadow || cpu.mov_ss_shadow || cpu::breakpoints_enabled(cpu) ||
         cpu::records_branches(cpu) || cpu.performance.counts_branches ||
         (cpu.guest_events & cpu::guest_event::kEachInstruction) != 0;
}

}  // namespace hvlab::execute
