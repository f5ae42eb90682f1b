// The processors: what each keeps for itself, and how the others are started.
#pragma once

#include "hv-models/runtime/segments.hpp"
#include "sim/base/types.hpp"

namespace hvlab::runtime {

inline constexpr unsigned kMostProcessors = 8;

/// What one processor has for itself. GS points to it in ring 0; the first three members are read by assembly
/// (kernel/system_call_entry.S).
struct Processor {
  Processor* self = nullptr;
  u64 kernel_stack = 0;  // where a system call's stack starts
  u64 user_stack = 0;    // scratch: RSP of the program while the stack is being switched
  unsigned index = 0;    // 0 .. processor_count() - 1
  u32 apic_id = 0;
  unsigned no_interrupts = 0;  // spin locks held, see spin_lock.hpp
  bool interrupts_were_on = false;
  bool running = false;
  Segments segments;
};
static_assert(offsetof(Processor, kernel_stack) == 8 && offsetof(Processor, user_stack) == 16);

inline Processor& this_processor() {
  Processor* self;
  asm volatile("mov %%gs:0, %0" : "=r"(self));
  return *self;
}

unsigned processor_count();
Processor& processor(unsigned index);

/// Makes the calling processor number 0: its segments, interrupt table and control registers.
void set_up_first_processor();

/// Starts all other processors that the ACPI tables name (SDM vol. 3, 8.4.4.1); each then calls `main`, which
/// does not return. Returns when all run; one that does not answer is named and left out.
void start_other_processors(void (*main)());

}  // namespace hvlab::runtime
