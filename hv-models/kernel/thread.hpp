// A thread: a stack in the kernel, registers while it does not run, and what the scheduler knows of it.
#pragma once

#include "hv-models/kernel/list.hpp"
#include "hv-models/kernel/run_queue.hpp"
#include "hv-models/kernel/wait_queue.hpp"
#include "hv-models/runtime/interrupts.hpp"

namespace hvlab::kernel {

struct Process;
struct SleepTag {};
struct MemberTag {};

inline constexpr size_t kStackBytes = 16384;
inline constexpr unsigned kStackOrder = 2;
inline constexpr u64 kStackMark = 0x4b53'4e52'4554'4e49;  // at a stack's lowest word: gone if it overflowed

struct Thread : RunEntry, Link<WaitTag>, Link<SleepTag>, Link<MemberTag> {
  enum class State : u8 { Ready, Running, Waiting, Ended };

  u64 stack_pointer = 0;       // while it does not run; switch.S
  u8* stack = nullptr;         // none for the threads that processors idle in
  Process* process = nullptr;  // none: the kernel's own
  u32 id = 0;
  State state = State::Ready;
  unsigned processor = 0;  // where it ran last, and waits to run
  u64 started = 0;         // when it was given the processor

  WaitQueue* queue = nullptr;  // that it waits in
  bool killable = false;
  WaitResult result = WaitResult::Woken;
  u64 deadline = 0;  // of its wait

  u64 fs_base = 0;               // a program's thread-local storage
  u64 clear_at_end = 0;          // user address of a word to clear and wake waiters at (set_tid_address)
  alignas(16) u8 fpu[512] = {};  // FXSAVE image

  /// The registers of its program, at the top of its stack.
  runtime::TrapFrame& frame() {
    return *reinterpret_cast<runtime::TrapFrame*>(stack + kStackBytes - sizeof(runtime::TrapFrame));
  }
};

/// A new thread of the kernel that calls start(argument); nullptr without memory. It does not run yet:
/// make_ready().
Thread* create_thread(void (*start)(void*), void* argument);
/// A new thread whose program begins with `frame`.
Thread* create_user_thread(const runtime::TrapFrame& frame);
/// FXSAVE's image of a processor as FNINIT leaves it.
void reset_fpu(u8* image);
/// One that never ran, or has ended.
void free_thread(Thread* thread);

}  // namespace hvlab::kernel
