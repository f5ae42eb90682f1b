// The consistency checks of VMRUN (APM vol. 2, 15.5.1): each returns whether the state is one that a guest
// may have.
#pragma once

#include "sim/arch/svm.hpp"
#include "sim/cpu/cpu.hpp"

namespace hvlab::svm {

using arch::svm::ControlArea;
using arch::svm::SaveArea;
using cpu::Cpu;

bool efer_valid(const Cpu& cpu, const SaveArea& save);
bool control_registers_valid(const Cpu& cpu, const SaveArea& save);
bool debug_registers_valid(const SaveArea& save);
bool long_mode_valid(const SaveArea& save);
/// VMRUN is intercepted, the ASID is a guest's, the permission maps lie in physical memory.
bool controls_valid(const Cpu& cpu, const ControlArea& control);
/// EVENTINJ names an event that exists (15.20).
bool injection_valid(const SaveArea& save, const ControlArea& control);
/// Nested paging (15.25.3, 15.25.4); `cpu` is still the host.
bool nested_paging_valid(const Cpu& cpu, const SaveArea& save, const ControlArea& control);

/// All of them.
bool consistent(const Cpu& cpu, const arch::svm::Vmcb& block);

/// The host's state that #VMEXIT has found in its save area may be loaded (15.6).
bool host_valid(const Cpu& cpu, const SaveArea& save);

}  // namespace hvlab::svm
