// A lock whose holder may sleep: for what takes longer than a spin lock should be held.
#pragma once

#include "hv-models/kernel/wait_queue.hpp"

namespace hvlab::kernel {

class Mutex {
 public:
  void lock();
  void unlock();

 private:
  bool try_lock();
  runtime::SpinLock guard_;
  bool held_ = false;
  WaitQueue waiters_;
};

}  // namespace hvlab::kernel
