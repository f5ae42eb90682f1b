// Puts the loadable segments of an ELF image at their physical addresses.
#pragma once

#include "sim/boot/placement.hpp"
#include "sim/observe/elf.hpp"

namespace hvlab::boot {

/// Takes the memory of all PT_LOAD segments and writes their contents; what a segment has in memory beyond
/// its file contents stays zero. Returns the end of the highest one. Throws UserError if there is none, or if
/// one overlaps another or lies outside RAM.
u64 load_segments(const observe::ElfImage& image, const std::string& name, Placement& placement);

}  // namespace hvlab::boot
