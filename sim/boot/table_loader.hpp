// The commands by which firmware puts tables into memory that it does not understand: allocate a file, add
// its address to a pointer, make a checksum. Each is 128 bytes, integers little-endian.
#pragma once

#include <string>
#include <vector>

#include "sim/base/types.hpp"

namespace hvlab::boot {

class TableLoader {
 public:
  enum class Zone : u8 { High = 1, BiosSegment = 2 };

  /// Puts `file` into memory at a multiple of `alignment`. Before its address is asked for.
  void allocate(const std::string& file, u32 alignment, Zone zone);
  /// Adds the address of `target` to the pointer of `bytes` bytes at `offset` of `file`, which holds an
  /// offset in `target` so far.
  void add_pointer(const std::string& file, u32 offset, u8 bytes, const std::string& target);
  /// Makes the sum of `count` bytes from `start` of `file` zero by the byte at `offset`.
  void checksum(const std::string& file, u32 offset, u32 start, u32 count);

  const std::vector<u8>& bytes() const { return bytes_; }

 private:
  void begin(u32 command);
  void name(const std::string& file);
  void number(u64 value, unsigned bytes);
  void finish();

  std::vector<u8> bytes_;
};

}  // namespace hvlab::boot
