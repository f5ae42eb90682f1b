// The machine's disk, driven by the hypervisor's own driver and shared out: each virtual machine has a part
// of it, all of the same size.
#pragma once

#include "hv-models/devices/services.hpp"
#include "hv-models/hypervisor/virtual_machine.hpp"

namespace hvlab::monolithic {

/// Finds the machine's first disk. `parts`: among how many machines it is shared.
void find_disk(unsigned parts);
/// Machine `number`'s part; of no sectors if there is no disk. Its jobs are the caller's with the machine's
/// lock held.
devices::DiskBackend disk_part(hypervisor::VirtualMachine& machine, unsigned number);

}  // namespace hvlab::monolithic
