// A look at guest memory through a processor's page tables, without any effect on it.
#pragma once

#include <optional>

#include "sim/board/machine.hpp"

namespace hvlab::lab {

/// The machine's physical page of physical page `page` of the system that `processor` runs now: itself, or in
/// a guest with nested paging or EPT what the second stage says. Nothing if that has none.
std::optional<u64> machine_page(const board::Machine& machine, size_t processor, u64 page);

/// Reads `bytes` bytes at linear `address` as 64-bit code of `processor` would see them now at CPL 0, in the
/// guest that it runs if it does. False if the processor is not in long mode, or a page on the way is not
/// mapped to RAM. Accessed bits, TLBs and time stay as they are.
bool peek(const board::Machine& machine, size_t processor, u64 address, void* to, size_t bytes);

/// Where the per-processor area of the Linux is that the processor runs. Its kernel has it at GS, the
/// program's value being swapped out, or the other way round; the kernel's is in the upper half.
u64 kernel_area(const cpu::Cpu& cpu);

}  // namespace hvlab::lab
