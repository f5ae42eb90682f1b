// What the files about processes share: the tree of them all.
#pragma once

#include "hv-models/kernel/process.hpp"

namespace hvlab::kernel {

/// Guards parents, children, threads, numbers and endings. Taken before the scheduler's lock.
inline constinit runtime::SpinLock tree_lock;
List<Process, AllTag>& all_processes();

/// A process in `container` that is not yet part of the tree; nullptr if a limit or the memory's end is
/// reached.
Process* make_process(const Ref<Container>& container);
/// Makes it part of the tree, with its numbers and its first thread.
void publish(Process& process, Thread& thread, Process* parent);

}  // namespace hvlab::kernel
