// Waiting for a word of user memory to change: what user-mode locks sleep on.
#pragma once

#include "hv-models/kernel/address_space.hpp"

namespace hvlab::kernel {

/// Sleeps if the word at `address` is `value`: 0 once woken, kAgain if it has another value, kTimedOut, or
/// another Error.
int wait_on_futex(AddressSpace& space, u64 address, u32 value, u64 deadline);
/// Wakes up to `count` who wait there: how many, or an Error.
int wake_futex(AddressSpace& space, u64 address, u32 count);

}  // namespace hvlab::kernel
