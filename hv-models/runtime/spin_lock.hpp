// Locks for what two processors, or a processor and its interrupt handlers, must not touch at the same time.
#pragma once

#include "sim/base/types.hpp"

namespace hvlab::runtime {

/// Interrupts stay off on this processor until as many calls of leave. They come back only if they were on
/// before.
void enter_no_interrupts();
void leave_no_interrupts();

/// A ticket lock: processors get it in the order in which they asked. Interrupts are off while it is held, or
/// a handler that wants the same lock on the same processor would wait for ever.
class SpinLock {
 public:
  void lock();
  void unlock();

 private:
  u32 next_ticket_ = 0, now_serving_ = 0;
};

/// Holds a lock as long as it lives.
template <typename Lock>
class Hold {
 public:
  explicit Hold(Lock& lock) : lock_(lock) { lock_.lock(); }
  ~Hold() { lock_.unlock(); }
  Hold(const Hold&) = delete;
  Hold& operator=(const Hold&) = delete;

 private:
  Lock& lock_;
};

}  // namespace hvlab::runtime
