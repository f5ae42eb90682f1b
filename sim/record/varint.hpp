// Numbers of one to ten bytes: seven bits in each, the lowest first, the highest bit says that more follow.
#pragma once

#include <span>
#include <string_view>
#include <vector>

#include "sim/base/types.hpp"

namespace hvlab::record {

inline void put_varint(std::vector<u8>& to, u64 value) {
  for (; value >= 0x80; value >>= 7) to.push_back(static_cast<u8>(value | 0x80));
  to.push_back(static_cast<u8>(value));
}

/// Small numbers of either sign become small numbers: 0, -1, 1, -2, ... are 0, 1, 2, 3, ...
constexpr u32 zigzag(u32 difference) { return difference << 1 ^ (0 - (difference >> 31)); }
constexpr u32 from_zigzag(u32 coded) { return coded >> 1 ^ (0 - (coded & 1)); }

/// Takes numbers out of bytes. After the first that is not there, failed() stays true and all are 0.
class VarintReader {
 public:
  explicit VarintReader(std::span<const u8> bytes) : bytes_(bytes) {}

  u64 take() {
    u64 value = 0;
    for (unsigned shift = 0; shift < 64 && at_ < bytes_.size(); shift += 7) {
      const u8 byte = bytes_[at_++];
      value |= u64{byte & 0x7Fu} << shift;
      if (byte < 0x80) return value;
    }
    failed_ = true;
    at_ = bytes_.size();
    return 0;
  }
  /// Likewise; larger than 32 bits is a failure.
  u32 take32() {
    const u64 value = take();
    if (value > ~u32{0}) failed_ = true;
    return failed_ ? 0 : static_cast<u32>(value);
  }
  /// A number of things that follow, of at least so many bytes each.
  size_t take_count(size_t least_bytes) {
    const u64 count = take();
    if (count > left() / least_bytes) failed_ = true;
    return failed_ ? 0 : static_cast<size_t>(count);
  }

  bool failed() const { return failed_; }
  size_t left() const { return failed_ ? 0 : bytes_.size() - at_; }

 private:
  std::span<const u8> bytes_;
  size_t at_ = 0;
  bool failed_ = false;
};

}  // namespace hvlab::record
