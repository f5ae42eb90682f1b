// From a bzImage to the ELF kernel inside it, once.
#pragma once

#include <string>
#include <vector>

#include "sim/boot/boot_request.hpp"

namespace hvlab::boot {

/// The ELF image that the decompressor of bzImage `kernel` would unpack. Throws UserError if the image is
/// broken, or compressed in a way HVLab does not know.
std::vector<u8> extract_vmlinux(const ImageFile& kernel);

/// The same, taken from or left in the cache folder (vmlinux/HASH.elf, by the bzImage's contents). A cache
/// that cannot be written only costs time.
std::vector<u8> cached_vmlinux(const ImageFile& kernel);

/// The path of that file, for whoever hands it to a guest. Throws UserError if it cannot be written.
std::string cached_vmlinux_path(const ImageFile& kernel);

}  // namespace hvlab::boot
