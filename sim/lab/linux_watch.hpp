// Who called what in an unmodified Linux: system calls by process, seen from below.
#pragma once

#include <map>
#include <memory>
#include <string>
#include <tuple>

#include "sim/board/machine.hpp"
#include "sim/observe/event.hpp"
#include "sim/observe/linux_view.hpp"

namespace hvlab::lab {

class LinuxWatch final : public observe::Observer {
 public:
  struct Caller {
    i32 pid = 0;
    std::string name;
    bool operator<(const Caller& other) const {
      return std::tie(pid, name) < std::tie(other.pid, other.name);
    }
  };
  using Calls = std::map<u64, u64>;  // by number

  /// `kernel` is the file that was booted. Nothing is read before the first system call: a boot should not
  /// wait for it.
  LinuxWatch(const board::Machine& machine, std::string kernel)
      : machine_(machine), kernel_(std::move(kernel)) {}

  void on_event(const observe::Event& event) override;

  /// The system calls of each process; pid 0 stands for callers that could not be told.
  const std::map<Caller, Calls>& callers() const { return callers_; }
  /// "openat", or "257" for a kernel that does not tell names.
  std::string call_name(u64 number) const;
  /// "do_idle+0x12", or empty.
  std::string symbol_at(u64 address) const;

 private:
  void learn();
  Caller caller_of(unsigned core) const;

  const board::Machine& machine_;
  std::string kernel_;
  bool learnt_ = false;
  std::optional<observe::LinuxView> view_;
  std::map<Caller, Calls> callers_;
};

}  // namespace hvlab::lab
