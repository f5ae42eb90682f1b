// An image's memory: pages, and objects smaller than a page through `new (std::nothrow)`.
#pragma once

#include <new>

#include "hv-models/runtime/memory_functions.hpp"
#include "hv-models/runtime/memory_layout.hpp"
#include "sim/base/types.hpp"

namespace hvlab::runtime {

/// Takes all RAM that neither the image nor the loader's modules occupy. Once, first of all.
void set_up_memory();

/// 2^order pages in a row, not cleared; nullptr if there are none.
void* allocate_pages(unsigned order = 0);
/// The same as pages that are freed and shared each alone.
void* allocate_separate_pages(unsigned order);
/// One page of zeros, or nullptr.
void* allocate_zeroed_page();
void free_pages(void* first);

/// One more user of the page at physical `address`, and one fewer: the last one frees it.
void share_page(u64 address);
void release_page(u64 address);
bool page_is_shared(u64 address);

u64 free_memory_bytes();
u64 total_memory_bytes();

}  // namespace hvlab::runtime
