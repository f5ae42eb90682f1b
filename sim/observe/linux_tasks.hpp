// What an unmodified Linux keeps about a thread: its task_struct, read from outside.
#pragma once

#include <functional>
#include <optional>
#include <string>

#include "sim/observe/elf.hpp"
#include "sim/observe/threads.hpp"

namespace hvlab::observe {

class LinuxTasks {
 public:
  /// Reads kernel memory.
  using Read = std::function<bool(u64 address, void* to, size_t bytes)>;

  /// Learns from the BTF of `vmlinux` where members are. Nothing if it lacks what threads alone need; without
  /// namespaces or control groups (a kernel may be built so) there are no groups.
  static std::optional<LinuxTasks> from_vmlinux(Bytes vmlinux);

  struct Identity {
    i32 pid = 0, tgid = 0;
    std::string name;  // printable
    bool operator==(const Identity&) const = default;
  };
  /// Nothing if the memory is not there.
  std::optional<Identity> identity(u64 task, const Read& read) const;

  /// Inode number of the pid namespace that `task` is in; 0: the system's own.
  u32 namespace_of(u64 task, const Read& read) const;

  /// What `task` is in of control groups, as an address that is the same as long as it stays: its css_set.
  u64 group_set(u64 task, const Read& read) const;
  /// Its control group of the unified hierarchy, and that group's path ("" for the root).
  u64 group_id(u64 group_set, const Read& read) const;
  std::string group_path(u64 group_set, const Read& read) const;

  /// What becomes of `task`, which a processor just turns away from.
  ThreadState state_after(u64 task, const Read& read) const;
  /// The state bits of a task that sleeps: what try_to_wake_up()'s second argument is matched with.
  u32 state_bits(u64 task, const Read& read) const;

 private:
  struct Offsets {
    u32 pid, tgid, name, name_bytes, state, queued;          // struct task_struct
    u32 thread_pid, level, numbers, number_bytes, ns, inum;  // to the pid namespace
    u32 sets, group, node, node_name, node_parent, node_id;  // to the control group
  };
  u64 node(u64 group_set, const Read& read) const;

  Offsets at_{};
  bool namespaces_ = false, groups_ = false;
};

}  // namespace hvlab::observe
