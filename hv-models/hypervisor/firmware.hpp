// What a guest's firmware and loader leave in its memory: ACPI tables, the kernel and its archive, and the
// start information of the PVH boot protocol (Xen public headers, arch-x86/hvm/start_info.h). Text and bytes
// alone: runs in a hypervisor, in a process and in a test.
#pragma once

#include "sim/base/types.hpp"

namespace hvlab::hypervisor {

struct GuestFiles {
  const u8* kernel;  // an ELF file with a PVH entry
  u64 kernel_bytes;
  const u8* archive;  // may be none
  u64 archive_bytes;
  const char* command_line;
};

struct GuestRange {
  u64 address, bytes;
};
inline constexpr unsigned kMostRanges = 16;

/// Where it goes: the guest's memory of `bytes` bytes from address 0 on, all zeros.
struct GuestTarget {
  void (*write)(void* context, u64 address, const void* from, u64 bytes);
  void* context;
  u64 bytes;
  /// What the kernel is told is memory to use beside its image and archive, at most kMostRanges; none: all
  /// there is.
  const GuestRange* ram = nullptr;
  unsigned ram_count = 0;
  const u8* apic_ids = nullptr;  // of its processors; null: 0 and up
};

struct GuestStart {
  u32 entry = 0, start_info = 0;  // VirtualProcessor starts there, with EBX = start_info
};

/// Null if all went well, else what is wrong.
const char* load_guest(const GuestFiles& files, unsigned processors, const GuestTarget& target,
                       GuestStart& start);

}  // namespace hvlab::hypervisor
