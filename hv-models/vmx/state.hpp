// The fields of a VMCS as a virtual processor begins with them, and as they change (SDM vol. 3, 25.4
// to 25.8).
#pragma once

#include "hv-models/hypervisor/virtual_machine.hpp"
#include "hv-models/vmx/control.hpp"

namespace hvlab::vmx {

/// MSRs that entries and exits move by areas in memory: index in Block::guest_msrs and host_msrs.
inline constexpr unsigned kHostKernelGs = 4;

/// MSR areas, virtual-APIC page, VPID. False without memory.
bool allocate_pages_of(Block& b, const hypervisor::VirtualMachine& machine);
void free_pages_of(Block& b);

// With its VMCS as the current one:
/// Controls, and all fields that stay as they are. Once.
void write_controls(hypervisor::VirtualProcessor& vcpu);
/// The host's state of the calling processor.
void take_host(Block& b);
/// What set_protected_mode(), use_control() and their like have left to be done.
void write_changes(hypervisor::VirtualProcessor& vcpu);
/// With nested paging: MOV to CR0 that touches NE, or to CR4 that touches VMXE; the exit becomes one with
/// nothing to do, or an exception is injected.
void handle_control(hypervisor::VirtualProcessor& vcpu, hypervisor::Exit& exit);

}  // namespace hvlab::vmx
