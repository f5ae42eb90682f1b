// Delivery of exceptions and interrupts (SDM vol. 3, chapter 6; vol. 2, INT n).
#pragma once

#include "sim/control/stack.hpp"

namespace hvlab::control {

enum class Source : u8 {
  Exception,  // raised by the processor
  Interrupt,  // external, acknowledged
  Nmi,
  SoftwareInterrupt,            // INT n
  SoftwareException,            // INT3, INTO
  PrivilegedSoftwareException,  // INT1
};

/// An event on its way to its handler.
struct Delivery {
  u8 vector = 0;
  Source source = Source::Exception;
  bool has_error = false;
  u32 error = 0;
  u64 address = 0;     // #PF: becomes CR2
  u64 debug_bits = 0;  // #DB: set in DR6
  u8 length = 0;       // of the instruction that is the source: the return address is RIP + length
  bool trap = false;   // #DB: a trap, so that RF of the saved flags stays as it is

  /// From INT n, INT3, INTO (gate DPL counts; EXT stays clear).
  bool software() const { return source == Source::SoftwareInterrupt || source == Source::SoftwareException; }
};

/// The exception that Cpu::fault describes.
Delivery pending_fault(const Cpu& cpu);
/// The debug traps of State::pending_debug, as one #DB; the caller clears pending_debug.
Delivery debug_trap(u64 bits);

/// Delivers `event` at the instruction boundary at Cpu::rip: on return the processor stands at the handler's
/// first instruction. Faults met on the way are delivered in its place, as a double fault where SDM vol. 3,
/// table 6-5 says so; after a third the processor is in Activity::Shutdown. Wakes a halted processor, reports
/// to the observer, charges cycles. Must be called outside blocks. An Nmi blocks further ones until IRET.
void deliver(Cpu& cpu, Delivery event);

/// For INT n, INT3, INTO and INT1: as deliver(), but a fault on the way is left in Cpu::fault for the caller
/// to return.
Outcome deliver_software(Cpu& cpu, const Delivery& event);

/// What SDM vol. 3, table 6-5 makes of `second` during delivery of `first`: either itself, or #DF.
/// `shutdown` is set if `first` was a double fault and `second` may not follow it.
Delivery escalate(const Delivery& first, const Delivery& second, bool& shutdown);

}  // namespace hvlab::control
