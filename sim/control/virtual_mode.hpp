// The virtual-mode extensions (SDM vol. 3, 20.3.3 and 20.4): to a virtual-8086 program whose IOPL is below 3
// VIF is what IF is to others, and INT n goes to its own handler where the TSS says so. Hypervisors on
// processors that cannot run real mode in a guest run it that way.
//
// Not there: the #GP at the first instruction of a program that is entered with VIF and VIP both set.
#pragma once

#include <optional>

#include "sim/control/segments.hpp"
#include "sim/cpu/delivery.hpp"

namespace hvlab::control {

/// A virtual-8086 program that finds VIF in IF's place.
inline bool has_virtual_if(const Cpu& cpu) {
  return cpu.v8086() && cpu.iopl() < 3 && (cpu.cr4 & arch::cr4::kVme) != 0;
}

/// CLI and STI change VIF: of such a program, and with CR4.PVI at CPL 3 of protected mode.
inline bool changes_virtual_if(const Cpu& cpu) {
  const bool protected_too = cpu.protected_mode() && cpu.cpl == 3 && (cpu.cr4 & arch::cr4::kPvi) != 0;
  return has_virtual_if(cpu) || (protected_too && !cpu.v8086() && cpu.iopl() < 3);
}

/// The 16 flags that PUSHF and INT n of a program with VIF push: VIF for IF, and IOPL 3.
u64 pushed_virtual_flags(const Cpu& cpu);

/// RFLAGS after POPF or IRET of such a program has popped 16 bits: IF and IOPL stay; `rf` as in merge_flags.
/// Nothing: #GP(0), for TF would be set, or VIF while an interrupt is pending (VIP).
std::optional<u64> popped_virtual_flags(const Cpu& cpu, u64 popped, bool rf);

/// Whether INT n of vector `vector` goes to the virtual-8086 program's own handler: its bit in the TSS' map
/// is 0. #GP(0) beyond the TSS' limit.
Outcome find_redirection(Cpu& cpu, u8 vector, bool& own);

/// Delivers it there, through the vectors at linear address 0.
Outcome deliver_to_program(Cpu& cpu, const cpu::Delivery& event);

}  // namespace hvlab::control
