// Permission maps: which ports and MSRs a guest may touch without leaving. A bit of 1 leaves, with both
// vendors; where an MSR's bits are is vendor.hpp's. Addresses are physical.
#pragma once

#include "sim/base/types.hpp"

namespace hvlab::hypervisor {

struct VirtualMachine;

/// What `machine` goes by: its own, or one that is shared by all of its kind. Panics without memory.
u64 port_map_of(const VirtualMachine& machine);
u64 msr_map_of(const VirtualMachine& machine);

/// A map of ports for one machine, all of which leave the guest; then those that do not. 0 without memory.
u64 make_port_map();
void let_ports_through(u64 map, u16 first, unsigned count);

}  // namespace hvlab::hypervisor
