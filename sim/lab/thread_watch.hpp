// Which threads of the machine's own Linux run where, for whoever records them.
#pragma once

#include <optional>

#include "sim/board/machine.hpp"
#include "sim/lab/linux_watch.hpp"
#include "sim/observe/linux_threads.hpp"

namespace hvlab::lab {

class ThreadWatch final : public observe::Observer {
 public:
  /// `kernel` knows its symbols; it gets each event first. Somebody has to ask for the probes of its requests
  /// (IoWatch does).
  ThreadWatch(const board::Machine& machine, const LinuxWatch& kernel, observe::ThreadWatcher& watcher)
      : machine_(machine), linux_(kernel), watcher_(watcher) {}

  void on_event(const observe::Event& event) override {
    const auto& requests = linux_.requests();
    const auto& tasks = linux_.tasks();
    if (!threads_ && requests && tasks) begin(*requests, *tasks);
    if (threads_) threads_->on_event(event);
  }

 private:
  void begin(const observe::LinuxRequests& requests, const observe::LinuxTasks& tasks);

  const board::Machine& machine_;
  const LinuxWatch& linux_;
  observe::ThreadWatcher& watcher_;
  std::optional<observe::LinuxThreads> threads_;
};

}  // namespace hvlab::lab
