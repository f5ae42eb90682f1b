// How long each virtual processor ran, waited, was held back, had nothing to do: as its hypervisor marks it
// (docs/marks.md).
#pragma once

#include <array>
#include <vector>

#include "sim/observe/vcpu_table.hpp"

namespace hvlab::observe {

/// "running", "ready", "co-stopped", "halted".
const char* name(arch::mark::VcpuState state);

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
  std::map<u64, Vcpu> vcpus_;  // by arch::mark::vcpu_id
  Picoseconds newest_ = 0;
};

}  // namespace hvlab::observe
