// Time that threads had, and which of them runs where.
#include "hv-models/kernel/container.hpp"
#include "hv-models/kernel/core.hpp"
#include "hv-models/kernel/process.hpp"
#include "hv-models/runtime/local_apic.hpp"

namespace hvlab::kernel {
namespace {

namespace clock = runtime::clock;

bool may_run(RunEntry& entry) {
  const Thread& thread = static_cast<Thread&>(entry);
  return thread.process == nullptr || thread.process->container->may_run(clock::now());
}

Core& place_for(const Thread& thread) {
  if (is_idle(cores[thread.processor])) return cores[thread.processor];
  for (unsigned i = 0; i < runtime::processor_count(); ++i) {
    if (is_idle(cores[i]) && cores[i].queue.size() == 0) return cores[i];
  }
  return cores[thread.processor];
}

}  // namespace

void charge(Core& core, Thread& thread) {
  // Clocks of processors differ a little, and it may be another one's thread.
  const u64 now = clock::now(), had = now > thread.started ? now - thread.started : 0;
  thread.started += had;
  if (&thread == &core.idle_thread) {
    core.times.idle += had;
    return;
  }
  core.times.busy += had;
  thread.virtual_time += thread.process != nullptr ? thread.process->container->charge(had, now) : had;
}

void set_timer(Core& core) {
  if (tick_period > 0) {
    if (!core.ticks) clock::interrupt_at(clock::now() + tick_period);
    core.ticks = true;
    return;
  }
  u64 deadline = is_idle(core) ? clock::kNever : core.slice_end;
  if (core.guest_deadline < deadline) deadline = core.guest_deadline;
  if (Thread* first = core.sleepers.front(); first != nullptr && first->deadline < deadline)
    deadline = first->deadline;
  if (core.queue.size() > 0 && is_idle(core)) {  // all in it have used up their share of this period
    const u64 next = Container::next_period(clock::now());
    if (next < deadline) deadline = next;
  }
  clock::interrupt_at(deadline);
}

void add_sleeper(Core& core, Thread& thread) {
  Thread* next = core.sleepers.front();
  while (next != nullptr && next->deadline <= thread.deadline) next = core.sleepers.after(*next);
  core.sleepers.insert_before(thread, next);
}

namespace {

// What the thread that runs there has had since its turn began counts before another one is compared with it.
void bring_up_to_date(Core& core) {
  if (is_idle(core)) return;
  charge(core, *core.current);
  core.queue.advance(core.current->virtual_time);
}

}  // namespace

Thread& choose(Core& core) {
  RunEntry* entry = core.queue.take(may_run);
  for (unsigned i = 0; entry == nullptr && i < runtime::processor_count(); ++i) {
    if (&cores[i] == &core) continue;
    entry = cores[i].queue.take(may_run);
    if (entry == nullptr) continue;
    const u64 ahead =
        entry->virtual_time > cores[i].queue.base() ? entry->virtual_time - cores[i].queue.base() : 0;
    entry->virtual_time = core.queue.base() + ahead;
  }
  return entry != nullptr ? static_cast<Thread&>(*entry) : core.idle_thread;
}

void tell(Core& core) {
  core.reschedule = true;
  const unsigned index = static_cast<unsigned>(&core - cores);
  if (index != runtime::this_processor().index)
    runtime::apic::send(runtime::processor(index).apic_id, runtime::kRescheduleVector);
}

void enqueue(Thread& thread) {
  bring_up_to_date(cores[thread.processor]);
  const u64 base_there = cores[thread.processor].queue.base();
  Core& core = place_for(thread);
  bring_up_to_date(core);
  thread.state = Thread::State::Ready;
  thread.processor = static_cast<unsigned>(&core - cores);
  if (thread.process != nullptr) thread.process->container->add_ready(1);
  core.queue.add(thread, base_there);
  // Whoever runs there goes on until its slice ends, unless it has had much more already.
  const bool behind = thread.virtual_time + RunQueue::kSleeperBonus / 2 < core.current->virtual_time;
  if (is_idle(core) || behind) tell(core);
}

}  // namespace hvlab::kernel
