#include "sim/observe/vcpu_states.hpp"

#include <algorithm>

namespace hvlab::observe {

using arch::mark::VcpuState;

const char* name(VcpuState state) {
  constexpr std::array<const char*, static_cast<size_t>(VcpuState::Count)> kNames = {"running", "ready",
                                                                                     "co-stopped", "halted"};
  return kNames[static_cast<size_t>(state)];
}

// A processor may be ahead of another by a part of a slice: time never goes back here.
void VcpuStates::Vcpu::pass(Picoseconds now) {
  if (now <= since) return;
  times.time[static_cast<size_t>(state)] += now - since;
  since = now;
}

void VcpuStates::on_event(const Event& event) {
  newest_ = std::max(newest_, event.time);
  const auto mark = marks_.read(event);
  if (!mark || mark->kind != arch::mark::Kind::VcpuState || !mark->of_host()) return;
  if (mark->second >= static_cast<u64>(VcpuState::Count)) return;
  const auto [place, fresh] = vcpus_.try_emplace(mark->first);
  Vcpu& vcpu = place->second;
  if (fresh) {
    vcpu.times.vm = arch::mark::vm_of(mark->first);
    vcpu.times.vcpu = arch::mark::vcpu_of(mark->first);
    vcpu.since = mark->time;
  }
  vcpu.pass(mark->time);
  vcpu.state = static_cast<VcpuState>(mark->second);
}

std::vector<VcpuStates::Times> VcpuStates::times() const {
  std::vector<Times> list;
  for (const auto& [id, vcpu] : vcpus_) {
    Vcpu whole = vcpu;
    whole.pass(newest_);
    list.push_back(whole.times);
  }
  return list;
}

}  // namespace hvlab::observe
