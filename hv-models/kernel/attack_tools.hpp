// What attacks on the driver-domain model have in common.
#pragma once

#include "hv-models/interdomain/hypercalls.hpp"
#include "hv-models/kernel/memory.hpp"
#include "hv-models/runtime/hypercall.hpp"

namespace hvlab::kernel {

inline i64 ask(interdomain::Call call, u64 first = 0, u64 second = 0, u64 third = 0) {
  return runtime::hypercall(static_cast<u64>(call), first, second, third);
}

template <typename Page>
Page* fresh_page() {
  return static_cast<Page*>(runtime::allocate_zeroed_page());
}
inline u32 page_number(const void* page) { return static_cast<u32>(physical(page) / kPageBytes); }

}  // namespace hvlab::kernel
