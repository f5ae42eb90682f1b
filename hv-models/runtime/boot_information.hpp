// What the loader hands over: hvm_start_info (Xen public headers, arch-x86/hvm/start_info.h), copied before
// its memory is used for anything else.
#pragma once

#include "sim/base/types.hpp"

namespace hvlab::runtime {

struct MemoryRange {
  u64 address, bytes;
  u32 type;  // as E820: 1 is RAM
};
inline constexpr u32 kRam = 1;

struct BootModule {    // a file that the loader put into memory
  u64 address, bytes;  // physical
};

struct BootInformation {
  MemoryRange memory[32];
  unsigned ranges = 0;
  u64 rsdp = 0;
  BootModule modules[4];
  unsigned module_count = 0;
  char command_line[1024] = {};
};

/// Reads it from physical `address`; panics if there is no start info there.
void read_boot_information(u64 address);
const BootInformation& boot_information();

/// The value of the word "NAME=value" of the command line, copied to `to` (at most `size` - 1 bytes, ended by
/// 0); false if it is not there: words behind a "--" are for somebody else. A value goes on to the next
/// blank, or, if `to_end`, to the line's end.
bool command_line_value(const char* name, char* to, size_t size, bool to_end = false);

}  // namespace hvlab::runtime
