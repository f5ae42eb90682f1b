#include "hv-models/user/library/threads.hpp"

extern "C" long begin_thread(void* stack_end, void (*run)(void*), void* argument);  // begin_thread.S

namespace user {
namespace {

constexpr size_t kStackBytes = 64 * 1024;
constexpr long kFutex = 202, kWait = 0, kWake = 1;

void wait_while(const uint32_t& word, uint32_t value) { call(kFutex, to_word(&word), kWait, value, 0); }
void wake(const uint32_t& word, long most) { call(kFutex, to_word(&word), kWake, most); }

}  // namespace

long start_thread(void (*run)(void*), void* argument) {
  const long stack = map_memory(kStackBytes);
  if (stack < 0) return stack;
  return begin_thread(reinterpret_cast<char*>(stack) + kStackBytes, run, argument);
}

void Mutex::lock() {
  uint32_t expected = 0;
  if (__atomic_compare_exchange_n(&state_, &expected, 1, false, __ATOMIC_ACQUIRE, __ATOMIC_RELAXED)) return;
  while (__atomic_exchange_n(&state_, 2, __ATOMIC_ACQUIRE) != 0) wait_while(state_, 2);
}

void Mutex::unlock() {
  if (__atomic_exchange_n(&state_, 0, __ATOMIC_RELEASE) == 2) wake(state_, 1);
}

void Waiters::wait(Mutex& mutex) {
  const uint32_t seen = __atomic_load_n(&count_, __ATOMIC_RELAXED);
  mutex.unlock();
  wait_while(count_, seen);
  mutex.lock();
}

void Waiters::wake_all() {
  __atomic_add_fetch(&count_, 1, __ATOMIC_RELAXED);
  wake(count_, 0x7fff'ffff);
}

}  // namespace user
