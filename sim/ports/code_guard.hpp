// Between memory writers and the cache of decoded code: which RAM pages hold code and where in them, and
// "these bytes changed".
#pragma once

#include <vector>

#include "sim/base/types.hpp"

namespace hvlab {

class CodeGuard {
 public:
  virtual ~CodeGuard() = default;

  /// Page flags by physical page number.
  static constexpr u8 kHasCode = 1;      // decoded code stands in the page: writes must be told
  static constexpr u8 kWriteMapped = 2;  // some software TLB writes to it without telling

  /// True if writes to the page with number `page` must be told. Pages beyond RAM never hold code.
  bool holds_code(u64 page) const { return page < flags_.size() && (flags_[page] & kHasCode) != 0; }
  /// True if code was decoded from a piece of the page that has one of the bytes from `first` to `last`,
  /// offsets in it: writes there must be told. Others need not be. The page must be one of RAM.
  bool code_at(u64 page, unsigned first, unsigned last) const {
    return (pieces_[page] & pieces(first, last)) != 0;
  }
  /// Notes that a software TLB now writes to the page directly.
  void note_write_mapped(u64 page) {
    if (page < flags_.size()) flags_[page] |= kWriteMapped;
  }

  /// `bytes` bytes at physical `address` were or are being written: decoded code there is dropped.
  virtual void written(u64 address, size_t bytes) = 0;

 protected:
  static constexpr unsigned kPiece = 64;  // bytes
  /// Bits of the pieces that have the bytes from `first` to `last` of a page.
  static constexpr u64 pieces(unsigned first, unsigned last) {
    return (~u64{0} >> (63 - last / kPiece)) & (~u64{0} << (first / kPiece));
  }

  std::vector<u8> flags_;    // by page
  std::vector<u64> pieces_;  // by page: those that code was decoded from
};

}  // namespace hvlab
