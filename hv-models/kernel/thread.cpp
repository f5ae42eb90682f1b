#include "hv-models/kernel/thread.hpp"

#include "hv-models/kernel/memory.hpp"

extern "C" void begin_thread();  // switch.S

namespace hvlab::kernel {
namespace {

u32 next_id = 1;

void nothing(void*) {}

// What switch_stacks() pops: R15, R14, argument, function, RBX, RBP, return address.
void push_start(Thread& thread, void (*start)(void*), void* argument) {
  u64* top = reinterpret_cast<u64*>(&thread.frame());
  const u64 pushed[] = {0, 0, reinterpret_cast<u64>(argument),    reinterpret_cast<u64>(start),
                        0, 0, reinterpret_cast<u64>(begin_thread)};
  u64* at = top - sizeof pushed / sizeof pushed[0];
  memcpy(at, pushed, sizeof pushed);
  thread.stack_pointer = reinterpret_cast<u64>(at);
}

}  // namespace

// FXSAVE (SDM vol. 1, 10.5.1) of a processor after FNINIT: all exceptions masked, 64-bit precision.
void reset_fpu(u8* image) {
  constexpr u16 kControlWord = 0x037f;
  constexpr u32 kMxcsr = 0x1f80;
  memset(image, 0, 512);
  memcpy(image, &kControlWord, sizeof kControlWord);
  memcpy(image + 24, &kMxcsr, sizeof kMxcsr);
}

Thread* create_thread(void (*start)(void*), void* argument) {
  Thread* thread = new (std::nothrow) Thread;
  if (thread == nullptr) return nullptr;
  thread->stack = static_cast<u8*>(allocate_pages(kStackOrder));
  if (thread->stack == nullptr) {
    delete thread;
    return nullptr;
  }
  memcpy(thread->stack, &kStackMark, sizeof kStackMark);
  reset_fpu(thread->fpu);
  thread->id = __atomic_fetch_add(&next_id, 1, __ATOMIC_RELAXED);
  push_start(*thread, start, argument);
  return thread;
}

Thread* create_user_thread(const runtime::TrapFrame& frame) {
  Thread* thread = create_thread(nothing, nullptr);
  if (thread != nullptr) thread->frame() = frame;
  return thread;
}

void free_thread(Thread* thread) {
  free_pages(thread->stack);
  delete thread;
}

}  // namespace hvlab::kernel
