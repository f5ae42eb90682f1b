// One processor as the scheduler sees it, and the choice of what it runs: what scheduler.cpp (switching,
// waiting) and scheduler_choice.cpp share. All of it under the scheduler's lock.
#pragma once

#include "hv-models/kernel/scheduler.hpp"
#include "hv-models/runtime/processors.hpp"

namespace hvlab::kernel {

struct Core {
  RunQueue queue;
  Thread* current = nullptr;
  Thread idle_thread;
  List<Thread, SleepTag> sleepers;  // by deadline
  bool reschedule = false;          // look for another thread before ring 3 goes on
  Thread* ended = nullptr;          // to be freed by the thread that runs next
  AddressSpace* loaded = nullptr;
  u64 slice_end = 0;
  u64 guest_deadline = runtime::clock::kNever;  // of the guest that the current thread runs
  bool ticks = false;                           // the next tick is on its way
  ProcessorTimes times = {};
};

/// With the word tick=: the timer interrupts in this period, and what is due waits for it, as in kernels
/// before tickless ones; nothing is then written to the timer in between. 0: the timer interrupts when
/// something is due.
inline constinit runtime::clock::Nanoseconds tick_period = 0;

inline constinit runtime::SpinLock scheduler_lock;
// NOLINTNEXTLINE(bugprone-dynamic-static-initializers): start.cpp makes it before anything runs
inline Core cores[runtime::kMostProcessors];

inline Core& this_core() { return cores[runtime::this_processor().index]; }
inline bool is_idle(const Core& core) { return core.current == &core.idle_thread; }

/// Counts the time that `thread` had since it was last charged.
void charge(Core& core, Thread& thread);
/// The next interrupt of the calling processor's timer: the slice's end, or the first sleeper's deadline.
void set_timer(Core& core);
void add_sleeper(Core& core, Thread& thread);
/// What runs next on the calling processor, taken out of its queue, or another's; its idle thread if there is
/// nothing.
Thread& choose(Core& core);
/// `thread` can run: puts it into the queue of a processor, and tells that one if it should look.
void enqueue(Thread& thread);
/// Has the processor look for another thread soon.
void tell(Core& core);

}  // namespace hvlab::kernel
