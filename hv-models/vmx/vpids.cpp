#include "hv-models/vmx/vpids.hpp"

#include "hv-models/runtime/spin_lock.hpp"

namespace hvlab::vmx {
namespace {

using runtime::Hold;

constexpr u32 kMost = 1024;  // of 65535; many more than there are virtual processors at a time
runtime::SpinLock lock;
u64 taken[kMost / 64] = {1};  // a bit each

}  // namespace

u16 take_vpid() {
  const Hold hold(lock);
  for (u16 vpid = 1; vpid < kMost; ++vpid) {
    u64& word = taken[vpid / 64];
    if ((word >> vpid % 64 & 1) != 0) continue;
    word |= u64{1} << vpid % 64;
    return vpid;
  }
  return 0;
}

void give_back_vpid(u16 vpid) {
  const Hold hold(lock);
  taken[vpid / 64] &= ~(u64{1} << vpid % 64);
}

}  // namespace hvlab::vmx
