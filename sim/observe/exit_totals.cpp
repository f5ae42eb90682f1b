#include "sim/observe/exit_totals.hpp"

#include <algorithm>
#include <tuple>

#include "sim/base/bits.hpp"

namespace hvlab::observe {

void ExitTotals::on_event(const Event& event) {
  Core& core = cores_[event.core];
  switch (event.kind) {
    case EventKind::AddressSpace:
      if (!core.in_guest) core.host_space = event.a;
      break;
    case EventKind::VmEntry: enter(event, core); break;
    case EventKind::VmExit: leave(event, core); break;
    case EventKind::VmExitDetail: detail(event, core); break;
    case EventKind::Mark:
    case EventKind::MarkDetail:
      if (const auto mark = marks_.read(event)) table_.note(*mark);
      break;
    default: break;
  }
}

ExitTotals::Known& ExitTotals::vcpu_of(u64 block, u64 root, const Core& core) {
  const VcpuId id = table_.enter(block, root, core.host_space);
  Known& known = vcpus_[block];
  const auto machine = inside_.emplace(id.vm, machine_around(core)).first;
  known.about.inside = machine->second;
  known.about.vm = id.vm;
  known.about.vcpu = id.vcpu;
  known.about.block = block;
  return known;
}

/// The machine whose guest the host answers if it enters another one now, which is what that guest wanted; 0:
/// none. In another address space the host does something else.
unsigned ExitTotals::machine_around(const Core& core) const {
  const auto last = vcpus_.find(core.block);
  if (last == vcpus_.end() || !last->second.left || core.left_space != core.host_space) return 0;
  return runs_guest(last->second.reason) ? last->second.about.vm : 0;
}

void ExitTotals::enter(const Event& event, Core& core) {
  Known& known = vcpu_of(event.a, event.b, core);
  ++known.about.entries;
  core.block = event.a;
  core.in_guest = true;
  if (!known.left) return;
  known.left = false;
  Row& row = row_of(event.a, known);
  const u64 cycles = scale(event.time - known.left_at, frequency_hz_, kSecond);
  row.least = row.handled == 0 ? cycles : std::min(row.least, cycles);
  row.most = std::max(row.most, cycles);
  row.cycles += cycles;
  ++row.handled;
}

void ExitTotals::leave(const Event& event, Core& core) {
  core.in_guest = false;
  core.left_space = core.host_space;
  Known& known = vcpus_[core.block];
  ++known.about.exits;
  known.left = true;
  known.reason = event.a;
  known.info1 = event.b;
  known.exit_class = exit_class(event.a, event.b);
  known.left_at = event.time;
  ++row_of(core.block, known).exits;
}

// What only the second word tells, which VMX needs for exceptions, goes to the row where it belongs.
void ExitTotals::detail(const Event& event, const Core& core) {
  const auto found = vcpus_.find(core.block);
  if (found == vcpus_.end()) return;
  Known& known = found->second;
  known.about.guest_cycles += event.b;
  const ExitClass told = exit_class(known.reason, known.info1, event.a);
  if (!known.left || told == known.exit_class) return;
  const auto guessed = rows_.find({core.block, known.reason, known.exit_class});
  if (--guessed->second.exits == 0) rows_.erase(guessed);
  known.exit_class = told;
  ++row_of(core.block, known).exits;
}

ExitTotals::Row& ExitTotals::row_of(u64 block, const Known& known) {
  Row& row = rows_[{block, known.reason, known.exit_class}];
  row.reason = known.reason;
  row.exit_class = known.exit_class;
  return row;
}

std::vector<ExitTotals::Row> ExitTotals::rows() const {
  std::vector<Row> list;
  list.reserve(rows_.size());
  for (const auto& [key, row] : rows_) {
    list.push_back(row);
    const Vcpu& about = vcpus_.at(std::get<0>(key)).about;
    list.back().vm = about.vm;
    list.back().vcpu = about.vcpu;
  }
  std::sort(list.begin(), list.end(), [](const Row& a, const Row& b) {
    return std::tie(a.vm, a.vcpu, a.reason, a.exit_class) < std::tie(b.vm, b.vcpu, b.reason, b.exit_class);
  });
  return list;
}

std::vector<ExitTotals::Vcpu> ExitTotals::vcpus() const {
  std::vector<Vcpu> list;
  list.reserve(vcpus_.size());
  for (const auto& [block, known] : vcpus_) list.push_back(known.about);
  std::sort(list.begin(), list.end(),
            [](const Vcpu& a, const Vcpu& b) { return std::tie(a.vm, a.vcpu) < std::tie(b.vm, b.vcpu); });
  return list;
}

ExitTotals::Vcpu ExitTotals::vcpu_at(u64 block) const {
  const auto found = vcpus_.find(block);
  return found == vcpus_.end() ? Vcpu{} : found->second.about;
}

bool ExitTotals::in_guest(unsigned core) const {
  const auto found = cores_.find(core);
  return found != cores_.end() && found->second.in_guest;
}

}  // namespace hvlab::observe
