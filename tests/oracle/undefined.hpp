// What the manual leaves undefined, and results that are approximations: what is not compared exactly.
#pragma once

#include "case.hpp"

namespace hvlab::oracle {

/// RFLAGS bits that are undefined after `c` (SDM vol. 1, appendix A; vol. 2, the instruction's "Flags
/// Affected").
u64 undefined_flags(const Case& c);
/// Prints the table that undefined_flags() goes by.
void print_rules();

/// Why the two results of `c` need not agree, or nullptr. `host`: what the host made of it.
const char* incomparable(const Case& c, const Result& host);

/// What this maker's processors do otherwise and HVLab does not do yet (docs/oracle.md), or null. Part of
/// what is incomparable.
const char* known_difference(const Case& c, const Result& host);

/// x87 condition codes C0..C3 (in their places in FSW) that are undefined after `c` (SDM vol. 2, "FPU Flags
/// Affected").
u16 undefined_conditions(const Case& c);

/// True if MMX state may have been entered before `c` faulted: what the x87 registers are then is not
/// specified.
bool enters_mmx_early(const Case& c);

/// CALL; DPPS, DPPD.
bool is_call(const Case& c);
bool is_dot_product(const Case& c);

/// True if `c` accesses more than 16 bytes, so that it is not said which of them faults first.
bool many_bytes(const Case& c);

/// CMPS reads memory at rSI and at rDI, and it is not said which of them first: Zen 2 begins with rSI, Zen 4
/// with rDI.
bool reads_two_places(const Case& c);
/// True if `c` is a CMPS that found no page at rDI.
bool at_destination(const Case& c, const Result& result);

/// True if the byte of memory at `address` that `c` wrote is not architecture: x87 instruction and operand
/// pointers, MXCSR_MASK.
bool unspecified_byte(const Case& c, u64 address);

/// Relative error that the manual allows single-precision results (RCPPS, RSQRTPS: SDM vol. 2), or 0.
double estimate_bound(const Case& c);

/// Units in the last place by which x87 results may be off: transcendental instructions (SDM vol. 1, 8.3.10).
unsigned last_place_bound(const Case& c);

}  // namespace hvlab::oracle
