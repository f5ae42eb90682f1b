// For readers of files: bytes as a file that has a path, without a disk.
#pragma once

#include <sys/mman.h>
#include <unistd.h>

#include <span>
#include <string>

#include "sim/base/types.hpp"
#include "sim/base/user_error.hpp"

namespace hvlab::fuzz {

/// Calls read(path of a file of these bytes), which may throw UserError. The file is the same one each time.
template <class Read>
void read_as_file(std::span<const u8> bytes, const Read& read) {
  static const int file = memfd_create("fuzz", 0);
  if (ftruncate(file, 0) != 0 ||
      pwrite(file, bytes.data(), bytes.size(), 0) != static_cast<ssize_t>(bytes.size()))
    return;
  try {
    read("/proc/self/fd/" + std::to_string(file));
  } catch (const UserError&) {
  }
}

}  // namespace hvlab::fuzz
