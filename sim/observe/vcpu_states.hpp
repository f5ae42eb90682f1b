// How long each virtual processor ran, waited, was held back, had nothing to do: as its hypervisor marks it
// (docs/marks.md).
#pragma once

#include <array>
#include <vector>

#include "sim/observe/vcpu_table.hpp"

namespace hvlab::observe {

/// "running", "ready", "co-stopped", "halted", "blocked".
const char* name(arch::mark::VcpuState state);

/// Tells from marks when virtual processors change their states. One that a thread of a host's kernel marks
/// as running runs only while that thread does; it is blocked while the thread sleeps, and ready otherwise.
/// Halted or blocked, it is ready once its thread is woken.
class VcpuStateReader {
 public:
  struct Change {
    u64 vcpu = 0;  // arch::mark::vcpu_id
    arch::mark::VcpuState state{};
    u8 core = 0;
    Picoseconds time = 0;
  };
  /// What `mark` means; the reference is good until the next call. All marks may be given.
  const std::vector<Change>& read(const Mark& mark);

 private:
  using State = arch::mark::VcpuState;
  void thread_runs(u64 thread, const Mark& mark);
  void thread_leaves(u64 thread, bool sleeps, const Mark& mark);
  void set(u64 vcpu, State state, const Mark& mark);

  std::vector<Change> changes_;
  std::map<u8, u64> running_;          // threads, by processor
  std::map<u64, u64> vcpu_of_thread_;  // by thread
  std::map<u64, State> states_;        // by arch::mark::vcpu_id
};

class VcpuStates final : public Observer {
 public:
  void on_event(const Event& event) override;

  struct Times {
    unsigned vm = 0, vcpu = 0;
    std::array<Picoseconds, static_cast<size_t>(arch::mark::VcpuState::Count)> time{};
  };
  /// By machine and processor; only those that were marked. The state in progress lasts until the last event.
  std::vector<Times> times() const;

 private:
  struct Vcpu {
    Times times;
    arch::mark::VcpuState state{};
    Picoseconds since = 0;
    void pass(Picoseconds now);
  };
  MarkReader marks_;
  VcpuStateReader reader_;
  std::map<u64, Vcpu> vcpus_;  // by arch::mark::vcpu_id
  Picoseconds newest_ = 0;
};

}  // namespace hvlab::observe
