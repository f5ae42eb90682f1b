// Interruption information: how the VMCS speaks of events (SDM vol. 3, 25.8.3, 25.9.2 and 25.9.3).
#pragma once

#include "sim/arch/vmx.hpp"
#include "sim/cpu/cpu.hpp"

namespace hvlab::vmx {

struct Interruption {
  u32 info = 0, error = 0;
};

/// An event of the guest, met or on its way, as VM-exit and IDT-vectoring information have it.
Interruption interruption_of(const cpu::Cpu& cpu, const cpu::Delivery& event);

/// The event that VM entry injects for `info` (27.6), which has passed the checks; `length`: the VM-entry
/// instruction length.
cpu::Delivery injected(const cpu::Cpu& cpu, u32 info, u32 error, u32 length);

}  // namespace hvlab::vmx
