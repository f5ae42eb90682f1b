#include "hv-models/kernel/process.hpp"

#include "hv-models/kernel/device_files.hpp"
#include "hv-models/kernel/futex.hpp"
#include "hv-models/kernel/machine_end.hpp"
#include "hv-models/kernel/memory.hpp"
#include "hv-models/kernel/network_space.hpp"
#include "hv-models/kernel/scheduler.hpp"
#include "hv-models/runtime/panic.hpp"
#include "hv-models/runtime/print.hpp"

namespace hvlab::kernel {
namespace {

using runtime::Hold;

runtime::SpinLock tree_lock;  // parents, children, threads, numbers, endings
List<Process, AllTag> all;

void discard(Process* process) {
  if (process->container) process->container->give_back_process();
  delete process;
}

// Numbers in its container's space and all around it.
void number(Process& process) {
  for (PidSpace* space = process.container->pids.get(); space != nullptr; space = space->parent.get()) {
    process.ids[space->level] = space->next++;
    if (process.ids[space->level] == 1) space->first = &process;
  }
}

// Makes `process` with its first thread part of the system.
void publish(Process& process, Thread& thread, Process* parent) {
  thread.process = &process;
  {
    const Hold hold(tree_lock);
    number(process);
    process.parent = parent;
    if (parent != nullptr) parent->children.push_back(process);
    all.push_back(process);
    process.threads.push_back(thread);
  }
  thread.id = own_id(process);
}

Process* make_process(const Ref<Container>& container) {
  if (!container->take_process()) return nullptr;
  Process* process = new (std::nothrow) Process;
  if (process == nullptr) {
    container->give_back_process();
    return nullptr;
  }
  process->container = process->children_container = container;
  return process;
}

// Lock held.
Process* heir_of(Process& process) {
  for (PidSpace* space = process.container->pids.get(); space != nullptr; space = space->parent.get()) {
    if (space->first != nullptr && space->first != &process && !space->first->ending) return space->first;
  }
  return nullptr;
}

void give_children_away(Process& process) {
  Process* heir = heir_of(process);
  while (Process* child = process.children.pop_front()) {
    child->parent = heir;
    if (heir == nullptr) continue;
    heir->children.push_back(*child);
    if (child->ended) heir->child_ended.wake_all();
  }
}

// Number 1 of a space takes all others in it with it: who would wait for them?
void end_space(Process& first) {
  const unsigned level = first.container->pids->level;
  for (Process* p = all.front(); p != nullptr; p = all.after(*p)) {
    if (p == &first || p->ending || p->id_in(*first.container->pids) == 0) continue;
    p->ending = true;
    p->status = 9;
    interrupt_threads(*p);
  }
  if (level == 0 && first.container->pids->first == &first) end_machine(first.status);
}

// By its last thread, which is already the kernel's own.
void finish(Process& process) {
  process.files.close_all();
  process.space = {};
  process.program = {};
  process.place.root = {};
  process.container->give_back_process();
  const Hold hold(tree_lock);
  PidSpace& pids = *process.container->pids;
  if (pids.first == &process) {
    end_space(process);
    pids.first = nullptr;
  }
  give_children_away(process);
  process.ended = true;
  if (process.parent != nullptr) process.parent->child_ended.wake_all();
}

// Lock held. The memory is freed by the caller, without it.
void unlink(Process& child) {
  child.parent->children.remove(child);
  all.remove(child);
}

void begin_first_process(void* line) {
  char words[1024] = {};
  Strings arguments{words};
  for (const char* at = static_cast<const char*>(line); *at != 0 && arguments.length + 2 < sizeof words;
       ++at) {
    if (*at == ' ') continue;
    words[arguments.length++] = *at;
    if (at[1] != ' ' && at[1] != 0) continue;
    words[arguments.length++] = 0;
    ++arguments.count;
  }
  const int result = execute(words, arguments, {}, current_thread().frame());
  if (result < 0) runtime::panic("cannot start %s: error %d", words, result);
  // Returns to begin_thread, and from there to ring 3.
}

}  // namespace

u32 Process::id_in(const PidSpace& asking) const {
  for (const PidSpace* s = container->pids.get(); s != nullptr; s = s->parent.get()) {
    if (s == &asking) return ids[s->level];
  }
  return 0;
}

u32 own_id(const Process& process) { return process.ids[process.container->pids->level]; }

i64 fork_process(const runtime::TrapFrame& frame, u64 child_clear_at_end, u64 child_set_id) {
  Thread& self = current_thread();
  Process& parent = *self.process;
  Process* child = make_process(parent.children_container);
  if (child == nullptr) return kAgain;
  child->space = Ref<AddressSpace>::take(parent.space->fork(child->container));
  Thread* thread = child->space ? create_user_thread(frame) : nullptr;
  if (thread == nullptr) {
    discard(child);
    return kNoMemory;
  }
  memcpy(child->name, parent.name, sizeof child->name);
  child->files.copy_from(parent.files);
  child->place = parent.place;
  child->program = parent.program;
  thread->frame().rax = 0;
  thread->fs_base = self.fs_base;
  thread->clear_at_end = child_clear_at_end;
  asm volatile("fxsave64 %0" : "=m"(thread->fpu));
  publish(*child, *thread, &parent);
  const u32 inside = own_id(*child);
  if (child_set_id != 0) child->space->copy_out(child_set_id, &inside, sizeof inside);
  const u32 id = child->id_in(*parent.container->pids);
  make_ready(*thread);
  return id;
}

i64 start_thread(const runtime::TrapFrame& frame, u64 fs_base, u64 clear_at_end, u64 set_id) {
  Thread& self = current_thread();
  Process& process = *self.process;
  Thread* thread = create_user_thread(frame);
  if (thread == nullptr) return kNoMemory;
  thread->frame().rax = 0;
  thread->fs_base = fs_base;
  thread->clear_at_end = clear_at_end;
  thread->process = &process;
  asm volatile("fxsave64 %0" : "=m"(thread->fpu));
  {
    const Hold hold(tree_lock);
    if (process.ending) {
      thread->process = nullptr;
    } else {
      for (PidSpace* s = process.container->pids.get(); s != nullptr; s = s->parent.get())
        thread->id = s->next++;
      process.threads.push_back(*thread);
    }
  }
  if (thread->process == nullptr) {
    free_thread(thread);
    return kInterrupted;
  }
  if (set_id != 0) process.space->copy_out(set_id, &thread->id, sizeof thread->id);
  const u32 id = thread->id;
  make_ready(*thread);
  return id;
}

i64 wait_for_child(i64 id, bool no_wait, int& status) {
  Process& self = *current_process();
  Process* found = nullptr;
  u32 number = 0;
  {
    const Hold hold(tree_lock);
    for (;;) {
      bool any = false;
      for (Process* c = self.children.front(); c != nullptr && found == nullptr;
           c = self.children.after(*c)) {
        number = c->id_in(*self.container->pids);
        if (id > 0 && id != number) continue;
        any = true;
        if (c->ended) found = c;
      }
      if (found != nullptr) break;
      if (!any) return kNoChild;
      if (no_wait) return 0;
      if (self.child_ended.wait(tree_lock) == WaitResult::Killed) return kInterrupted;
    }
    unlink(*found);
  }
  status = found->status;
  delete found;
  return number;
}

void end_process(Process& process, int status) {
  const Hold hold(tree_lock);
  if (process.ending) return;
  process.ending = true;
  process.status = status;
  interrupt_threads(process);
}

int kill_process(i64 id, int signal) {
  constexpr int kMostSignals = 64;
  if (signal < 0 || signal > kMostSignals) return kInvalid;
  const Process& self = *current_process();
  const Hold hold(tree_lock);
  for (Process* p = all.front(); p != nullptr; p = all.after(*p)) {
    if (p->ended || id <= 0 || p->id_in(*self.container->pids) != id) continue;
    if (signal == 0 || p->ending) return 0;
    p->ending = true;
    p->status = signal;
    interrupt_threads(*p);
    return 0;
  }
  return kNoProcess;
}

void end_current_thread() {
  Thread& self = current_thread();
  Process& process = *self.process;
  if (self.clear_at_end != 0) {
    const u32 zero = 0;
    process.space->copy_out(self.clear_at_end, &zero, sizeof zero);
    wake_futex(*process.space, self.clear_at_end, 1);
  }
  leave_process();
  bool last = false;
  {
    const Hold hold(tree_lock);
    process.threads.remove(self);
    last = process.threads.empty();
    if (last) process.ending = true;
  }
  if (last) finish(process);
  end_thread();
}

void start_first_process(const char* line) {
  Ref<Container> system = Ref<Container>::take(new (std::nothrow) Container);
  if (system) system->pids = Ref<PidSpace>::take(new (std::nothrow) PidSpace);
  if (system) system->network = system_network();
  Process* process = system && system->pids ? make_process(system) : nullptr;
  Thread* thread = process != nullptr ? create_thread(begin_first_process, const_cast<char*>(line)) : nullptr;
  if (thread == nullptr) runtime::panic("no memory for the first process");
  process->space = Ref<AddressSpace>::take(AddressSpace::create(system));
  process->place.root = root_folder();
  for (int i = 0; i < 3; ++i) process->files.add(open_console());
  publish(*process, *thread, nullptr);
  make_ready(*thread);
}

}  // namespace hvlab::kernel
