// Physical pages by the buddy method: blocks of 2^order pages at multiples of their size; a block's buddy is
// the other half of the block twice as large, and two free buddies become one. Pages are numbered from
// physical address 0. Knows only numbers, so that it runs in a test too; memory.hpp has what an image calls.
#pragma once

#include "sim/base/types.hpp"

namespace hvlab::runtime {

struct Page {
  u32 next, previous;  // in a list of free blocks
  u32 references;      // of a page in use
  u8 order;            // of the block that starts here
  bool free;           // a free block starts here
  u16 heap_class;      // of a page of small objects; 0: none
};
static_assert(sizeof(Page) == 16);

class PagePool {
 public:
  static constexpr unsigned kOrders = 11;  // up to 4 MiB
  static constexpr u32 kNone = 0;          // page 0 is never handed out

  /// `pages`: one entry for each of `count` pages, all zero.
  void set_up(Page* pages, u32 count);
  /// The pages `first` .. `first + count - 1` exist and are free.
  void add(u32 first, u32 count);

  /// The first page of a block of 2^order pages with one reference, or kNone.
  u32 allocate(unsigned order);
  /// Makes the pages of a block that allocate() gave separate ones, each with one reference, to be freed each
  /// alone.
  void separate(u32 first);
  /// A block that allocate() gave.
  void free(u32 first);

  Page& page(u32 number) { return pages_[number]; }
  u32 count() const { return count_; }
  u32 free_pages() const { return free_pages_; }

 private:
  void put(u32 first, unsigned order);
  void take(u32 first);

  Page* pages_ = nullptr;
  u32 count_ = 0, free_pages_ = 0;
  u32 lists_[kOrders] = {};
};

}  // namespace hvlab::runtime
