// Switching between threads, waiting and waking. Which thread runs where is decided in scheduler_choice.cpp.
#include "hv-models/kernel/scheduler.hpp"

#include "hv-models/kernel/address_space.hpp"
#include "hv-models/kernel/container.hpp"
#include "hv-models/kernel/core.hpp"
#include "hv-models/kernel/memory.hpp"
#include "hv-models/kernel/process.hpp"
#include "hv-models/runtime/boot_information.hpp"
#include "hv-models/runtime/instructions.hpp"
#include "hv-models/runtime/local_apic.hpp"
#include "hv-models/runtime/mark.hpp"
#include "hv-models/runtime/panic.hpp"
#include "hv-models/runtime/processors.hpp"
#include "sim/arch/msr.hpp"

extern "C" void switch_stacks(hvlab::u64* old, hvlab::u64 fresh);
extern "C" void thread_begins();
extern "C" void leave_kernel(hvlab::runtime::TrapFrame* frame);

namespace hvlab::kernel {

// What wait queues are a friend of.
struct Scheduler {
  static void leave_queue(Thread& thread) {
    if (thread.queue != nullptr) thread.queue->threads_.remove(thread);
    thread.queue = nullptr;
  }
  static WaitResult wait(WaitQueue& queue, runtime::SpinLock& lock, Waiting how,
                         runtime::clock::Nanoseconds deadline);
  static void wake_some(WaitQueue& queue, bool all);
};

namespace {

namespace clock = runtime::clock;
using runtime::Hold;
using runtime::this_processor;
using Mark = arch::mark::Kind;

// ---- Switching

void save_fpu(Thread& thread) {
  if (thread.process != nullptr) asm volatile("fxsave64 %0" : "=m"(thread.fpu));
}

void load_space(Core& core, AddressSpace* space) {
  if (space == core.loaded) return;
  if (space != nullptr) space->begin_use();
  runtime::write_cr3(space != nullptr ? space->root() : physical(kernel_root));
  if (core.loaded != nullptr) core.loaded->end_use();
  core.loaded = space;
}

void load_program_state(Core& core, Thread& thread) {
  load_space(core, thread.process != nullptr ? thread.process->space.get() : nullptr);
  if (thread.process == nullptr) return;
  asm volatile("fxrstor64 %0" ::"m"(thread.fpu));
  runtime::write_msr(arch::msr::kFsBase, thread.fs_base);
  const u64 top = reinterpret_cast<u64>(thread.stack + kStackBytes);
  this_processor().kernel_stack = top;
  this_processor().segments.task.stack[0] = top;
}

// Behind a switch, on the new thread's stack.
void finish_switch() {
  Core& core = this_core();
  if (core.ended == nullptr) return;
  free_thread(core.ended);
  core.ended = nullptr;
}

u64 slice_of(const Thread& thread) {
  return thread.process != nullptr ? thread.process->container->slice() : Container::kSlice;
}

void switch_to(Core& core, Thread& next) {
  Thread& old = *core.current;
  core.reschedule = false;
  next.state = Thread::State::Running;
  next.processor = this_processor().index;
  next.started = clock::now();
  core.slice_end = next.started + slice_of(next);
  core.guest_deadline = clock::kNever;
  core.current = &next;
  set_timer(core);
  if (&next == &old) return;
  if (old.stack != nullptr && *reinterpret_cast<u64*>(old.stack) != kStackMark)
    runtime::panic("kernel stack overflow");
  ++core.times.switches;
  runtime::mark<Mark::ThreadSwitch>(&next, old.state == Thread::State::Ready ? 0 : 1);
  save_fpu(old);
  load_program_state(core, next);
  const bool interrupts_were_on = this_processor().interrupts_were_on;
  switch_stacks(&old.stack_pointer, next.stack_pointer);
  this_processor().interrupts_were_on = interrupts_were_on;  // of this thread, perhaps on another processor
  finish_switch();
}

// The current thread has a new state, or gives way. Scheduler lock held.
void reschedule() {
  Core& core = this_core();
  Thread& old = *core.current;
  charge(core, old);
  if (&old != &core.idle_thread) {
    if (old.state == Thread::State::Running) {
      old.state = Thread::State::Ready;
      core.queue.put_back(old);
    } else if (old.process != nullptr) {
      old.process->container->add_ready(-1);
    }
  }
  switch_to(core, choose(core));
}

void wake(Thread& thread, WaitResult result) {
  Scheduler::leave_queue(thread);
  if (static_cast<Link<SleepTag>&>(thread).linked()) cores[thread.processor].sleepers.remove(thread);
  thread.result = result;
  runtime::mark<Mark::ThreadWake>(&thread);
  enqueue(thread);
}

// ---- Interrupts

void timer_arrived(runtime::TrapFrame&) {
  runtime::apic::end_of_interrupt();
  const Hold hold(scheduler_lock);
  Core& core = this_core();
  core.ticks = false;
  const u64 now = clock::now();
  while (Thread* first = core.sleepers.front()) {
    if (first->deadline > now) break;
    wake(*first, WaitResult::TimedOut);
  }
  if (now >= core.guest_deadline) core.guest_deadline = clock::kNever;  // it has left its guest
  if (now >= core.slice_end) {
    core.reschedule = true;
    core.slice_end = now + slice_of(*core.current);  // if it is long in the kernel
  }
  set_timer(core);
}

void reschedule_arrived(runtime::TrapFrame&) { runtime::apic::end_of_interrupt(); }

void after_interrupt(runtime::TrapFrame& frame) {
  if (frame.from_user()) leave_kernel(&frame);
}

}  // namespace

WaitResult Scheduler::wait(WaitQueue& queue, runtime::SpinLock& lock, Waiting how,
                           clock::Nanoseconds deadline) {
  Thread& self = current_thread();
  scheduler_lock.lock();
  if (how == Waiting::Killable && self.process != nullptr && self.process->ending) {
    scheduler_lock.unlock();
    return WaitResult::Killed;
  }
  self.state = Thread::State::Waiting;
  self.queue = &queue;
  self.killable = how == Waiting::Killable;
  self.deadline = deadline;
  queue.threads_.push_back(self);
  if (deadline != clock::kNever) add_sleeper(this_core(), self);
  lock.unlock();
  reschedule();
  scheduler_lock.unlock();
  lock.lock();
  return self.result;
}

void Scheduler::wake_some(WaitQueue& queue, bool all) {
  const Hold hold(scheduler_lock);
  while (Thread* first = queue.threads_.front()) {
    wake(*first, WaitResult::Woken);
    if (!all) return;
  }
}

WaitResult WaitQueue::wait(runtime::SpinLock& lock, Waiting how, clock::Nanoseconds deadline) {
  return Scheduler::wait(*this, lock, how, deadline);
}
const Thread* WaitQueue::first() { return threads_.front(); }
void WaitQueue::wake_one() { Scheduler::wake_some(*this, false); }
void WaitQueue::wake_all() { Scheduler::wake_some(*this, true); }

namespace {

// "tick=MILLISECONDS": 1 to 1000; anything else is as if it were not there.
clock::Nanoseconds wanted_tick() {
  char text[8];
  if (!runtime::command_line_value("tick", text, sizeof text)) return 0;
  u64 milliseconds = 0;
  for (const char* digit = text; *digit != 0; ++digit) {
    if (*digit < '0' || *digit > '9') return 0;
    milliseconds = milliseconds * 10 + static_cast<u64>(*digit - '0');
  }
  return milliseconds <= 1000 ? milliseconds * 1'000'000 : 0;
}

}  // namespace

void join_scheduler() {
  tick_period = wanted_tick();
  runtime::set_handler(runtime::kTimerVector, timer_arrived);
  runtime::set_handler(runtime::kRescheduleVector, reschedule_arrived);
  runtime::set_after_interrupt(after_interrupt);
  const Hold hold(scheduler_lock);
  Core& core = this_core();
  core.idle_thread.state = Thread::State::Running;
  core.idle_thread.started = clock::now();
  core.current = &core.idle_thread;
  runtime::mark<Mark::ThreadSwitch>(&core.idle_thread);
}

void idle() {
  for (;;) {
    runtime::interrupts_off();
    {
      const Hold hold(scheduler_lock);
      reschedule();
    }
    if (!this_core().reschedule) runtime::wait_for_interrupt();
  }
}

Thread& current_thread() {
  return *this_core().current;  // nobody but the thread itself moves it to another processor while it is in
                                // the kernel
}
Process* current_process() { return current_thread().process; }

void make_ready(Thread& thread) {
  const Hold hold(scheduler_lock);
  thread.processor = this_processor().index;
  thread.virtual_time = this_core().queue.base();
  runtime::mark<Mark::ThreadWake>(&thread);
  enqueue(thread);
}

bool must_give_way() { return this_core().reschedule; }

void set_guest_deadline(clock::Nanoseconds deadline) {
  Core& core = this_core();
  if (deadline == core.guest_deadline) return;
  const Hold hold(scheduler_lock);
  core.guest_deadline = deadline;
  set_timer(core);
}

void yield() {
  const Hold hold(scheduler_lock);
  reschedule();
}

void end_thread() {
  scheduler_lock.lock();
  Thread& self = *this_core().current;
  self.state = Thread::State::Ended;
  this_core().ended = &self;
  reschedule();
  runtime::panic("an ended thread runs");
}

void change_space(const Ref<AddressSpace>& space) {
  Ref<AddressSpace> old;
  {
    const Hold hold(scheduler_lock);
    Process& process = *current_thread().process;
    old = process.space;
    process.space = space;
    load_space(this_core(), space.get());
  }
}

void leave_process() {
  const Hold hold(scheduler_lock);
  Core& core = this_core();
  Thread& self = *core.current;
  charge(core, self);
  self.process->container->add_ready(-1);
  self.process = nullptr;
  load_space(core, nullptr);
}

void sleep_until(clock::Nanoseconds deadline) {
  runtime::SpinLock lock;
  WaitQueue queue;
  const Hold hold(lock);
  while (clock::now() < deadline && queue.wait(lock, Waiting::Killable, deadline) == WaitResult::Woken) {
  }
}

void interrupt_threads(Process& process) {
  const Hold hold(scheduler_lock);
  for (Thread* thread = process.threads.front(); thread != nullptr; thread = process.threads.after(*thread)) {
    if (thread->state == Thread::State::Waiting && thread->killable) wake(*thread, WaitResult::Killed);
    if (thread->state == Thread::State::Running) tell(cores[thread->processor]);
  }
}

ProcessorTimes processor_times(unsigned index) {
  const Hold hold(scheduler_lock);
  return cores[index].times;
}

}  // namespace hvlab::kernel

void thread_begins() {
  using namespace hvlab;
  kernel::finish_switch();
  runtime::this_processor().interrupts_were_on = true;
  kernel::scheduler_lock.unlock();
}

// Before ring 3 goes on, with interrupts off.
void leave_kernel(hvlab::runtime::TrapFrame*) {
  using namespace hvlab;
  while (kernel::this_core().reschedule) kernel::yield();
  const kernel::Process* process = kernel::this_core().current->process;
  if (process == nullptr || !process->ending) return;
  runtime::interrupts_on();
  kernel::end_current_thread();
}
