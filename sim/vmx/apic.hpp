// Virtualization of the local APIC (SDM vol. 3, chapter 30): the virtual-APIC page and what is done with it.
#pragma once

#include "sim/vmx/unit.hpp"

namespace hvlab::vmx {

/// VTPR, bits 7..0 of the task-priority register in the virtual-APIC page.
u8 virtual_tpr(Unit& unit, Cpu& cpu);

/// VM entry: the TPR threshold (27.7.7).
void apic_entered(Unit& unit, Cpu& cpu);

/// TPR virtualization, after VTPR has been written (30.1.2).
void virtualize_tpr(Unit& unit, Cpu& cpu);

}  // namespace hvlab::vmx
