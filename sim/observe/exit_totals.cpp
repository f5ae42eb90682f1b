#include "sim/observe/exit_totals.hpp"

#include <algorithm>
#include <tuple>

#include "sim/arch/svm.hpp"

namespace hvlab::observe {

void ExitTotals::on_event(const Event& event) {
  Core& core = cores_[event.core];
  switch (event.kind) {
    case EventKind::AddressSpace:
      if (!core.in_guest) core.host_space = event.a;
      break;
    case EventKind::VmEntry: enter(event, core); break;
    case EventKind::VmExit: leave(event, core); break;
    case EventKind::VmExitDetail:
      if (const auto found = vcpus_.find(core.block); found != vcpus_.end())
        found->second.about.guest_cycles += event.b;
      break;
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
  known.about.vm = id.vm;
  known.about.vcpu = id.vcpu;
  known.about.block = block;
  return known;
}

void ExitTotals::enter(const Event& event, Core& core) {
  Known& known = vcpu_of(event.a, event.b, core);
  ++known.about.entries;
  core.block = event.a;
  core.in_guest = true;
  if (!known.left) return;
  known.left = false;
  Row& row = rows_[{event.a, known.reason}];
  const u64 cycles = scale(event.time - known.left_at, frequency_hz_, kSecond);
  row.least = row.handled == 0 ? cycles : std::min(row.least, cycles);
  row.most = std::max(row.most, cycles);
  row.cycles += cycles;
  ++row.handled;
}

void ExitTotals::leave(const Event& event, Core& core) {
  core.in_guest = false;
  Known& known = vcpus_[core.block];
  ++known.about.exits;
  known.left = true;
  known.reason = event.a;
  known.left_at = event.time;
  Row& row = rows_[{core.block, event.a}];
  row.reason = event.a;
  ++row.exits;
}

std::vector<ExitTotals::Row> ExitTotals::rows() const {
  std::vector<Row> list;
  list.reserve(rows_.size());
  for (const auto& [key, row] : rows_) {
    list.push_back(row);
    const Vcpu& about = vcpus_.at(key.first).about;
    list.back().vm = about.vm;
    list.back().vcpu = about.vcpu;
  }
  std::sort(list.begin(), list.end(), [](const Row& a, const Row& b) {
    return std::tie(a.vm, a.vcpu, a.reason) < std::tie(b.vm, b.vcpu, b.reason);
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

std::string svm_exit_label(u64 code) {
  const arch::svm::ExitName found = arch::svm::exit_name(code);
  const std::string name(found.name);
  const bool numbered = code < 0x60 || (code >= 0x90 && code < 0xA0);
  if (!numbered) return name == "?" ? std::to_string(code) : name;
  if (code >= 0x90) return "write-cr" + std::to_string(code - 0x90) + "-trap";
  return name + std::to_string(code < 0x40 ? code % 16 : code - 0x40);
}

}  // namespace hvlab::observe
