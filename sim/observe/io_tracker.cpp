#include "sim/observe/io_tracker.hpp"

#include <algorithm>

#include "sim/base/bits.hpp"
#include "sim/observe/exit.hpp"

namespace hvlab::observe {

void IoTracker::Live::see(IoStage stage, const Moment& moment, bool again) {
  const auto n = static_cast<unsigned>(stage);
  if (request.saw(stage) && !again) return;
  request.seen = static_cast<u16>(request.seen | 1u << n);
  at[n] = moment;
}

void IoTracker::Live::see_after(IoStage earlier, IoStage stage, const std::optional<Moment>& moment) {
  if (moment && request.saw(earlier) && moment->time >= at[static_cast<unsigned>(earlier)].time)
    see(stage, *moment);
}

// --- processors ---

IoTracker::Core& IoTracker::core(u8 index) {
  if (index >= cores_.size()) cores_.resize(index + 1u);
  return cores_[index];
}

unsigned IoTracker::system_of(u8 index) const {
  if (index >= cores_.size() || cores_[index].block == 0) return 0;
  return machine_of_block_.at(cores_[index].block);
}

IoWhere IoTracker::where(u8 index) const {
  const Core& it = cores_[index];
  if (it.halted) return IoWhere::Idle;
  if (it.block != 0) {
    const bool user = guest_user_.at(it.block);
    if (management_ != 0 && system_of(index) == management_)
      return user ? IoWhere::ManagementUser : IoWhere::ManagementKernel;
    return user ? IoWhere::GuestUser : IoWhere::GuestKernel;
  }
  if (it.host_level == 3) return IoWhere::HostUser;
  return host_code(timeline_.thread(index));
}

IoWhere IoTracker::host_code(u64 thread) const {
  return bare_hypervisor_ || vcpu_threads_.contains(thread) ? IoWhere::Hypervisor : IoWhere::HostKernel;
}

void IoTracker::mark(u8 index, Picoseconds time) {
  const unsigned system = system_of(index);
  timeline_.mark(index, time, where(index), system == management_ ? 0 : system);
}

void IoTracker::note(const Mark& mark) {
  if (mark.kind == arch::mark::Kind::Hypervisor) bare_hypervisor_ = true;
  if (mark.kind != arch::mark::Kind::ControlBlock) return;
  const unsigned vm = arch::mark::vm_of(mark.second);
  if (vm == 0) return;
  machine_of_block_[mark.first] = vm;
  if (mark.third == static_cast<u64>(arch::mark::Role::Management)) management_ = vm;
  if (mark.third == static_cast<u64>(arch::mark::Role::Partition)) partitions_.insert(vm);
}

Picoseconds IoTracker::after(Picoseconds time, i64 cycles) const {
  const u64 cycle = scale_up(time, costs_.frequency_hz, kSecond);
  return scale(cycle + static_cast<u64>(cycles), kSecond, costs_.frequency_hz);
}

void IoTracker::on_event(const Event& event) {
  newest_ = std::max(newest_, event.time);
  if (event.device != 0) return device_event(event);
  Core& it = core(event.core);
  const bool runs = event.kind != EventKind::Halt;
  if (it.halted && runs) {
    it.halted = false;
    mark(event.core, event.time);
  }
  switch (event.kind) {
    case EventKind::RingChange:
      if (it.block != 0) {
        guest_user_[it.block] = event.b == 3;
      } else {
        it.host_level = static_cast<u8>(event.b);
      }
      return mark(event.core, event.time);
    case EventKind::Halt: it.halted = true; return mark(event.core, event.time);
    case EventKind::AddressSpace:
      if (it.block == 0) it.host_space = event.a;
      return;
    case EventKind::Interrupt:
      (it.block == 0 ? it.interrupt : it.guest_interrupt) = timeline_.now(event.core, event.time);
      if (it.block == 0 || partitions_.contains(system_of(event.core))) interrupt_taken(event);
      return;
    case EventKind::VmEntry: return enter(event);
    case EventKind::VmExit: return leave(event);
    case EventKind::VmExitDetail: return acknowledged(event);
    default: return;
  }
}

/// A machine is known by its nested root, else by its host process' address space; a root that appears later
/// under a known control block is the same machine's.
unsigned IoTracker::machine_of(u64 block, u64 root, const Core& it) {
  const u64 machine = root != 0 ? root : it.host_space;
  if (const auto known = machine_of_block_.find(block); known != machine_of_block_.end()) {
    machines_.emplace(machine, known->second);
    return known->second;
  }
  unsigned next = 1;
  for (const auto& [space, number] : machines_) next = std::max(next, number + 1);
  return machine_of_block_[block] = machines_.emplace(machine, next).first->second;
}

void IoTracker::enter(const Event& event) {
  Core& it = core(event.core);
  timeline_.mark(event.core, after(event.time, -static_cast<i64>(costs_.entry_cycles)), IoWhere::Entry);
  machine_of(event.a, event.b, it);
  guest_user_.emplace(event.a, false);
  it.block = event.a;
  if (const u64 thread = timeline_.thread(event.core); thread != 0) vcpu_threads_.insert(thread);
  mark(event.core, event.time);
}

void IoTracker::leave(const Event& event) {
  Core& it = core(event.core);
  if (it.block == 0) return;
  forget_frames();  // a frame that nobody takes in would keep all exits from then on
  const unsigned machine = machine_of_block_.at(it.block);
  for (Live* live : order_) {
    if (live->request.system == machine && !live->ended) ++live->request.exits[event.a];
  }
  for (const auto& live : sends_) {
    if (live->request.system == machine) ++live->request.exits[event.a];
  }
  if (!frames_.empty()) exit_log_.emplace_back(machine, event.a);
  timeline_.mark(event.core, event.time, IoWhere::Exit);
  it.block = 0;
  it.reason = event.a;
  it.host_level = 0;
  it.halted = false;
  mark(event.core, after(event.time, static_cast<i64>(costs_.exit_cycles)));
}

/// An interrupt that the exit took is taken, without an event of its own, when the host goes on.
void IoTracker::acknowledged(const Event& event) {
  Core& it = core(event.core);
  const auto vector = acknowledged_interrupt(it.reason, event.a);
  if (!vector) return;
  Event interrupt = event;
  interrupt.kind = EventKind::Interrupt;
  interrupt.a = *vector;
  interrupt.time = after(event.time, static_cast<i64>(costs_.exit_cycles));
  it.interrupt = timeline_.now(event.core, interrupt.time);
  interrupt_taken(interrupt);
}

void IoTracker::switched(u8 index, Picoseconds time, u64 thread) {
  core(index);
  timeline_.run(index, time, thread, host_code(thread));
  if (timeline_.size() > kMostMarks) timeline_.forget();
}

void IoTracker::woken(u8 index, Picoseconds time, u64 thread) { timeline_.wake(index, time, thread); }

// --- system calls ---

void IoTracker::system_call(u8 index, Picoseconds time, u64 thread) {
  core(index);
  const unsigned system = system_of(index);
  if (system == 0 && timeline_.thread(index) == 0) timeline_.set_thread(index, thread);
  call_over(system, thread, timeline_.now(index, time));
  Thread& call = calls_[{system, thread}];
  for (auto& live : call.waiting) finish(std::move(live));
  waiting_ -= call.waiting.size();
  call = Thread{.entered = timeline_.now(index, time), .free = {}, .waiting = {}};
}

void IoTracker::returned(u8 index, Picoseconds time, u64 thread) {
  core(index);
  const unsigned system = system_of(index);
  if (system == 0 && timeline_.thread(index) == 0) timeline_.set_thread(index, thread);
  const Moment now = timeline_.now(index, time);
  call_over(system, thread, now);
  const auto call = calls_.find({system, thread});
  if (call == calls_.end()) return;
  for (auto& live : call->second.waiting) {
    live->last = now;
    finish(std::move(live));
  }
  waiting_ -= call->second.waiting.size();
  calls_.erase(call);
  forget();
}

}  // namespace hvlab::observe
