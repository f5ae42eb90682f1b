// What a guest that knows of its hypervisor asks it (docs/teaching-hypervisors.md, "Guests' view").
#pragma once

#include "sim/base/types.hpp"

namespace hvlab::runtime {

/// CPUID leaf 4000_0001h, EAX, of a hypervisor of ours; 0 on the machine itself and under others.
u32 hypervisor_features();

/// Asks the hypervisor; only where hypervisor_features() is not 0.
i64 hypercall(u64 number, u64 first = 0, u64 second = 0, u64 third = 0);

}  // namespace hvlab::runtime
