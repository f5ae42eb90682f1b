// An event on its way to its handler: what delivery, interception and injection speak of.
#pragma once

#include "sim/base/types.hpp"

namespace hvlab::cpu {

enum class Source : u8 {
  Exception,  // raised by the processor
  Interrupt,  // external, acknowledged
  Nmi,
  SoftwareInterrupt,            // INT n
  SoftwareException,            // INT3, INTO
  PrivilegedSoftwareException,  // INT1
};

struct Delivery {
  u8 vector = 0;
  Source source = Source::Exception;
  bool has_error = false;
  u32 error = 0;
  u64 address = 0;        // #PF: becomes CR2
  u64 debug_bits = 0;     // #DB: set in DR6
  u64 length = 0;         // of the instruction that is the source: the return address is RIP + length
  bool trap = false;      // #DB: a trap, so that RF of the saved flags stays as it is
  bool injected = false;  // by a hypervisor: not intercepted, and leaves CR2 and DR6 alone
  bool nested = false;    // not an exception of the guest but a fault of the second stage: see Fault

  /// From INT n, INT3, INTO (gate DPL counts; EXT stays clear).
  bool software() const { return source == Source::SoftwareInterrupt || source == Source::SoftwareException; }
};

}  // namespace hvlab::cpu
