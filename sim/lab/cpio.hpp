// Initial RAM file systems: a recipe's list of contents, and the "newc" cpio archive written from it.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "sim/base/types.hpp"

namespace hvlab::lab {

/// One entry of a file system, of the kinds that recipes use.
struct CpioEntry {
  u32 mode = 0;              // type and permissions as in inode(7): 0040755 is a directory, 0100644 a file
  std::string bytes;         // a file's contents, a link's target
  u32 major = 0, minor = 0;  // of a device node

  bool operator==(const CpioEntry&) const = default;
};

/// Entries by path without a leading slash ("bin/sh"); the order is the order in the archive.
using CpioTree = std::map<std::string, CpioEntry>;

/// Reads a recipe's list, one entry a line: dir PATH MODE, file PATH MODE SOURCE, link PATH TARGET, or
/// node PATH MODE c|b MAJOR MINOR. Contents of files are read from their sources; directories above an entry
/// that the list does not have are added. `name` is what messages call the recipe. Throws UserError with the
/// line's number.
CpioTree read_cpio_list(const std::string& list, const std::string& name);

/// The archive: the same tree gives the same bytes (entries sorted, times and owners zero, inodes counted
/// from 1). Format: the kernel's Documentation/driver-api/early-userspace/buffer-format.rst.
std::string write_cpio(const CpioTree& tree);

}  // namespace hvlab::lab
