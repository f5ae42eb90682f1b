// Times as programs give them: struct timespec, seconds and nanoseconds.
#pragma once

#include "hv-models/kernel/address_space.hpp"

namespace hvlab::kernel {

struct TimeSpec {
  i64 seconds, nanoseconds;
};

/// The time at `address` in nanoseconds; kFault or kInvalid.
int read_time(AddressSpace& space, u64 address, u64& nanoseconds);

}  // namespace hvlab::kernel
