// Threads of a program, and what they wait with.
#pragma once

#include <cstddef>
#include <cstdint>

#include "hv-models/user/library/calls.hpp"

namespace user {

/// A thread that calls run(argument) and then ends; its number, or an error. Its stack stays for good.
long start_thread(void (*run)(void*), void* argument);

/// A lock whose waiters sleep (a futex): 0 free, 1 held, 2 held and waited for.
class Mutex {
 public:
  void lock();
  void unlock();

 private:
  uint32_t state_ = 0;
};

class Hold {
 public:
  explicit Hold(Mutex& mutex) : mutex_(mutex) { mutex_.lock(); }
  ~Hold() { mutex_.unlock(); }
  Hold(const Hold&) = delete;
  Hold& operator=(const Hold&) = delete;

 private:
  Mutex& mutex_;
};

/// Threads that wait for a condition that a mutex guards; they look at it again when they wake.
class Waiters {
 public:
  void wait(Mutex& mutex);
  void wake_all();

 private:
  uint32_t count_ = 0;  // of wake-ups
};

}  // namespace user
