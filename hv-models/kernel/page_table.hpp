// The four levels of page tables (SDM vol. 3, 4.5) of one address space: the lower half its own, the upper
// half the kernel's, the same everywhere. All of it 4 KiB pages.
#pragma once

#include "sim/base/bits.hpp"
#include "sim/base/types.hpp"

namespace hvlab::kernel {

namespace pte {
inline constexpr u64 kPresent = bit(0), kWrite = bit(1), kUser = bit(2), kNoExecute = bit(63);
inline constexpr u64 kCopy = bit(9);      // for software: shared after a fork, to be copied when written
inline constexpr u64 kForeign = bit(10);  // likewise: a page that is not this kernel's to free
inline constexpr u64 kAddress = 0x000f'ffff'ffff'f000;
}  // namespace pte

class PageTable {
 public:
  /// False if there is no memory.
  bool set_up();
  /// Frees the tables; the pages that they map are the caller's.
  ~PageTable();
  PageTable() = default;
  PageTable(const PageTable&) = delete;
  PageTable& operator=(const PageTable&) = delete;

  u64 root() const { return root_; }
  /// The entry for `address` of the lower half; nullptr if there is none, with `create` only without memory.
  u64* entry(u64 address, bool create);
  /// Calls visit(entry, address) for each present entry of [begin, end). What has no tables is passed over at
  /// once.
  template <typename Visit>
  void for_each(u64 begin, u64 end, Visit visit);

 private:
  /// The entry for `address`, or nullptr and in `hole` how much memory around it has no table.
  u64* entry_or_hole(u64 address, u64& hole);
  u64 root_ = 0;
};

/// The table that an entry points to.
u64* table_at(u64 entry);

template <typename Visit>
void PageTable::for_each(u64 begin, u64 end, Visit visit) {
  constexpr u64 kPage = 4096, kTable = 512 * kPage;
  for (u64 at = begin; at < end;) {
    u64 span = kTable;
    u64* first = entry_or_hole(at, span);
    const u64 span_end = (at / span + 1) * span, stop = end < span_end ? end : span_end;
    for (; first != nullptr && at < stop; at += kPage, ++first) {
      if ((*first & pte::kPresent) != 0) visit(*first, at);
    }
    at = stop;
  }
}

}  // namespace hvlab::kernel
