// Who called what in an unmodified Linux: system calls by process, seen from below.
#pragma once

#include <optional>
#include <string>

#include "sim/board/machine.hpp"
#include "sim/observe/event.hpp"
#include "sim/observe/linux_activity.hpp"
#include "sim/observe/linux_requests.hpp"
#include "sim/observe/linux_tasks.hpp"

namespace hvlab::lab {

class LinuxWatch final : public observe::Observer {
 public:
  /// `kernel` is the file that was booted. Nothing is read before the first system call: a boot should not
  /// wait for it.
  LinuxWatch(const board::Machine& machine, std::string kernel)
      : machine_(machine), kernel_(std::move(kernel)) {}

  /// Looks at system calls of the machine's own system; those of its guests are theirs.
  void on_event(const observe::Event& event) override;

  /// Null before the first system call, and for a kernel that carries no symbols.
  const observe::LinuxActivity* activity() const { return activity_ ? &*activity_ : nullptr; }
  /// What its kernel calls its block requests; nothing before the first system call, or if it does not say.
  const std::optional<observe::LinuxRequests>& requests() const { return requests_; }
  /// What it keeps about its threads; nothing before the first system call, or if it does not say.
  const std::optional<observe::LinuxTasks>& tasks() const { return tasks_; }
  /// "do_idle+0x12", or empty.
  std::string symbol_at(u64 address) const;

 private:
  void learn();

  const board::Machine& machine_;
  std::string kernel_;
  bool learnt_ = false;
  std::optional<observe::LinuxActivity> activity_;
  std::optional<observe::LinuxRequests> requests_;
  std::optional<observe::LinuxTasks> tasks_;
};

}  // namespace hvlab::lab
