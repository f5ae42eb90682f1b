// Processors keep translations that the page tables no longer have: whoever changes the tables tells those
// that use them (SDM vol. 3, 4.10.5, "TLB shootdown").
#pragma once

#include "sim/base/types.hpp"

namespace hvlab::kernel {

void set_up_flushing();

/// Has the processors in `mask` (by index) forget all translations of user memory, and waits until they have.
/// Interrupts must be on and no spin lock held, since two processors may ask each other.
void flush_processors(u32 mask);

}  // namespace hvlab::kernel
