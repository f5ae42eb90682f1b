// A look at guest memory through a processor's page tables, without any effect on it.
#pragma once

#include "sim/board/machine.hpp"

namespace hvlab::lab {

/// Reads `bytes` bytes at linear `address` as 64-bit code of `processor` would see them at CPL 0. False if
/// the processor is not in long mode, or a page on the way is not mapped to RAM. Accessed bits, TLBs and time
/// stay as they are.
bool peek(const board::Machine& machine, size_t processor, u64 address, void* to, size_t bytes);

}  // namespace hvlab::lab
