// Exits of guests by virtual machine, virtual processor and reason, with the cycles until the guest ran
// again: the columns of `perf kvm stat`, from the processor's own events and without help from the software.
//
// A hypervisor in a guest runs its guests by exits too: the host enters them in its place, under control
// blocks and nested roots of their own, so that they are machines like others. That they are inside another
// one is told from their first entry, which follows an exit of the other one's VMRUN, VMLAUNCH or VMRESUME.
#pragma once

#include <map>
#include <tuple>
#include <vector>

#include "sim/observe/event.hpp"
#include "sim/observe/exit.hpp"
#include "sim/observe/vcpu_table.hpp"

namespace hvlab::observe {

class ExitTotals final : public Observer {
 public:
  /// `frequency_hz` of the processors: handling times are told in their cycles.
  explicit ExitTotals(u64 frequency_hz) : frequency_hz_(frequency_hz) {}

  void on_event(const Event& event) override;

  struct Row {
    unsigned vm = 0;    // 1 is the first virtual machine that ran
    unsigned vcpu = 0;  // 0 is the first virtual processor of its machine that ran
    u64 reason = 0;     // as the processor gives it
    ExitClass exit_class = ExitClass::Unknown;
    u64 exits = 0;
    u64 handled = 0;  // exits after which the guest ran again: those that the cycles are about
    u64 cycles = 0, least = 0, most = 0;
  };
  /// By machine, processor, reason and class.
  std::vector<Row> rows() const;

  struct Vcpu {
    unsigned vm = 0, vcpu = 0;
    unsigned inside = 0;  // the machine whose guest, a hypervisor itself, runs this one; 0: none
    u64 block = 0;        // physical address of its control block
    u64 entries = 0, exits = 0;
    u64 guest_cycles = 0;
  };
  std::vector<Vcpu> vcpus() const;
  /// The virtual processor with this control block; vm 0 if it never ran.
  Vcpu vcpu_at(u64 block) const;
  /// True if processor `core` runs a guest.
  bool in_guest(unsigned core) const;

 private:
  /// What a processor is doing.
  struct Core {
    u64 host_space = 0;  // its last CR3 outside guests
    u64 block = 0;
    u64 left_space = 0;  // `host_space` when it left `block`
    bool in_guest = false;
  };
  struct Known {
    Vcpu about;
    bool left = false;
    u64 reason = 0, info1 = 0;
    ExitClass exit_class = ExitClass::Unknown;
    Picoseconds left_at = 0;
  };

  Known& vcpu_of(u64 block, u64 root, const Core& core);
  unsigned machine_around(const Core& core) const;
  void enter(const Event& event, Core& core);
  void leave(const Event& event, Core& core);
  void detail(const Event& event, const Core& core);
  Row& row_of(u64 block, const Known& known);

  u64 frequency_hz_;
  std::map<unsigned, Core> cores_;
  VcpuTable table_;
  MarkReader marks_;
  std::map<u64, Known> vcpus_;                           // by control block
  std::map<unsigned, unsigned> inside_;                  // of each machine: Vcpu::inside
  std::map<std::tuple<u64, u64, ExitClass>, Row> rows_;  // by control block, reason and class
};

}  // namespace hvlab::observe
