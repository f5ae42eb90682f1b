// The part of a processor's state that VMRUN, #VMEXIT, VMLOAD and VMSAVE move to and from save areas (APM
// vol. 2, 15.5).
#pragma once

#include "sim/arch/svm.hpp"
#include "sim/cpu/cpu.hpp"

namespace hvlab::svm {

using arch::svm::SaveArea;
using cpu::Cpu;

/// What VMRUN saves of the host and #VMEXIT of the guest; RIP as given.
void save_world(const Cpu& cpu, SaveArea& to, u64 rip);
/// What both load: segments ES CS SS DS, GDTR, IDTR, EFER, CR0, CR3, CR4, RFLAGS, RIP, RSP, RAX.
void load_world(Cpu& cpu, const SaveArea& from);

/// DEBUGCTL and the branch records, which move with LBR virtualization only (15.23).
void save_branch_records(const Cpu& cpu, SaveArea& to);
void load_branch_records(Cpu& cpu, const SaveArea& from);

/// What VMSAVE and VMLOAD move: FS GS TR LDTR, SYSCALL's, SYSENTER's and SWAPGS' registers.
void save_rest(const Cpu& cpu, SaveArea& to);
void load_rest(Cpu& cpu, const SaveArea& from);

}  // namespace hvlab::svm
