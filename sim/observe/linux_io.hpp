// Joins a machine's events with what its Linux systems call them: the source of what IoTracker is told. The
// machine's own system and those of its virtual machines are each found by their first system call; all have
// the same kernel.
#pragma once

#include "sim/observe/io_tracker.hpp"
#include "sim/observe/linux_requests.hpp"

namespace hvlab::observe {

class LinuxIo final : public Observer {
 public:
  /// How it looks at the machine, without any effect on it.
  struct Machine {
    /// Reads memory at a linear address as `core` would see it now at CPL 0, in the guest that it runs if it
    /// does.
    std::function<bool(unsigned core, u64 address, void* to, size_t bytes)> read;
    /// The machine's address of the physical page at `page` of the system that `core` runs.
    std::function<std::optional<u64>(unsigned core, u64 page)> resolve;
    /// The base of GS that the kernel uses on `core`: its per-processor area.
    std::function<u64(unsigned core)> area;
    /// The third argument of a function that `core` is about to execute (System V ABI: RDX).
    std::function<u64(unsigned core)> third;
    /// Asks for EventKind::Probe at these addresses.
    std::function<void(std::vector<u64>)> probe;
  };

  LinuxIo(LinuxRequests kernel, IoTracker& tracker, Machine machine)
      : kernel_(std::move(kernel)), tracker_(tracker), machine_(std::move(machine)) {}

  void on_event(const Event& event) override;

  /// Systems whose kernel was found.
  size_t systems() const { return slides_.size(); }

 private:
  void locate(unsigned system, const Event& event);
  void point(unsigned system, const Event& event);
  void submit(unsigned system, const Event& event);
  void depart(const Event& event);
  void arrive(const Event& event);
  void refuse(const Event& event);
  void start(unsigned system, u64 slide, const Event& event);
  u64 thread(unsigned core) const;
  LinuxRequests::Read reader(unsigned core) const;

  LinuxRequests kernel_;
  IoTracker& tracker_;
  Machine machine_;
  std::map<unsigned, u64> slides_;  // by system
  using Key = std::pair<unsigned, u64>;
  std::map<Key, u64> submitters_;  // threads, by system and bio: another thread may go on with it
  std::map<unsigned, std::deque<u64>> flushers_;  // threads that asked for a flush, by system
  std::map<unsigned, unsigned> misses_;           // system calls of systems that have another kernel
};

}  // namespace hvlab::observe
