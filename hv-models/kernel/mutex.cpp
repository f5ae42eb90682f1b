#include "hv-models/kernel/mutex.hpp"

#include "hv-models/runtime/instructions.hpp"

namespace hvlab::kernel {

bool Mutex::try_lock() {
  const runtime::Hold hold(guard_);
  if (held_) return false;
  return held_ = true;
}

void Mutex::lock() {
  // Most holders are about to let go: to sleep and be woken would take much longer than to look again a few
  // times.
  constexpr unsigned kTries = 100;
  for (unsigned i = 0; i < kTries; ++i) {
    if (!__atomic_load_n(&held_, __ATOMIC_RELAXED) && try_lock()) return;
    runtime::pause();
  }
  const runtime::Hold hold(guard_);
  while (held_) waiters_.wait(guard_, Waiting::UntilDone);
  held_ = true;
}

void Mutex::unlock() {
  const runtime::Hold hold(guard_);
  __atomic_store_n(&held_, false, __ATOMIC_RELAXED);
  waiters_.wake_one();
}

}  // namespace hvlab::kernel
