// Devices of a machine that a program of the management machine emulates: accesses wait here until it has
// taken and answered them.
#pragma once

#include "hv-models/hypervisor/device_door.hpp"
#include "hv-models/hypervisor/virtual_machine.hpp"
#include "hv-models/interdomain/hypercalls.hpp"

namespace hvlab::driver_domain {

/// Whether its configuration asks for devices of that kind.
bool is_emulated(const hypervisor::MachineConfiguration& of);
/// Machine lock held: leaves the access for the management machine, and tells it.
void ask_management(hypervisor::VirtualProcessor& vcpu, const hypervisor::Access& access);

// The management machine's calls; `index` of the guest. What is written to is the caller's memory at
// `address`.
i64 describe_emulated(unsigned index, const hypervisor::GuestMemory& caller, u64 address);
i64 open_memory(unsigned index, hypervisor::VirtualMachine& caller, u64 block);
i64 next_access(unsigned index, const hypervisor::GuestMemory& caller, u64 address);
i64 end_access(unsigned index, u64 processor, u64 value);
i64 change_line(unsigned index, u64 pin, bool level);

}  // namespace hvlab::driver_domain
