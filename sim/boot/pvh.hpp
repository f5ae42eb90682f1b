// ELF kernels by their PVH entry (Xen public headers elfnote.h and arch-x86/hvm/start_info.h; xen.git
// docs/misc/pvh.pandoc): 32-bit protected mode, EBX points to hvm_start_info.
#pragma once

#include <optional>

#include "sim/boot/boot_request.hpp"
#include "sim/boot/load_target.hpp"
#include "sim/boot/placement.hpp"
#include "sim/observe/elf.hpp"

namespace hvlab::boot {

/// The physical address that the note XEN_ELFNOTE_PHYS32_ENTRY (18) names, if the image has one below 4 GiB.
std::optional<u32> pvh_entry(const observe::ElfImage& image);

/// Puts the segments, the initrd (module 0), the command line and hvm_start_info in memory. Throws UserError
/// if the image has no PVH entry or something does not fit.
EntryState load_pvh(const BootRequest& request, Placement& placement);

}  // namespace hvlab::boot
