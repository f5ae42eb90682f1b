// Control, debug and extended control registers (SDM vol. 3, 2.5, 4.1, 18.2; vol. 2, MOV).
#pragma once

#include "sim/control/segments.hpp"

namespace hvlab::control {

/// MOV to CR0, CR2, CR3, CR4, CR8 with the rules of the manual; other numbers: #UD. Switches paging and
/// IA-32e mode on and off, flushes what must be flushed. In a guest the hypervisor is asked, and of CR0 and
/// CR4 only bits outside the guest/host mask change (SDM vol. 3, 26.3).
Outcome write_control_register(Cpu& cpu, unsigned number, u64 value);
/// MOV from CRn: in a guest of VMX, of CR0 and CR4 what it is to see. Other numbers: #UD.
mmu::Loaded<u64> read_control_register(Cpu& cpu, unsigned number);

/// LMSW: `word` is the operand. With State::exits_first the hypervisor is asked about it here; AMD's is asked
/// before the operand is read, by the caller.
Outcome write_machine_status(Cpu& cpu, u16 word);
/// CLTS.
Outcome clear_task_switched(Cpu& cpu);

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
