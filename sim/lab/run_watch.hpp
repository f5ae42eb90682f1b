// Everything that listens to the events of one run.
#pragma once

#include <optional>
#include <string>

#include "sim/lab/console_marks.hpp"
#include "sim/lab/io_watch.hpp"
#include "sim/lab/linux_watch.hpp"
#include "sim/lab/thread_watch.hpp"
#include "sim/lab/work_windows.hpp"
#include "sim/observe/exit_totals.hpp"
#include "sim/observe/monitor_times.hpp"
#include "sim/observe/vcpu_states.hpp"
#include "sim/observe/vcpu_waits.hpp"

namespace hvlab::lab {

class RunWatch final : public observe::Observer {
 public:
  /// `kernel` is the Linux that was booted; empty if it was something else. `requests`, if it is open, gets
  /// the list of requests.
  RunWatch(board::Machine& machine, const std::string& kernel, std::ofstream* requests)
      : exits_(machine.processors().frequency().hertz),
        monitors_(machine.processors().frequency().hertz),
        waits_(exits_),
        windows_(machine, exits_, waits_) {
    if (!kernel.empty()) linux_.emplace(machine, kernel);
    if (linux_) threads_.emplace(machine, *linux_, waits_);
    io_.emplace(machine, linux_ ? &*linux_ : nullptr, requests);
  }

  void on_event(const observe::Event& event) override {
    if (linux_) linux_->on_event(event);
    if (io_) io_->on_event(event);
    if (threads_) threads_->on_event(event);
    if (event.kind == observe::EventKind::Probe) return;
    exits_.on_event(event);
    vcpus_.on_event(event);
    waits_.on_event(event);
    monitors_.on_event(event);
    marks_.on_event(event);
    windows_.on_event(event);
    if (firmware_log_ != nullptr) firmware_log_->on_event(event);
    if (exit_log_ != nullptr) exit_log_->on_event(event);
    if (more_ != nullptr) more_->on_event(event);
  }

  /// Passes every event on to `more` as well; null for nobody.
  void forward_to(observe::Observer* more) { more_ = more; }

  /// Tells `watcher` of the threads of the machine's own system, if that is a Linux.
  void watch_threads(observe::ThreadWatcher& watcher) { waits_.forward_to(&watcher); }

  /// Passes every event on to the list of exits, after the totals have seen it.
  void log_exits(observe::Observer* log) { exit_log_ = log; }

  /// The same for the list of what firmware says.
  void log_firmware(observe::Observer* log) { firmware_log_ = log; }

  /// Null if no Linux was booted.
  const LinuxWatch* guest() const { return linux_ ? &*linux_ : nullptr; }
  const IoWatch* io() const { return io_ ? &*io_ : nullptr; }
  /// To be called once after the run.
  void finish() {
    if (io_) io_->finish();
  }
  const observe::ExitTotals& exits() const { return exits_; }
  const observe::VcpuStates& vcpus() const { return vcpus_; }
  const observe::MonitorTimes& monitors() const { return monitors_; }
  const ConsoleMarks& marks() const { return marks_; }
  const WorkWindows& windows() const { return windows_; }

 private:
  std::optional<LinuxWatch> linux_;
  std::optional<IoWatch> io_;
  std::optional<ThreadWatch> threads_;
  observe::ExitTotals exits_;
  observe::VcpuStates vcpus_;
  observe::MonitorTimes monitors_;
  ConsoleMarks marks_;
  observe::VcpuWaits waits_;
  WorkWindows windows_;
  observe::Observer *exit_log_ = nullptr, *firmware_log_ = nullptr;
  observe::Observer* more_ = nullptr;
};

}  // namespace hvlab::lab
