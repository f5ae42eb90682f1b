#include "hv-models/kernel/mutex.hpp"

namespace hvlab::kernel {

void Mutex::lock() {
  const runtime::Hold hold(guard_);
  while (held_) waiters_.wait(guard_, Waiting::UntilDone);
  held_ = true;
}

void Mutex::unlock() {
  const runtime::Hold hold(guard_);
  held_ = false;
  waiters_.wake_one();
}

}  // namespace hvlab::kernel
