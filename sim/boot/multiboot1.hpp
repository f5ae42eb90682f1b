// Multiboot Specification 0.6.96: ELF32 and ELF64 images, or any image whose header gives its addresses.
#pragma once

#include <optional>

#include "sim/boot/boot_request.hpp"
#include "sim/boot/load_target.hpp"
#include "sim/boot/placement.hpp"

namespace hvlab::boot {

/// The Multiboot header (3.1), which lies 32-bit aligned within the first 8192 bytes of the file.
struct MultibootHeader {
  u64 offset = 0;  // of the header in the file
  u32 flags = 0;
  u32 header_address = 0, load_address = 0, load_end = 0, bss_end = 0,
      entry = 0;  // if bit 16 of flags is set
};

/// The header of `file`, if it has one whose checksum is right.
std::optional<MultibootHeader> find_multiboot_header(std::span<const u8> file);

/// Puts the kernel, the modules (page-aligned, after the kernel), their command lines, and the Multiboot
/// information (memory, command line, modules, memory map, loader name) in memory. The first word of each
/// command line is the file's name. Throws UserError if the image asks for what HVLab does not give, is
/// broken, or does not fit.
EntryState load_multiboot1(const BootRequest& request, Placement& placement);

}  // namespace hvlab::boot
