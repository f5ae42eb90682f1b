// Delivery of exceptions and interrupts (SDM vol. 3, chapter 6; vol. 2, INT n).
#pragma once

#include "sim/control/stack.hpp"

namespace hvlab::control {

using cpu::Delivery;
using cpu::Source;

/// The exception that Cpu::fault describes.
Delivery pending_fault(const Cpu& cpu);
/// The debug traps of State::pending_debug, as one #DB; the caller clears pending_debug.
Delivery debug_trap(u64 bits);

/// Delivers `event` at the instruction boundary at Cpu::rip: on return the processor stands at the handler's
/// first instruction. Faults met on the way are delivered in its place, as a double fault where SDM vol. 3,
/// table 6-5 says so; after a third the processor is in Activity::Shutdown. Wakes a halted processor, reports
/// to the observer, charges cycles. Must be called outside blocks. An Nmi blocks further ones until IRET. In
/// a guest the hypervisor is asked about each exception; if it intercepts one the processor stands in the
/// host on return.
void deliver(Cpu& cpu, Delivery event);

/// For INT n, INT3, INTO and INT1: as deliver(), but a fault on the way is left in Cpu::fault for the caller
/// to return; World: the exception (#BP, #OF, INT1's #DB) was intercepted.
Outcome deliver_software(Cpu& cpu, const Delivery& event);

/// What SDM vol. 3, table 6-5 makes of `second` during delivery of `first`: either itself, or #DF.
/// `shutdown` is set if `first` was a double fault and `second` may not follow it.
Delivery escalate(const Delivery& first, const Delivery& second, bool& shutdown);

}  // namespace hvlab::control
