// The management machine: memory at its own addresses, so that devices reach what its drivers tell them; the
// machine's devices; no second-stage table keeps it from them.
#pragma once

#include "hv-models/hypervisor/virtual_machine.hpp"

namespace hvlab::driver_domain {

/// After create(): the machine's device space.
bool map_devices(hypervisor::VirtualMachine& machine);

}  // namespace hvlab::driver_domain
