// What guests and hypervisors of ours have in common beside the processor: identification by CPUID,
// hypercalls. interdomain/hypercalls.hpp has those of the driver-domain model.
#pragma once

#include "hv-models/runtime/hypercall.hpp"
#include "sim/base/types.hpp"

namespace hvlab::hypervisor {

using runtime::kFeatureLeaf;
using runtime::kSignatureB;
using runtime::kSignatureC;
using runtime::kSignatureD;
using runtime::kSignatureLeaf;

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
