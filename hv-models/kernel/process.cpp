// Making processes and threads.
#include "hv-models/kernel/memory.hpp"
#include "hv-models/kernel/process_tree.hpp"
#include "hv-models/kernel/scheduler.hpp"

namespace hvlab::kernel {
namespace {

using runtime::Hold;

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

}  // namespace

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

void publish(Process& process, Thread& thread, Process* parent) {
  thread.process = &process;
  {
    const Hold hold(tree_lock);
    number(process);
    process.parent = parent;
    if (parent != nullptr) parent->children.push_back(process);
    all_processes().push_back(process);
    process.threads.push_back(thread);
  }
  thread.id = own_id(process);
}

List<Process, AllTag>& all_processes() {
  static List<Process, AllTag> all;
  return all;
}

u32 Process::id_in(const PidSpace& asking) const {
  for (const PidSpace* s = container->pids.get(); s != nullptr; s = s->parent.get()) {
    if (s == &asking) return ids[s->level];
  }
  return 0;
}

Place place_of(Process& process) {
  const Hold hold(process.place_lock);
  return process.place;
}

Ref<Container> children_container_of(Process& process) {
  const Hold hold(process.place_lock);
  return process.children_container;
}

void set_place(Process& process, const Place& place) {
  Ref<Node> old;
  const Hold hold(process.place_lock);
  old = process.place.root;  // a second user, so that the assignment below does not let go of the last
  process.place = place;
}

void set_children_container(Process& process, const Ref<Container>& container) {
  Ref<Container> old;
  const Hold hold(process.place_lock);
  old = process.children_container;
  process.children_container = container;
}

u32 parent_id() {
  const Process& self = *current_process();
  const Hold hold(tree_lock);  // or the parent could end, and be freed, in between
  return self.parent != nullptr ? self.parent->id_in(*self.container->pids) : 0;
}

u32 own_id(const Process& process) { return process.ids[process.container->pids->level]; }

i64 fork_process(const runtime::TrapFrame& frame, u64 child_clear_at_end, u64 child_set_id) {
  Thread& self = current_thread();
  Process& parent = *self.process;
  Process* child = make_process(children_container_of(parent));
  if (child == nullptr) return kAgain;
  child->space = Ref<AddressSpace>::take(parent.space->fork(child->container));
  Thread* thread = child->space ? create_user_thread(frame) : nullptr;
  if (thread == nullptr) {
    discard(child);
    return kNoMemory;
  }
  memcpy(child->name, parent.name, sizeof child->name);
  child->files.copy_from(parent.files);
  child->place = place_of(parent);
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

}  // namespace hvlab::kernel
