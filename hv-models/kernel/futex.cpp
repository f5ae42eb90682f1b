#include "hv-models/kernel/futex.hpp"

#include "hv-models/kernel/error.hpp"
#include "hv-models/runtime/memory_layout.hpp"

namespace hvlab::kernel {
namespace {

using runtime::Hold;

struct FutexTag {};
struct Waiter : Link<FutexTag> {
  u64 word = 0;  // physical address: the same for all who share the memory
  bool woken = false;
  WaitQueue queue;
};

runtime::SpinLock futex_lock;
List<Waiter, FutexTag> waiters;

}  // namespace

int wait_on_futex(AddressSpace& space, u64 address, u32 value, u64 deadline) {
  u32 present = 0;
  Waiter self;
  self.word = space.locate_word(address, present);
  if (self.word == 0) return kFault;
  const Hold hold(futex_lock);
  // Once more, now that nobody can wake us before we wait.
  if (__atomic_load_n(runtime::direct<const u32>(self.word), __ATOMIC_SEQ_CST) != value) return kAgain;
  waiters.push_back(self);
  WaitResult result = WaitResult::Woken;
  while (!self.woken && result == WaitResult::Woken)
    result = self.queue.wait(futex_lock, Waiting::Killable, deadline);
  if (self.woken) return 0;
  waiters.remove(self);
  return result == WaitResult::TimedOut ? kTimedOut : kInterrupted;
}

int wake_futex(AddressSpace& space, u64 address, u32 count) {
  u32 value = 0;
  const u64 word = space.locate_word(address, value);
  if (word == 0) return kFault;
  const Hold hold(futex_lock);
  int woken = 0;
  for (Waiter* w = waiters.front(); w != nullptr && static_cast<u32>(woken) < count;) {
    Waiter* next = waiters.after(*w);
    if (w->word == word) {
      waiters.remove(*w);
      w->woken = true;
      w->queue.wake_all();
      ++woken;
    }
    w = next;
  }
  return woken;
}

}  // namespace hvlab::kernel
