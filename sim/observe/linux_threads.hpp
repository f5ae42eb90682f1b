// Follows the threads of the machine's own Linux: which runs where, why it stopped, which container or
// control group it is in. From the moments at which the kernel changes over and wakes (EventKind::Probe at
// the functions of LinuxRequests), system calls and returns to user mode.
#pragma once

#include <map>
#include <set>

#include "sim/observe/event.hpp"
#include "sim/observe/linux_requests.hpp"
#include "sim/observe/linux_tasks.hpp"

namespace hvlab::observe {

class LinuxThreads final : public Observer {
 public:
  /// How it looks at the machine, without any effect on it.
  struct Machine {
    std::function<bool(unsigned core, u64 address, void* to, size_t bytes)> read;
    /// The base of GS that the kernel uses on `core`: its per-processor area.
    std::function<u64(unsigned core)> area;
    /// True while `core` runs a guest.
    std::function<bool(unsigned core)> in_guest;
    /// "openat" for 257; may be empty.
    std::function<std::string(u64 number)> call_name;
  };

  /// Somebody else sees to it that the functions of `kernel` are probed.
  LinuxThreads(const LinuxRequests& kernel, LinuxTasks tasks, Machine machine, ThreadWatcher& watcher)
      : kernel_(kernel), tasks_(tasks), machine_(std::move(machine)), watcher_(watcher) {}

  void on_event(const Event& event) override;

 private:
  struct Thread {
    ThreadName about;
    u64 group_set = 0;
    u32 space = 0;  // its pid namespace, if that is a container's
    ThreadState state = ThreadState::Ended;
    u32 asleep = 0;  // state bits while it sleeps
    u64 call = 0;    // that it is in, + 1
  };
  struct Group {
    GroupName about;
    unsigned running = 0;
  };

  LinuxTasks::Read reader(unsigned core) const;
  void called(const Event& event);
  void returned(const Event& event);
  void probed(const Event& event);
  void switched(const Event& event);
  void woken(const Event& event);
  Thread* thread_at(u64 task, unsigned core);
  void refresh(u64 task, Thread& thread, unsigned core);
  unsigned group_of(u64 group_set, u32 space, unsigned core);
  void change(Thread& thread, const Event& event, ThreadState state);
  void group_runs(unsigned group, int by, const Event& event);

  const LinuxRequests& kernel_;
  LinuxTasks tasks_;
  Machine machine_;
  ThreadWatcher& watcher_;
  std::optional<u64> slide_;                                // of the machine's own kernel
  std::map<unsigned, u64> current_;                         // task that each core runs; 0 while it is idle
  std::map<u64, Thread> threads_;                           // by task, as long as they live
  std::map<std::pair<bool, u64>, unsigned> group_numbers_;  // by (container, its id)
  std::vector<Group> groups_;                               // by number - 1
  std::set<u64> named_calls_;
  unsigned seen_ = 0;
};

}  // namespace hvlab::observe
