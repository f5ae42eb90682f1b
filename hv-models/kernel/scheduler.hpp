// Which thread runs where. Each processor has a queue of its own; a thread that becomes ready goes to an idle
// processor if there is one, and a processor without work takes some from another's queue. One lock guards
// all queues and all threads' states: simple to reason about, and far from busy with the few processors of a
// teaching machine.
#pragma once

#include "hv-models/kernel/address_space.hpp"
#include "hv-models/kernel/thread.hpp"

namespace hvlab::kernel {

/// Makes the calling processor's present stack its idle thread, and takes part from now on.
void join_scheduler();
/// What an idle processor does, for ever.
[[noreturn]] void idle();

Thread& current_thread();
/// The process that the calling processor runs for; nullptr in the kernel's own threads.
Process* current_process();

/// A new thread may run.
void make_ready(Thread& thread);
/// True if another thread is to run here, or the calling thread's process is being ended: a thread that stays
/// in the kernel for long looks now and then, with interrupts off, and calls yield().
bool must_give_way();
/// The calling thread runs a guest that wants to be interrupted then. Interrupts are off.
void set_guest_deadline(runtime::clock::Nanoseconds deadline);
/// Lets others run.
void yield();
/// The calling thread is over. Its memory is freed by whoever runs next here.
[[noreturn]] void end_thread();
/// The calling thread becomes one of the kernel's own: it has no more to do with its process.
void leave_process();
/// The calling thread's process, which has no other thread, gets other memory.
void change_space(const Ref<AddressSpace>& space);
void sleep_until(runtime::clock::Nanoseconds deadline);
/// Wakes all threads of `process` that wait in a way that ends when the process does, and stops those that
/// run from going on in ring 3.
void interrupt_threads(Process& process);

/// What each processor did.
struct ProcessorTimes {
  u64 busy, idle;  // nanoseconds
  u64 switches;
};
ProcessorTimes processor_times(unsigned index);

}  // namespace hvlab::kernel
