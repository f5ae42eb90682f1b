// Where things are in every address space of ours: user memory in the lower half; in the upper half all
// physical memory ("direct map") and the image. docs/teaching-systems.md has the map.
#pragma once

#include "sim/base/types.hpp"

namespace hvlab::runtime {

inline constexpr u64 kPageBytes = 4096;
inline constexpr u64 kDirectMap = 0xffff'8000'0000'0000;
inline constexpr u64 kImageBase = 0xffff'ffff'8000'0000;
inline constexpr u64 kUserEnd = 0x0000'7fff'ffff'f000;  // the last page below the hole stays free

/// The pointer at which physical memory `address` is mapped.
template <typename T = void>
T* direct(u64 address) {
  return reinterpret_cast<T*>(kDirectMap + address);
}

/// The physical address of what lies in the direct map or in the image.
inline u64 physical(const void* pointer) {
  const u64 address = reinterpret_cast<u64>(pointer);
  return address >= kImageBase ? address - kImageBase : address - kDirectMap;
}

/// A device's 32-bit register in memory space; the direct map has device space uncached.
inline volatile u32& device_register(u64 address) { return *direct<volatile u32>(address); }

}  // namespace hvlab::runtime

/// The top of the page tables that every address space shares the upper half of, and the image's ends
/// (entry.S, image.ld).
// NOLINTBEGIN(bugprone-dynamic-static-initializers): these are places, not variables
extern "C" hvlab::u64 kernel_root[512];
extern "C" char image_begin[], image_end[], writable_begin[];
// NOLINTEND(bugprone-dynamic-static-initializers)
