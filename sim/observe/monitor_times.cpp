#include "sim/observe/monitor_times.hpp"

#include "sim/base/bits.hpp"

namespace hvlab::observe {

namespace {

constexpr u64 kTable = 0x000F'FFFF'FFFF'F000;  // CR3 bits 51:12 (APM vol. 2, 5.5.1)

}  // namespace

u64 MonitorTimes::cycle(const Event& event) const { return scale_up(event.time, frequency_hz_, kSecond); }

/// The processor is in user mode from here on.
void MonitorTimes::begin(Core& core, const Event& event) {
  const unsigned system = core.block == 0 ? 0 : machine_of_block_[core.block];
  if (system != 0 && system != management_) return;
  const u64 space = core.block == 0 ? core.host_space : guests_[core.block].space;
  const auto found = works_for_.find({system, space});
  if (found == works_for_.end()) return;
  core.works_for = found->second;
  core.since = cycle(event);
}

void MonitorTimes::end(Core& core, const Event& event) {
  if (core.works_for == 0) return;
  Cycles& sum = cycles_[core.works_for];
  (core.block == 0 ? sum.vmm_process : sum.management_user) += cycle(event) - core.since;
  core.works_for = 0;
}

void MonitorTimes::enter(Core& core, const Event& event) {
  const unsigned vm = table_.enter(event.a, event.b, core.host_space).vm;
  machine_of_block_[event.a] = vm;
  works_for_[{0, core.host_space}] = vm;
  core.block = event.a;
  if (guests_[event.a].user) begin(core, event);
}

/// A program of the management VM speaks for itself: whatever its privilege.
void MonitorTimes::take(const Mark& mark, const Core& core) {
  table_.note(mark);
  const bool role = mark.kind == arch::mark::Kind::ControlBlock && mark.of_host();
  if (role && mark.third == static_cast<u64>(arch::mark::Role::Management))
    management_ = arch::mark::vm_of(mark.second);
  if (mark.kind != arch::mark::Kind::WorksFor || core.block == 0) return;
  const unsigned system = machine_of_block_[core.block];
  if (system == management_) works_for_[{system, guests_[core.block].space}] = arch::mark::vm_of(mark.first);
}

void MonitorTimes::on_event(const Event& event) {
  if (event.device != 0) return;
  Core& core = cores_[event.core];
  switch (event.kind) {
    case EventKind::AddressSpace:
      (core.block == 0 ? core.host_space : guests_[core.block].space) = event.a & kTable;
      return;
    case EventKind::RingChange:
      if (core.block != 0) guests_[core.block].user = event.b == 3;
      end(core, event);
      if (event.b == 3) begin(core, event);
      return;
    case EventKind::VmEntry: return enter(core, event);
    case EventKind::VmExit:
      end(core, event);
      core.block = 0;
      return;
    case EventKind::Mark:
    case EventKind::MarkDetail:
      if (const auto mark = reader_.read(event)) take(*mark, core);
      return;
    default: return;
  }
}

}  // namespace hvlab::observe
