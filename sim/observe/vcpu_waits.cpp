#include "sim/observe/vcpu_waits.hpp"

#include <algorithm>

#include "sim/arch/xen.hpp"
#include "sim/observe/exit.hpp"

namespace hvlab::observe {

// A core may be ahead of another by a part of a slice: time never goes back here.
void VcpuWaits::pass(Picoseconds now) {
  if (now <= since_) return;
  const Picoseconds time = now - since_;
  since_ = now;
  const bool idle = std::ranges::any_of(halted_, [](const auto& core) { return core.second; });
  for (auto& [vm, machine] : machines_) {
    const auto has = [&](State state) {
      return std::ranges::any_of(machine.vcpus, [&](const auto& each) { return each.second == state; });
    };
    const bool runs = has(State::Running), waits = has(State::Ready) || has(State::CoStopped);
    if (runs || waits) machine.times.runnable += time;
    if (waits) machine.times.waiting += time;
    if (waits && idle) machine.times.beside_idle += time;
    if (waits && runs) machine.times.partly_running += time;
  }
}

void VcpuWaits::set(u64 vcpu, State state, Picoseconds time) {
  pass(time);
  const unsigned vm = arch::mark::vm_of(vcpu);
  Machine& machine = machines_[vm];
  machine.times.vm = vm;
  machine.vcpus[arch::mark::vcpu_of(vcpu)] = state;
}

void VcpuWaits::halted(unsigned core, bool is_halted, Picoseconds time) {
  pass(time);
  halted_[core] = is_halted;
}

// Whose thread enters a virtual processor is that one's.
void VcpuWaits::thread_enters(const Event& event) {
  const auto thread = thread_on_.find(event.core);
  if (thread == thread_on_.end()) return;
  const ExitTotals::Vcpu who = exits_.vcpu_at(event.a);
  if (who.vm == 0) return;
  const u64 vcpu = arch::mark::vcpu_id(who.vm, who.vcpu);
  u64& known = vcpu_of_thread_[thread->second];
  if (known == vcpu) return;
  known = vcpu;
  set(vcpu, State::Running, event.time);
}

bool VcpuWaits::runs(u64 vcpu) const {
  const auto machine = machines_.find(arch::mark::vm_of(vcpu));
  if (machine == machines_.end()) return false;
  const auto state = machine->second.vcpus.find(arch::mark::vcpu_of(vcpu));
  return state != machine->second.vcpus.end() && state->second == State::Running;
}

/// Who had the core is no longer on it, and could go on if he ran.
void VcpuWaits::set_aside(unsigned core, Picoseconds time) {
  const auto last = domain_on_.find(core);
  if (last == domain_on_.end()) return;
  const u64 vcpu = last->second;
  domain_on_.erase(last);
  if (runs(vcpu)) set(vcpu, State::Ready, time);
}

void VcpuWaits::domain_enters(const Event& event) {
  const ExitTotals::Vcpu who = exits_.vcpu_at(event.a);
  if (who.vm == 0) return;
  const u64 vcpu = arch::mark::vcpu_id(who.vm, who.vcpu);
  const auto last = domain_on_.find(event.core);
  if (last == domain_on_.end() || last->second != vcpu) {
    set_aside(event.core, event.time);
    std::erase_if(domain_on_, [&](const auto& each) { return each.second == vcpu; });
    domain_on_[event.core] = vcpu;
  }
  if (!runs(vcpu)) set(vcpu, State::Running, event.time);
}

void VcpuWaits::domain_leaves(const Event& event) {
  const auto last = domain_on_.find(event.core);
  if (last != domain_on_.end() && exit_class(event.a, event.b) == ExitClass::Hlt)
    set(last->second, State::Halted, event.time);
}

void VcpuWaits::on_event(const Event& event) {
  if (event.kind == EventKind::Halt) {
    if (!exits_.in_guest(event.core)) set_aside(event.core, event.time);
    return halted(event.core, true, event.time);
  }
  if (event.kind == EventKind::Wake) return halted(event.core, false, event.time);
  if (event.kind == EventKind::VmEntry) return xen_ ? domain_enters(event) : thread_enters(event);
  if (event.kind == EventKind::VmExit) {
    xen_ = xen_ || arch::xen::is_exit_code(event.a);
    if (xen_) domain_leaves(event);
    return;
  }
  const auto mark = marks_.read(event);
  if (!mark) return;
  for (const VcpuStateReader::Change& change : reader_.read(*mark))
    set(change.vcpu, change.state, change.time);
}

void VcpuWaits::thread_changed(const ThreadChange& change) {
  if (more_ != nullptr) more_->thread_changed(change);
  if (change.state == ThreadState::Running) {
    thread_on_[change.core] = change.number;
  } else {
    std::erase_if(thread_on_, [&](const auto& each) { return each.second == change.number; });
  }
  const auto vcpu = vcpu_of_thread_.find(change.number);
  if (vcpu == vcpu_of_thread_.end()) return;
  const State state = change.state == ThreadState::Running ? State::Running
                      : change.state == ThreadState::Ready ? State::Ready
                                                           : State::Halted;
  set(vcpu->second, state, change.time);
}

void VcpuWaits::thread_named(const ThreadName& thread) {
  if (more_ != nullptr) more_->thread_named(thread);
}

void VcpuWaits::group_named(const GroupName& group) {
  if (more_ != nullptr) more_->group_named(group);
}

void VcpuWaits::call_named(u64 number, const std::string& name) {
  if (more_ != nullptr) more_->call_named(number, name);
}

void VcpuWaits::group_changed(unsigned number, u8 core, Picoseconds time, unsigned running) {
  if (more_ != nullptr) more_->group_changed(number, core, time, running);
}

std::vector<VcpuWaits::Times> VcpuWaits::times(Picoseconds now) {
  pass(now);
  std::vector<Times> list;
  list.reserve(machines_.size());
  for (const auto& [vm, machine] : machines_) list.push_back(machine.times);
  return list;
}

}  // namespace hvlab::observe
