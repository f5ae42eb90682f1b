// The instructions of VMX (SDM vol. 3, chapter 31).
#pragma once

#include "sim/cpu/cpu.hpp"

namespace hvlab::vmx {

using cpu::Cpu;
using decode::Op;
using decode::Outcome;

// They check mode, privilege and VMX operation themselves, and leave the guest they are executed in where the
// manual has the VM exit: the table has no privilege for them, and nothing is asked before
// (decode::InterceptOrder::Own). GETSEC is none of them: without SMX CR4.SMXE is clear always, which is #UD,
// in a guest before the VM exit (SDM vol. 2, GETSEC).

// operation.cpp
Outcome vmxon(Cpu& cpu, const Op& op);
Outcome vmxoff(Cpu& cpu, const Op& op);
Outcome vmcall(Cpu& cpu, const Op& op);
Outcome vmlaunch(Cpu& cpu, const Op& op);
Outcome vmresume(Cpu& cpu, const Op& op);

// pointers.cpp
Outcome vmclear(Cpu& cpu, const Op& op);
Outcome vmptrld(Cpu& cpu, const Op& op);
Outcome vmptrst(Cpu& cpu, const Op& op);

// fields.cpp
Outcome vmread(Cpu& cpu, const Op& op);
Outcome vmwrite(Cpu& cpu, const Op& op);

// invalidation.cpp
Outcome invept(Cpu& cpu, const Op& op);
Outcome invvpid(Cpu& cpu, const Op& op);

// vmfunc.cpp
Outcome vmfunc(Cpu& cpu, const Op& op);

}  // namespace hvlab::vmx
