// Which part of its memory a virtual machine has written after some time: the writable working set.
#pragma once

#include <array>

#include "sim/cluster/types.hpp"

namespace hvlab::cluster {

inline constexpr u64 kPageBytes = 4096;

/// Pages that are written alike: `writes` a second to `pages` pages at random, when the machine is fully
/// loaded (as its requests and packets are); at half its load half as many.
struct DirtyClass {
  u32 pages = 0;
  u32 writes = 0;
};

/// Hot pages (stacks, rings, counters) are written again soon and are dirty in every round; cold ones (page
/// cache, logs) are written once, so that they get more with time and fewer with bandwidth.
struct DirtyProcess {
  std::array<DirtyClass, 3> classes{};
};

/// e^-x for x >= 0, of the four basic operations alone: the same bits whatever the C library.
double decay(double x);

/// How many different pages are written in `span`, on average, by a machine that runs at `speed` thousandths
/// of what it wants: n (1 - e^(-wt/n)) of each class.
u64 pages_written(const DirtyProcess& process, Nanoseconds span, u32 speed = 1000);

}  // namespace hvlab::cluster
