// What a loader leaves behind: bytes in the guest's memory, and the state in which the first processor
// starts.
#pragma once

#include <span>

#include "sim/base/types.hpp"

namespace hvlab::boot {

/// The guest's memory before it runs: all zeros until written.
class LoadTarget {
 public:
  virtual ~LoadTarget() = default;
  /// Puts `bytes` at physical `address`. The range lies in RAM of the memory map, or in the BIOS area
  /// (E_0000h..F_FFFFh), which is RAM too for whoever fills it before the machine starts.
  virtual void write(u64 address, std::span<const u8> bytes) = 0;
};

/// The bootstrap processor at the loaded program's first instruction: 32-bit protected mode (CR0.PE = 1),
/// paging off, interrupts off (EFLAGS = 2), flat segments of 4 GiB with base 0, A20 open. The GDT is in
/// memory; SS, ES, FS and GS hold the data selector, TR a 32-bit busy TSS with base 0 and limit 67h, LDTR
/// nothing, IDTR limit 0.
struct EntryState {
  u32 eip = 0;
  u32 eax = 0, ebx = 0, ecx = 0, edx = 0, esi = 0, edi = 0, ebp = 0, esp = 0;
  u32 gdt_address = 0;
  u16 gdt_limit = 0;
  u16 code_selector = 0x10;
  u16 data_selector = 0x18;
};

}  // namespace hvlab::boot
