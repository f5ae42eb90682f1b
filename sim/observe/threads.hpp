// Threads of an operating system as lanes of a trace: what is said of them, by whom it may be.
#pragma once

#include <string>

#include "sim/base/types.hpp"

namespace hvlab::observe {

/// What a thread does.
enum class ThreadState : u8 {
  Running,   // on a processor
  Ready,     // it could run, and another one does: it was woken, or set aside
  Sleeping,  // waits for something and can be interrupted by a signal
  Blocked,   // waits and cannot be interrupted: for a disk as a rule
  Stopped,   // by a signal or a debugger
  Ended,     // for good
  Count
};

struct ThreadName {
  unsigned number = 0;  // of the recording, from 0, in the order in which threads were first seen
  i32 pid = 0;          // its own
  i32 tgid = 0;         // of its process
  std::string name;     // "comm": up to 15 characters
  unsigned group = 0;   // its container or control group, see GroupName; 0: none
};

/// A container is a pid namespace that is not the system's own; what is in none and in a control group below
/// the root belongs to that group.
struct GroupName {
  unsigned number = 0;  // from 1, in the order in which they were first seen
  bool container = false;
  u32 id = 0;        // a container's: the inode number of its namespace; a control group's: its id
  std::string path;  // of its control group: "/instance1/workload"; a container in none: empty
};

struct ThreadChange {
  unsigned number = 0;
  u8 core = 0;  // where it happened; of Running: that it runs on
  Picoseconds time = 0;
  ThreadState state = ThreadState::Running;
  u64 call = 0;  // the system call that it is in: its number + 1; 0: in none
};

class ThreadWatcher {
 public:
  virtual ~ThreadWatcher() = default;
  /// A thread, before its first change, and whenever its name or group is another one.
  virtual void thread_named(const ThreadName& thread) = 0;
  /// A group, before its first thread, and whenever its path is another one.
  virtual void group_named(const GroupName& group) = 0;
  /// A system call, before the first change that mentions it.
  virtual void call_named(u64 number, const std::string& name) = 0;
  virtual void thread_changed(const ThreadChange& change) = 0;
  /// From `time` on `running` threads of the group run.
  virtual void group_changed(unsigned number, u8 core, Picoseconds time, unsigned running) = 0;
};

}  // namespace hvlab::observe
