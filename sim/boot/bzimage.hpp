// Linux bzImage by the 32-bit boot protocol (Documentation/arch/x86/boot.rst): the image's own decompressor
// runs.
#pragma once

#include "sim/boot/boot_request.hpp"
#include "sim/boot/load_target.hpp"
#include "sim/boot/placement.hpp"

namespace hvlab::boot {

/// The fields of the setup header (boot.rst, "The Real-Mode Kernel Header") that a loader needs.
struct BzImage {
  u16 version = 0;              // 020Fh = 2.15
  u64 setup_bytes = 0;          // real-mode part; the protected-mode part follows
  std::span<const u8> kernel;   // the protected-mode part
  std::span<const u8> payload;  // the compressed kernel in it; empty before protocol 2.08
  bool relocatable = false;
  u64 alignment = 0;
  u64 preferred_address = 0;  // where an unpacked kernel wants to run
  u64 init_bytes = 0;         // memory it needs from there before it can look at the map; 0 = unknown
  u64 initrd_max = 0;         // highest address that a byte of the initrd may have
  u64 command_line_max = 0;   // characters without the terminating zero
};

/// True if `file` carries the setup header's signature.
bool is_bzimage(std::span<const u8> file);

/// Reads the setup header of `file` (which must outlive the result). Throws UserError on images that are cut
/// off, contradict themselves, load low (zImage), or are older than protocol 2.02.
BzImage parse_bzimage(std::span<const u8> file, const std::string& name);

/// Puts kernel, initrd, command line and boot_params in memory. Throws UserError if something does not fit.
EntryState load_bzimage(const BootRequest& request, Placement& placement);

}  // namespace hvlab::boot
