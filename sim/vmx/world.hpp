// The part of a processor's state that VM entry and VM exit move between the processor and the VMCS (SDM vol.
// 3, 25.4 and 25.5): registers only; what waits, blocks or sleeps is entry.cpp's and exit.cpp's.
#pragma once

#include "sim/arch/vmx.hpp"
#include "sim/cpu/cpu.hpp"

namespace hvlab::vmx {

using arch::vmx::Controls;
using arch::vmx::Vmcs;
using cpu::Cpu;

/// VM entry loads guest registers (27.3.2.1 to 27.3.2.4, but for PDPTEs); the checks have passed.
void load_guest(Cpu& cpu, const Vmcs& vmcs, const Controls& controls);

/// VM exit saves guest registers (28.3.1 to 28.3.3) with `rflags` as RFLAGS, which is not always what the
/// processor has.
void save_guest(const Cpu& cpu, Vmcs& vmcs, const Controls& controls, u64 rflags);

/// VM exit loads host registers (28.5.1 to 28.5.3, but for PDPTEs). Whatever stands in `vmcs` (it may have
/// been written since VM entry checked it), the processor is in one of its modes afterwards.
void load_host(Cpu& cpu, const Vmcs& vmcs, const Controls& controls);

}  // namespace hvlab::vmx
