// The runtime's memory under the names by which the kernel calls it.
#pragma once

#include "hv-models/runtime/memory.hpp"

namespace hvlab::kernel {

using runtime::allocate_pages;
using runtime::allocate_separate_pages;
using runtime::allocate_zeroed_page;
using runtime::direct;
using runtime::free_memory_bytes;
using runtime::free_pages;
using runtime::kPageBytes;
using runtime::page_is_shared;
using runtime::physical;
using runtime::release_page;
using runtime::share_page;
using runtime::total_memory_bytes;

}  // namespace hvlab::kernel
