// What guests and hypervisors of ours have in common beside the processor: identification by CPUID,
// hypercalls. interdomain/hypercalls.hpp has those of the driver-domain model.
#pragma once

#include "sim/base/types.hpp"

namespace hvlab::hypervisor {

// CPUID 4000_0000h: EAX is the last leaf, EBX, ECX, EDX say "HVLabHVLab".
inline constexpr u32 kSignatureLeaf = 0x4000'0000, kFeatureLeaf = 0x4000'0001;
inline constexpr u32 kSignatureB = 0x614c'5648, kSignatureC = 0x4c56'4862, kSignatureD = 0x0000'6261;

// CPUID 4000_0001h, EAX. Bits from 8 on: interdomain/hypercalls.hpp.
inline constexpr u32 kHasStealTime = 1u << 0;

// Hypercalls: number in RAX, arguments in RDI, RSI, RDX, result in RAX; negative results are errors.
enum class Call : u64 {
  StealTime =
      1,  // (address of a StealPage, 0 to end): the calling processor's, kept up to date at each entry
};
inline constexpr i64 kUnknownCall = -1, kBadArgument = -2;

/// How long a virtual processor wanted to run and did not, in nanoseconds.
struct StealPage {
  u64 ready;       // without a processor
  u64 co_stopped;  // held back for its siblings' sake
};

}  // namespace hvlab::hypervisor
