#include "sim/board/address_map.hpp"

#include <algorithm>

namespace hvlab::board {

bool AddressMap::add(u64 first, u64 size, unsigned target) {
  const u64 last = first + size - 1;
  if (size == 0 || last < first) return false;
  const auto after = std::ranges::upper_bound(ranges_, first, {}, &Range::first);
  if (after != ranges_.end() && after->first <= last) return false;
  if (after != ranges_.begin() && std::prev(after)->last >= first) return false;
  ranges_.insert(after, {first, last, target});
  found_ = {1, 0, kNobody};
  return true;
}

const AddressMap::Range& AddressMap::find(u64 address) const {
  if (address >= found_.first && address <= found_.last) return found_;
  const auto after = std::ranges::upper_bound(ranges_, address, {}, &Range::first);
  found_ = {0, ~u64{0}, kNobody};
  if (after != ranges_.end()) found_.last = after->first - 1;
  if (after != ranges_.begin()) {
    const Range& before = *std::prev(after);
    if (address <= before.last) return found_ = before;
    found_.first = before.last + 1;
  }
  return found_;
}

}  // namespace hvlab::board
