#include "hv-models/hypervisor/identifiers.hpp"

#include "hv-models/runtime/spin_lock.hpp"

namespace hvlab::hypervisor {
namespace {

constexpr u32 kMost = 1024;  // many more than there are virtual processors at a time
runtime::SpinLock lock;
u64 taken[kMost / 64] = {1};  // a bit each

}  // namespace

u16 take_identifier(u32 end) {
  const runtime::Hold hold(lock);
  for (u16 each = 1; each < end && each < kMost; ++each) {
    u64& word = taken[each / 64];
    if ((word >> each % 64 & 1) != 0) continue;
    word |= u64{1} << each % 64;
    return each;
  }
  return 0;
}

void give_back_identifier(u16 identifier) {
  if (identifier == 0) return;
  const runtime::Hold hold(lock);
  taken[identifier / 64] &= ~(u64{1} << identifier % 64);
}

}  // namespace hvlab::hypervisor
