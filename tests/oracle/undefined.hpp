// What the manual leaves undefined, and results that are approximations: what is not compared exactly.
#pragma once

#include "case.hpp"

namespace hvlab::oracle {

/// RFLAGS bits that are undefined after `c` (SDM vol. 1, appendix A; vol. 2, the instruction's "Flags Affected").
u64 undefined_flags(const Case& c);

/// True if the byte of memory at `address` that `c` wrote is not architecture: x87 instruction and operand pointers,
/// MXCSR_MASK.
bool unspecified_byte(const Case& c, u64 address);

/// Relative error that the manual allows single-precision results (RCPPS, RSQRTPS: SDM vol. 2), or 0.
double estimate_bound(const Case& c);

/// Units in the last place by which x87 results may be off: transcendental instructions (SDM vol. 1, 8.3.10).
unsigned last_place_bound(const Case& c);

}  // namespace hvlab::oracle
