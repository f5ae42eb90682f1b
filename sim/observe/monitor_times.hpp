// For which virtual machine programs worked, and how long: a host's VMM processes, told by who enters guests,
// and programs of the management VM, which say it by marks (docs/marks.md).
#pragma once

#include "sim/observe/vcpu_table.hpp"

namespace hvlab::observe {

class MonitorTimes final : public Observer {
 public:
  /// Times are told in cycles of `frequency_hz`.
  explicit MonitorTimes(u64 frequency_hz) : frequency_hz_(frequency_hz) {}

  void on_event(const Event& event) override;

  /// Of one virtual machine: parts of the accounts vmm-process and management-vm-user.
  struct Cycles {
    u64 vmm_process = 0, management_user = 0;
  };
  /// By machine. Time in progress is not counted.
  const std::map<unsigned, Cycles>& cycles() const { return cycles_; }

 private:
  struct Core {
    u64 block = 0;           // of the guest that runs, else 0
    u64 host_space = 0;      // last CR3 outside guests
    unsigned works_for = 0;  // the machine that the program that runs works for; 0: none, or none runs
    u64 since = 0;           // cycle
  };
  struct Guest {
    u64 space = 0;  // last CR3
    bool user = false;
  };
  using Space = std::pair<unsigned, u64>;  // system (0: the machine's own), top-level table

  void begin(Core& core, const Event& event);
  void end(Core& core, const Event& event);
  void enter(Core& core, const Event& event);
  void take(const Mark& mark, const Core& core);
  u64 cycle(const Event& event) const;

  u64 frequency_hz_;
  MarkReader reader_;
  VcpuTable table_;
  unsigned management_ = 0;
  std::map<unsigned, Core> cores_;
  std::map<u64, Guest> guests_;  // by control block
  std::map<u64, unsigned> machine_of_block_;
  std::map<Space, unsigned> works_for_;
  std::map<unsigned, Cycles> cycles_;
};

}  // namespace hvlab::observe
