// The compressed formats in which Linux and Xen images come.
#pragma once

#include <span>
#include <string>
#include <vector>

#include "sim/base/types.hpp"

namespace hvlab::boot {

enum class Compression : u8 { None, Gzip, Xz, Lzma, Bzip2, Lz4Legacy, Zstd };

/// The format that `bytes` begin with.
Compression detect_compression(std::span<const u8> bytes);

/// The name as users know it ("gzip", "xz", ...).
const char* name(Compression format);

/// What the stream at the start of `bytes` holds; what follows the stream is left alone. `what` is for
/// messages. Throws UserError if the data are damaged or cut off, or give more than `limit` bytes.
std::vector<u8> decompress(Compression format, std::span<const u8> bytes, u64 limit, const std::string& what);

}  // namespace hvlab::boot
