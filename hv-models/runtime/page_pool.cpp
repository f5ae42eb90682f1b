#include "hv-models/runtime/page_pool.hpp"

#include "sim/base/check.hpp"

namespace hvlab::runtime {

void PagePool::set_up(Page* pages, u32 count) {
  pages_ = pages;
  count_ = count;
}

void PagePool::put(u32 first, unsigned order) {
  Page& page = pages_[first];
  page.order = static_cast<u8>(order);
  page.free = true;
  page.previous = kNone;
  page.next = lists_[order];
  if (page.next != kNone) pages_[page.next].previous = first;
  lists_[order] = first;
  free_pages_ += 1u << order;
}

void PagePool::take(u32 first) {
  Page& page = pages_[first];
  page.free = false;
  if (page.next != kNone) pages_[page.next].previous = page.previous;
  if (page.previous != kNone) {
    pages_[page.previous].next = page.next;
  } else {
    lists_[page.order] = page.next;
  }
  free_pages_ -= 1u << page.order;
}

void PagePool::add(u32 first, u32 count) {
  if (first == kNone && count > 0) ++first, --count;
  const u32 end = first + count;
  HVLAB_CHECK(end <= count_);
  while (first < end) {
    unsigned order = kOrders - 1;
    while (first % (1u << order) != 0 || first + (1u << order) > end) --order;
    put(first, order);
    first += 1u << order;
  }
}

u32 PagePool::allocate(unsigned order) {
  unsigned found = order;
  while (found < kOrders && lists_[found] == kNone) ++found;
  if (found >= kOrders) return kNone;
  const u32 first = lists_[found];
  take(first);
  while (found > order) {  // the upper half goes back
    --found;
    put(first + (1u << found), found);
  }
  Page& page = pages_[first];
  page.order = static_cast<u8>(order);
  page.references = 1;
  page.heap_class = 0;
  return first;
}

void PagePool::separate(u32 first) {
  const u32 count = 1u << pages_[first].order;
  for (u32 i = first; i < first + count; ++i) {
    pages_[i].order = 0;
    pages_[i].references = 1;
    pages_[i].free = false;
    pages_[i].heap_class = 0;
  }
}

void PagePool::free(u32 first) {
  HVLAB_CHECK(first != kNone && first < count_ && !pages_[first].free);
  unsigned order = pages_[first].order;
  pages_[first].references = 0;
  for (; order + 1 < kOrders; ++order) {
    const u32 buddy = first ^ (1u << order);
    if (buddy == kNone || buddy >= count_ || !pages_[buddy].free || pages_[buddy].order != order) break;
    take(buddy);
    if (buddy < first) first = buddy;
  }
  put(first, order);
}

}  // namespace hvlab::runtime
