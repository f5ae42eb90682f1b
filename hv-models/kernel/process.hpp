// A process: memory, files, a place in the folders, and threads.
#pragma once

#include "hv-models/kernel/address_space.hpp"
#include "hv-models/kernel/container.hpp"
#include "hv-models/kernel/open_file.hpp"
#include "hv-models/kernel/path.hpp"
#include "hv-models/kernel/thread.hpp"

namespace hvlab::kernel {

struct ChildTag {};
struct AllTag {};

struct Process : Counted, Link<ChildTag>, Link<AllTag> {
  char name[16] = {};
  u32 ids[kMostLevels] = {};  // by level of the space that asks
  Process* parent = nullptr;
  List<Process, ChildTag> children;
  List<Thread, MemberTag> threads;
  Ref<AddressSpace> space;
  Ref<Container> container;
  // What one thread may change while another one uses it: copied and exchanged whole, under the lock.
  runtime::SpinLock place_lock;
  Ref<Container> children_container;  // of processes that it makes from now on
  FileTable files;
  Place place;
  Ref<Node> program;
  bool ending = false;  // its threads end as soon as they would return to ring 3
  bool ended = false;   // a zombie: only its status is left
  int status = 0;       // as wait4() gives it: exit value << 8, or the signal's number
  WaitQueue child_ended;

  /// Its number as seen in `space`; 0 if it is not visible there.
  u32 id_in(const PidSpace& space) const;
};

/// Copies of what place_lock guards, and a new place; what was there before is let go without the lock.
Place place_of(Process& process);
Ref<Container> children_container_of(Process& process);
void set_place(Process& process, const Place& place);
void set_children_container(Process& process, const Ref<Container>& container);

/// The number of the calling process's parent, as it sees it; 0 if it does not.
u32 parent_id();
/// The number of the calling process, in its own space.
u32 own_id(const Process& process);

/// The first process: `line` is its program's path and arguments, divided by blanks. Panics if it cannot be
/// started.
void start_first_process(const char* line);

/// A copy of the calling process whose program goes on with `frame`: its number as the caller sees it, or an
/// Error.
i64 fork_process(const runtime::TrapFrame& frame, u64 child_clear_at_end, u64 child_set_id);
/// Another thread of the calling process: its number or an Error. On success the word at `set_id` in the
/// process's memory, unless 0, holds the number before the thread runs.
i64 start_thread(const runtime::TrapFrame& frame, u64 fs_base, u64 clear_at_end, u64 set_id);

/// Waits for a child to end (`id` as the caller sees it, -1: any): its number, or 0 if none has and
/// `no_wait`.
i64 wait_for_child(i64 id, bool no_wait, int& status);
/// Ends a process: `status` as wait4() gives it. Its threads end when they next would be in ring 3.
void end_process(Process& process, int status);
/// Ends the process that the caller knows by `id`.
int kill_process(i64 id, int signal);
/// The calling thread ends, with the process if it is the last. Not with a lock held.
[[noreturn]] void end_current_thread();

/// exec: replaces the calling process's program. `arguments` and `environment`: strings behind each other,
/// each with its 0. Returns only on failure, or 0 with the new program's registers in `frame`.
struct Strings {
  char* bytes = nullptr;
  size_t length = 0;
  unsigned count = 0;
};
int execute(const char* path, const Strings& arguments, const Strings& environment,
            runtime::TrapFrame& frame);

}  // namespace hvlab::kernel
