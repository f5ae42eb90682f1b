#include "sim/observe/vcpu_states.hpp"

#include <algorithm>

namespace hvlab::observe {

using arch::mark::VcpuState;

const char* name(VcpuState state) {
  constexpr std::array<const char*, static_cast<size_t>(VcpuState::Count)> kNames = {
      "running", "ready", "co-stopped", "halted", "blocked"};
  return kNames[static_cast<size_t>(state)];
}

void VcpuStateReader::set(u64 vcpu, State state, const Mark& mark) {
  const auto [place, fresh] = states_.try_emplace(vcpu, state);
  if (!fresh && place->second == state) return;
  place->second = state;
  changes_.push_back({.vcpu = vcpu, .state = state, .core = mark.core, .time = mark.time});
}

/// `thread` gets a processor.
void VcpuStateReader::thread_runs(u64 thread, const Mark& mark) {
  const auto vcpu = vcpu_of_thread_.find(thread);
  if (vcpu == vcpu_of_thread_.end()) return;
  const State state = states_.at(vcpu->second);
  if (state == State::Ready || state == State::Blocked) set(vcpu->second, State::Running, mark);
}

/// `thread` gives its processor away, since it sleeps or another one is to have it.
void VcpuStateReader::thread_leaves(u64 thread, bool sleeps, const Mark& mark) {
  const auto vcpu = vcpu_of_thread_.find(thread);
  if (vcpu == vcpu_of_thread_.end() || states_.at(vcpu->second) != State::Running) return;
  set(vcpu->second, sleeps ? State::Blocked : State::Ready, mark);
}

const std::vector<VcpuStateReader::Change>& VcpuStateReader::read(const Mark& mark) {
  changes_.clear();
  if (!mark.of_host()) return changes_;
  if (mark.kind == arch::mark::Kind::ThreadSwitch) {
    u64& thread = running_[mark.core];
    if (thread != mark.first) thread_leaves(thread, mark.second != 0, mark);
    thread = mark.first;
    thread_runs(thread, mark);
  } else if (mark.kind == arch::mark::Kind::ThreadWake) {
    const auto vcpu = vcpu_of_thread_.find(mark.first);
    if (vcpu == vcpu_of_thread_.end()) return changes_;
    const State state = states_.at(vcpu->second);
    if (state == State::Halted || state == State::Blocked) set(vcpu->second, State::Ready, mark);
  } else if (mark.kind == arch::mark::Kind::VcpuState && mark.second < static_cast<u64>(State::Count)) {
    set(mark.first, static_cast<State>(mark.second), mark);
    if (const auto thread = running_.find(mark.core); thread != running_.end() && thread->second != 0)
      vcpu_of_thread_[thread->second] = mark.first;
  }
  return changes_;
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
  if (!mark) return;
  for (const VcpuStateReader::Change& change : reader_.read(*mark)) {
    const auto [place, fresh] = vcpus_.try_emplace(change.vcpu);
    Vcpu& vcpu = place->second;
    if (fresh) {
      vcpu.times.vm = arch::mark::vm_of(change.vcpu);
      vcpu.times.vcpu = arch::mark::vcpu_of(change.vcpu);
      vcpu.since = change.time;
    }
    vcpu.pass(change.time);
    vcpu.state = change.state;
  }
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
