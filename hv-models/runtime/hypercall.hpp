// What a guest that knows of its hypervisor asks it (docs/teaching-hypervisors.md, "Guests' view").
#pragma once

#include "sim/base/types.hpp"

namespace hvlab::runtime {

// CPUID 4000_0000h: EAX is the last leaf; EBX, ECX, EDX say "HVLabHVLab".
inline constexpr u32 kSignatureLeaf = 0x4000'0000, kFeatureLeaf = 0x4000'0001;
inline constexpr u32 kSignatureB = 0x614c'5648, kSignatureC = 0x4c56'4862, kSignatureD = 0x0000'6261;

/// CPUID leaf 4000_0001h, EAX, of a hypervisor of ours; 0 on the machine itself and under others.
u32 hypervisor_features();

/// Asks the hypervisor; only where hypervisor_features() is not 0.
i64 hypercall(u64 number, u64 first = 0, u64 second = 0, u64 third = 0);

}  // namespace hvlab::runtime
