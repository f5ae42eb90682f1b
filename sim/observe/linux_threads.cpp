#include "sim/observe/linux_threads.hpp"

#include <algorithm>

namespace hvlab::observe {

namespace {

// arch/x86/entry/syscalls/syscall_64.tbl: calls after which a thread may have another name.
constexpr u64 kExecve = 59, kPrctl = 157, kExecveat = 322;

bool may_rename(u64 call) { return call == kExecve + 1 || call == kExecveat + 1 || call == kPrctl + 1; }

}  // namespace

LinuxTasks::Read LinuxThreads::reader(unsigned core) const {
  return
      [this, core](u64 address, void* to, size_t bytes) { return machine_.read(core, address, to, bytes); };
}

void LinuxThreads::on_event(const Event& event) {
  switch (event.kind) {
    case EventKind::Probe: return probed(event);
    case EventKind::SystemCall: return called(event);
    case EventKind::RingChange:
      if (event.b == 3) returned(event);
      return;
    default: return;
  }
}

void LinuxThreads::called(const Event& event) {
  if (machine_.in_guest(event.core)) return;
  if (!slide_) {
    const auto slide = kernel_.slide_of(event.b);
    if (!slide || !kernel_.runs_at(*slide, reader(event.core))) return;
    slide_ = slide;
  }
  if (!current_.contains(event.core)) {
    const u64 task = kernel_.current_thread(machine_.area(event.core), reader(event.core));
    Thread* thread = thread_at(task, event.core);
    current_[event.core] = thread == nullptr ? 0 : task;
    if (thread != nullptr) change(*thread, event, ThreadState::Running);
  }
  const auto found = threads_.find(current_[event.core]);
  if (found == threads_.end()) return;
  found->second.call = event.a + 1;
  if (named_calls_.insert(event.a).second) watcher_.call_named(event.a, machine_.call_name(event.a));
}

void LinuxThreads::returned(const Event& event) {
  const auto on = current_.find(event.core);
  if (on == current_.end() || on->second == 0 || machine_.in_guest(event.core)) return;
  const auto found = threads_.find(on->second);
  if (found == threads_.end()) return;
  Thread& thread = found->second;
  const bool renamed = may_rename(thread.call);
  thread.call = 0;
  if (renamed) refresh(found->first, thread, event.core);
}

void LinuxThreads::probed(const Event& event) {
  if (!slide_ || machine_.in_guest(event.core)) return;
  const auto point = kernel_.point_at(event.rip - *slide_);
  if (point == LinuxRequests::Point::Switch) return switched(event);
  if (point == LinuxRequests::Point::Wake) return woken(event);
}

// __switch_to(from, to)
void LinuxThreads::switched(const Event& event) {
  if (Thread* from = thread_at(event.a, event.core); from != nullptr) {
    const auto read = reader(event.core);
    const ThreadState state = tasks_.state_after(event.a, read);
    from->asleep = tasks_.state_bits(event.a, read);
    change(*from, event, state);
    if (state == ThreadState::Ended) threads_.erase(event.a);
  }
  Thread* to = thread_at(event.b, event.core);
  current_[event.core] = to == nullptr ? 0 : event.b;
  if (to == nullptr) return;
  refresh(event.b, *to, event.core);
  change(*to, event, ThreadState::Running);
}

// try_to_wake_up(thread, states that it is to be woken from), wake_up_new_task(thread)
void LinuxThreads::woken(const Event& event) {
  const bool known = threads_.contains(event.a);
  Thread* thread = thread_at(event.a, event.core);
  if (thread == nullptr) return;
  if (known && (thread->state == ThreadState::Running || thread->state == ThreadState::Ready)) return;
  if (known && (thread->asleep & event.b) == 0) return;
  change(*thread, event, ThreadState::Ready);
}

/// The thread of that task_struct; null for a processor's idle thread, or if it cannot be read. A structure
/// may be used again, by a thread with another pid.
LinuxThreads::Thread* LinuxThreads::thread_at(u64 task, unsigned core) {
  if (const auto found = threads_.find(task); found != threads_.end()) return &found->second;
  const auto read = reader(core);
  const auto identity = task == 0 ? std::nullopt : tasks_.identity(task, read);
  if (!identity || identity->pid == 0) return nullptr;
  Thread& thread = threads_[task];
  thread.about.number = seen_++;
  thread.about.pid = identity->pid;
  thread.space = tasks_.namespace_of(task, read);
  refresh(task, thread, core);
  return &thread;
}

// Names change by exec, groups as somebody moves the thread: that shows when it next runs.
void LinuxThreads::refresh(u64 task, Thread& thread, unsigned core) {
  const auto read = reader(core);
  const auto identity = tasks_.identity(task, read);
  if (!identity) return;
  const u64 set = tasks_.group_set(task, read);
  const bool fresh = thread.about.tgid == 0;
  const bool moved = fresh || (set != thread.group_set && thread.state != ThreadState::Running);
  if (!moved && identity->name == thread.about.name) return;
  if (moved) {
    thread.group_set = set;
    thread.about.group = group_of(set, thread.space, core);
  }
  thread.about.tgid = identity->tgid;
  thread.about.name = identity->name;
  watcher_.thread_named(thread.about);
}

unsigned LinuxThreads::group_of(u64 group_set, u32 space, unsigned core) {
  const auto read = reader(core);
  const std::string path = tasks_.group_path(group_set, read);
  if (space == 0 && path.empty()) return 0;
  const u64 id = space != 0 ? space : tasks_.group_id(group_set, read);
  const auto [place, fresh] =
      group_numbers_.emplace(std::pair(space != 0, id), static_cast<unsigned>(groups_.size() + 1));
  if (fresh) groups_.push_back({{place->second, space != 0, static_cast<u32>(id), ""}, 0});
  GroupName& group = groups_[place->second - 1].about;
  if (fresh || group.path != path) {
    group.path = path;
    watcher_.group_named(group);
  }
  return place->second;
}

void LinuxThreads::change(Thread& thread, const Event& event, ThreadState state) {
  if (state == thread.state) return;
  const bool ran = thread.state == ThreadState::Running, runs = state == ThreadState::Running;
  thread.state = state;
  watcher_.thread_changed({thread.about.number, event.core, event.time, state, thread.call});
  if (ran != runs && thread.about.group != 0) group_runs(thread.about.group, runs ? 1 : -1, event);
}

void LinuxThreads::group_runs(unsigned number, int by, const Event& event) {
  Group& group = groups_[number - 1];
  group.running += static_cast<unsigned>(by);
  watcher_.group_changed(number, event.core, event.time, group.running);
}

}  // namespace hvlab::observe
