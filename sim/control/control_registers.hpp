// Control, debug and extended control registers (SDM vol. 3, 2.5, 4.1, 18.2; vol. 2, MOV).
#pragma once

#include "sim/control/segments.hpp"

namespace hvlab::control {

/// MOV to CR0, CR2, CR3, CR4, CR8 with the rules of the manual; other numbers: #UD. Switches paging and
/// IA-32e mode on and off, flushes what must be flushed.
Outcome write_control_register(Cpu& cpu, unsigned number, u64 value);
/// MOV from CRn. Other numbers: #UD.
mmu::Loaded<u64> read_control_register(Cpu& cpu, unsigned number);

/// CR0 alone, from a MOV, LMSW or CLTS.
Outcome write_cr0(Cpu& cpu, u64 value);

/// WRMSR of EFER. False: #GP(0).
bool write_efer(Cpu& cpu, u64 value);

/// CR4 bits that this processor has.
u64 cr4_supported(const Cpu& cpu);

/// MOV to and from DRn: #UD for DR4 and DR5 with CR4.DE, #DB with DR7.GD.
Outcome write_debug_register(Cpu& cpu, unsigned number, u64 value);
mmu::Loaded<u64> read_debug_register(Cpu& cpu, unsigned number);

/// XSETBV. False: #GP(0).
bool write_xcr(Cpu& cpu, u32 number, u64 value);
/// XCR0 bits that this processor has.
u64 xcr0_supported(const Cpu& cpu);

}  // namespace hvlab::control
