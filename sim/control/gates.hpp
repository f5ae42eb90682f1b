// Ways to a handler, one per mode; deliver() in events.hpp is what others call.
#pragma once

#include "sim/control/events.hpp"

namespace hvlab::control {

/// Through the interrupt vector table of real mode (SDM vol. 3, 20.1.4).
Outcome deliver_real(Cpu& cpu, const Delivery& event);
/// Through an interrupt, trap or task gate, from protected or virtual-8086 mode (SDM vol.
/// 3, 6.11, 6.12, 20.3).
Outcome deliver_protected(Cpu& cpu, const Delivery& event);
/// Through a 64-bit interrupt or trap gate (SDM vol. 3, 6.14).
Outcome deliver_long(Cpu& cpu, const Delivery& event);

/// EXT of error codes raised while delivering `event` (SDM vol. 3, 6.13).
inline u32 external_bit(const Delivery& event) {
  return event.software() ? 0 : arch::selector_error::kExternal;
}

/// RFLAGS as pushed: RF is set for faults, so that the instruction does not meet its breakpoint again
/// (SDM vol. 3, 18.3.1.1).
u64 saved_flags(const Cpu& cpu, const Delivery& event);

/// Makes a new code segment, privilege level and RIP current, with `cleared` flags off; works out the mode.
void enter_code(Cpu& cpu, const SegmentRegister& cs, u64 rip, u8 cpl, u64 cleared);

}  // namespace hvlab::control
