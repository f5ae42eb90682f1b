// Files that a user names: read whole, with a message when that fails.
#pragma once

#include <string>
#include <vector>

#include "sim/base/types.hpp"

namespace hvlab::boot {

/// The contents of file `path`. `role` ("kernel", "initrd") begins the message. Throws UserError if it cannot
/// be read, is not a regular file, is empty, or is larger than 4 GiB.
std::vector<u8> read_file(const std::string& path, const std::string& role);

/// Writes `bytes` to `path` so that no other process ever sees a part of it (temporary file, then rename);
/// makes the folders above it. Returns false if that fails, leaving nothing behind.
bool write_file_atomically(const std::string& path, const std::vector<u8>& bytes);

/// HVLab's folder for what can be made again: $XDG_CACHE_HOME/hvlab, else $HOME/.cache/hvlab, else
/// /tmp/hvlab-UID.
std::string cache_folder();

}  // namespace hvlab::boot
