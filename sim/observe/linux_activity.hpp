// What an unmodified Linux guest does, by its own names: which process made which system call how often.
#pragma once

#include <functional>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "sim/observe/event.hpp"
#include "sim/observe/linux_view.hpp"

namespace hvlab::observe {

class LinuxActivity final : public Observer {
 public:
  /// Reads guest virtual memory as processor `core` would with supervisor rights, without side effects on the
  /// guest.
  using Read = std::function<bool(unsigned core, u64 address, void* to, size_t bytes)>;

  struct SystemCall {
    u64 number = 0;
    std::string name;  // "openat"; "#1234" for a number that the kernel does not know
    u64 count = 0;
  };
  struct Process {
    i32 tgid = 0;
    std::string name;  // a process that executes another program appears under each of its names
    u64 system_calls = 0;
    std::vector<SystemCall> calls;  // in the order of numbers
  };

  LinuxActivity(LinuxView view, Read read) : view_(std::move(view)), read_(std::move(read)) {}

  /// Takes every event; looks at EventKind::SystemCall whose target is the kernel's 64-bit entry. The first
  /// one tells where the kernel is.
  void on_event(const Event& event) override;

  /// All calls, most frequent first; equal counts in the order of numbers.
  std::vector<SystemCall> system_calls() const;
  /// In the order of process ids, then names.
  std::vector<Process> processes() const;

  const LinuxView& view() const { return view_; }

 private:
  LinuxView view_;
  Read read_;
  u64 entry_ = 0;                     // where SYSCALL enters the located kernel
  using Counts = std::map<u64, u64>;  // by number
  SystemCall call(u64 number, u64 count) const;
  Counts calls_;
  std::map<std::pair<i32, std::string>, Counts> processes_;
};

}  // namespace hvlab::observe
