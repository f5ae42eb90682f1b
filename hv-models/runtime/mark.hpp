// Tells whoever watches the machine what is going on (docs/marks.md): costs what a NOP does, and does
// nothing.
#pragma once

#include "sim/arch/mark.hpp"

namespace hvlab::runtime {

/// `kind`'s operands are what arch::mark::Kind says of it.
template <arch::mark::Kind kind>
[[gnu::always_inline]] inline void mark(u64 first = 0, u64 second = 0, u64 third = 0) {
  asm volatile("nopl %c0(%%rax)"
               :
               : "i"(arch::mark::kBase + static_cast<u32>(kind)), "D"(first), "S"(second), "d"(third)
               : "memory");
}
template <arch::mark::Kind kind>
[[gnu::always_inline]] inline void mark(const void* first, u64 second = 0, u64 third = 0) {
  mark<kind>(reinterpret_cast<u64>(first), second, third);
}

}  // namespace hvlab::runtime
