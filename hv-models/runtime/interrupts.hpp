// Exceptions and interrupts: the table of vectors and who handles them.
#pragma once

#include "sim/base/types.hpp"

namespace hvlab::runtime {

/// What vectors.S and system_call_entry.S leave on the stack: the interrupted program's registers.
struct TrapFrame {
  u64 r15, r14, r13, r12, r11, r10, r9, r8, rbp, rdi, rsi, rdx, rcx, rbx, rax;
  u64 vector, error;
  u64 rip, cs, rflags, rsp, ss;
  bool from_user() const { return (cs & 3) != 0; }
};
static_assert(sizeof(TrapFrame) == 22 * 8);

using Handler = void (*)(TrapFrame& frame);

/// Called with interrupts off. Exceptions that have no handler are a panic.
void set_handler(u8 vector, Handler handler);

/// Called after every handler, with interrupts off, before the interrupted program goes on.
void set_after_interrupt(Handler handler);

/// Loads the interrupt table on the calling processor.
void load_interrupt_table();

// Vectors: 16 interrupt lines of the PC, then what processors send each other. The higher the vector, the
// higher its priority at the local APIC (SDM vol. 3, 10.8.3).
inline constexpr u8 kFirstLine = 0x30, kChannelVector = 0xd0, kTimerVector = 0xe0, kRescheduleVector = 0xf0,
                    kFlushVector = 0xf1, kSpuriousVector = 0xff;

}  // namespace hvlab::runtime
