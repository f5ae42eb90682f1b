#include "sim/lab/thread_watch.hpp"

#include "sim/lab/guest_memory.hpp"

namespace hvlab::lab {

void ThreadWatch::begin(const observe::LinuxRequests& requests, const observe::LinuxTasks& tasks) {
  threads_.emplace(
      requests, tasks,
      observe::LinuxThreads::Machine{
          .read = [this](unsigned core, u64 address, void* to,
                         size_t bytes) { return peek(machine_, core, address, to, bytes); },
          .area = [this](unsigned core) { return kernel_area(machine_.processors().at(core).state()); },
          .in_guest =
              [this](unsigned core) { return machine_.processors().at(core).state().guest != nullptr; },
          .call_name = [this](u64 number) { return linux_.activity()->view().system_call_name(number); }},
      watcher_);
}

}  // namespace hvlab::lab
