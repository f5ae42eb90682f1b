// Which target answers an address: the decoder's table, without SystemC.
#pragma once

#include <vector>

#include "sim/base/types.hpp"

namespace hvlab::board {

/// Ranges of an address space that do not overlap, each with the number of the target that answers there.
class AddressMap {
 public:
  static constexpr unsigned kNobody = ~0u;

  struct Range {
    u64 first = 0;
    u64 last = 0;  // inclusive
    unsigned target = kNobody;
  };

  /// Adds `size` (> 0) addresses from `first`. False if the range overlaps one already there or wraps.
  bool add(u64 first, u64 size, unsigned target);

  /// The range that holds `address`; where there is none, the gap around it with target kNobody.
  const Range& find(u64 address) const;

  const std::vector<Range>& ranges() const { return ranges_; }

 private:
  std::vector<Range> ranges_;           // ascending
  mutable Range found_{1, 0, kNobody};  // the last answer: drivers poll
};

}  // namespace hvlab::board
