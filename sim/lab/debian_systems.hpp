// From Debian's packages to files that boot: the cache, the kernel, an initial RAM file system for each way.
#pragma once

#include <string>
#include <vector>

#include "sim/lab/ways.hpp"

namespace hvlab::lab {

/// HVLab's cache directory: $XDG_CACHE_HOME/hvlab, else ~/.cache/hvlab. Throws UserError if neither is set.
std::string cache_directory();

/// Has workloads/fetch put into the cache what the ways need; it says on standard error what it does. Returns
/// its exit status: 0, or another after it has said why.
int fetch_systems(const std::vector<const Way*>& ways, bool refresh);

/// The cached kernel: Debian's own bzImage. Throws UserError if it is not there.
std::string debian_kernel_file();

/// The same by the name that has its version ("vmlinuz-6.1.0-56-amd64"), so that a run says what it ran.
std::string debian_kernel_image();

/// The ELF kernel inside it, kept in the cache once it has been unpacked.
std::string debian_kernel_elf();

/// Debian's Xen. Throws UserError if it has not been fetched.
std::string debian_xen_image();

/// The version of the cached kernel, as `uname -r` says it.
std::string debian_kernel_version();

/// Where the SeaBIOS of Debian's package is in the cache, if it is there; empty if there is no cache.
std::string debian_firmware_file();

/// The SeaBIOS of Debian's package in the cache; fetched if it is not there. Throws UserError if it cannot be
/// had.
std::string debian_firmware();

/// Where assemble_initrd() puts the way's archive.
std::string initrd_path(const Way& way);

/// Runs the way's recipe, after that of its virtual machines, and writes what it lists as an archive into the
/// cache; returns the archive's path. Throws UserError.
std::string assemble_initrd(const Way& way);

}  // namespace hvlab::lab
