// Whether firmware of a PC can boot an image: asked before a machine is built for it.
#pragma once

#include <string>

namespace hvlab::boot {

/// What keeps a PC's firmware from booting the CD image `path` ("is no ISO 9660 image: ..."); empty if
/// nothing does. ECMA-119, 8; El Torito Bootable CD-ROM Format Specification 1.0, 2. Throws UserError if it
/// cannot be read.
std::string cd_boot_problem(const std::string& path);

/// The same of a disk image: its first sector must end in 55h AAh.
std::string disk_boot_problem(const std::string& path);

}  // namespace hvlab::boot
