// Programs: static ELF files for x86-64 (System V ABI, chapters 4 and 5).
#pragma once

#include "sim/base/types.hpp"

namespace hvlab::kernel {

struct ElfSegment {
  u64 address, memory_bytes;  // where it goes
  u64 offset, file_bytes;     // where in the file it comes from; zeros after that
  u8 access;                  // Access
};

struct ElfProgram {
  static constexpr unsigned kMostSegments = 8;
  u64 entry = 0;
  u64 headers = 0;  // address of the program headers in memory, 0 if they are not loaded
  u16 header_count = 0;
  ElfSegment segments[kMostSegments];
  unsigned segment_count = 0;
  u64 end = 0;  // of the highest segment
};

inline constexpr u16 kElfHeaderBytes = 56;  // of one program header

/// Reads the headers from a file's first `bytes` bytes. 0, or kNotExecutable for whatever is not a static
/// program whose segments lie in user memory below each other.
int read_elf(const u8* file, size_t bytes, u64 user_end, ElfProgram& program);

}  // namespace hvlab::kernel
