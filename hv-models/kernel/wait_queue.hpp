// Threads that wait until something is so. The condition is guarded by a spin lock, which the waiting thread
// gives up in the same step in which it falls asleep, so that no wake-up is lost:
//
//   Hold hold(lock);
//   while (!ready) {
//     if (queue.wait(lock) != WaitResult::Woken) return kInterrupted;
//   }
#pragma once

#include "hv-models/kernel/list.hpp"
#include "hv-models/runtime/clock.hpp"
#include "hv-models/runtime/spin_lock.hpp"

namespace hvlab::kernel {

struct Thread;
struct WaitTag {};

enum class WaitResult : u8 { Woken, TimedOut, Killed };
enum class Waiting : u8 { Killable, UntilDone };

class WaitQueue {
 public:
  /// Sleeps until woken, until `deadline`, or, if Killable, until the thread's process is being ended. `lock`
  /// is held at the call and again at the return. The caller looks at its condition again.
  WaitResult wait(runtime::SpinLock& lock, Waiting how = Waiting::Killable,
                  runtime::clock::Nanoseconds deadline = runtime::clock::kNever);
  void wake_one();
  void wake_all();
  /// Who is woken next; null if nobody waits.
  const Thread* first();

 private:
  friend struct Scheduler;
  List<Thread, WaitTag> threads_;
};

}  // namespace hvlab::kernel
