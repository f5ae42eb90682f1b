// How processes end, and who learns of it.
#include "hv-models/kernel/futex.hpp"
#include "hv-models/kernel/machine_end.hpp"
#include "hv-models/kernel/process_tree.hpp"
#include "hv-models/kernel/scheduler.hpp"

namespace hvlab::kernel {
namespace {

using runtime::Hold;

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
  for (Process* p = all_processes().front(); p != nullptr; p = all_processes().after(*p)) {
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
  all_processes().remove(child);
}

}  // namespace

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
  for (Process* p = all_processes().front(); p != nullptr; p = all_processes().after(*p)) {
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

}  // namespace hvlab::kernel
