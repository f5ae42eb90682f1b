#include "hv-models/svm/asids.hpp"

#include "hv-models/runtime/instructions.hpp"
#include "hv-models/runtime/spin_lock.hpp"

namespace hvlab::svm {
namespace {

using runtime::Hold;

constexpr u32 kMost = 1024;  // many more than there are virtual processors at a time
runtime::SpinLock lock;
u64 taken[kMost / 64] = {1};  // a bit each

u32 limit() {
  const u32 there = runtime::cpuid(0x8000'000a).ebx;
  return there < kMost ? there : kMost;
}

}  // namespace

u32 take_asid() {
  const u32 end = limit();
  const Hold hold(lock);
  for (u32 asid = 1; asid < end; ++asid) {
    u64& word = taken[asid / 64];
    if ((word >> asid % 64 & 1) != 0) continue;
    word |= u64{1} << asid % 64;
    return asid;
  }
  return 0;
}

void give_back_asid(u32 asid) {
  const Hold hold(lock);
  taken[asid / 64] &= ~(u64{1} << asid % 64);
}

}  // namespace hvlab::svm
