// Second-stage tables of a machine. AMD's nested tables and Intel's EPT have the same shape, four levels of
// 512 entries with pages of 4 KiB and 2 MiB, and differ in what an entry's bits mean (vendor.hpp).
#pragma once

#include "sim/base/types.hpp"

namespace hvlab::hypervisor {

inline constexpr u8 kReadable = 1, kWritable = 2, kExecutable = 4;
inline constexpr u8 kSmallPages = 8;  // beside rights: of 4 KiB, also where larger ones would do

/// The physical address of the empty root, by which the others know the tables; 0 without memory.
u64 make_tables();
void free_tables(u64 root);
/// Addresses and bytes are multiples of 4 KiB; what can be is mapped in large pages, unless `rights` has
/// kSmallPages. False without memory.
bool map(u64 root, u64 guest_physical, u64 physical, u64 bytes, u8 rights);
bool unmap(u64 root, u64 guest_physical, u64 bytes);

}  // namespace hvlab::hypervisor
