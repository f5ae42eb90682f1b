// The end: what cannot go on says why, with the registers and the names of the callers.
#pragma once

#include "hv-models/runtime/interrupts.hpp"
#include "sim/base/types.hpp"

namespace hvlab::runtime {

/// Prints the message and who called, stops all processors.
[[noreturn, gnu::cold, gnu::format(printf, 1, 2)]] void panic(const char* format, ...);

/// The same for a processor exception that nobody handles, with its registers.
[[noreturn, gnu::cold]] void panic_at(const TrapFrame& frame, const char* what);

/// Prints registers, and the callers of `frame` if it is the image's own code.
void print_frame(const TrapFrame& frame);

struct SymbolAt {
  const char* name;  // "?" if unknown
  u64 offset;
};
/// The function of this image that `address` is in.
SymbolAt symbol_at(u64 address);

}  // namespace hvlab::runtime
