#include "sim/observe/marked_io.hpp"

#include <algorithm>

namespace hvlab::observe {

namespace {

using arch::mark::Kind;

constexpr size_t kMostPages = 1024;  // of one request
constexpr size_t kMostPending =
    4096;  // a system that begins requests and hands none on must not fill the memory
constexpr u64 kPage = 4096;
constexpr u64 kVcpuThread = u64{1} << 63;  // virtual processors as threads of a hypervisor without others

IoOperation operation_of(arch::mark::DiskOperation operation) {
  switch (operation) {
    case arch::mark::DiskOperation::Read: return IoOperation::Read;
    case arch::mark::DiskOperation::Write: return IoOperation::Write;
    case arch::mark::DiskOperation::Flush: return IoOperation::Flush;
    case arch::mark::DiskOperation::Discard: return IoOperation::Discard;
    default: return IoOperation::Other;
  }
}

}  // namespace

u64 MarkedIo::place(u8 core) const {
  const u64 block = tracker_.block_of(core);
  return block != 0 ? block : core;  // a control block's address is a page's, and no processor's number
}

u64 MarkedIo::thread(u8 core) const {
  const auto found = threads_.find(place(core));
  return found == threads_.end() ? 0 : found->second;
}

void MarkedIo::on_event(const Event& event) {
  if (event.device != 0) return;
  if (const auto mark = reader_.read(event)) return take(*mark);
  const bool call = event.kind == EventKind::SystemCall,
             ring = event.kind == EventKind::RingChange && event.b == 3;
  if ((!call && !ring) || !marking_.contains(tracker_.system_of(event.core))) return;
  const u64 who = thread(event.core);
  if (who == 0) return;
  if (call) {
    tracker_.system_call(event.core, event.time, who);
  } else {
    tracker_.returned(event.core, event.time, who);
  }
}

void MarkedIo::take(const Mark& mark) {
  if (mark.kind == Kind::VmDisk && tracker_.drives(tracker_.system_of(mark.core)))
    return tracker_.disk_of_machine(arch::mark::vm_of(mark.first), arch::mark::sector_of(mark.second));
  if (mark.kind == Kind::FrameCopy && mark.cpl == 3 && tracker_.drives(tracker_.system_of(mark.core)))
    return copy(mark);
  if (mark.cpl != 0) return;  // a program does not speak for its system
  if (mark.of_host()) {
    tracker_.note(mark);
    if (mark.kind == Kind::VcpuState) return vcpu_state(mark);
  }
  take_of_system(mark);
}

void MarkedIo::take_of_system(const Mark& mark) {
  switch (mark.kind) {
    case Kind::ThreadSwitch: return switched(mark);
    case Kind::ThreadWake:
      if (!mark.in_guest) tracker_.woken(mark.core, mark.time, mark.first);
      return;
    case Kind::DiskRequest:
      if (pending_.size() >= kMostPending) pending_.clear();
      pending_[{tracker_.system_of(mark.core), mark.first}] = {
          .thread = mark.second, .pages = {}, .known = true};
      return;
    case Kind::DiskMemory: return memory(mark);
    case Kind::DiskStart: return start(mark);
    case Kind::DiskDone: return tracker_.ended(mark.core, mark.time, mark.first);
    case Kind::DiskCopy: return tracker_.copied(mark.core, mark.first, mark.second);
    case Kind::DatagramSent: return depart(mark);
    case Kind::DatagramReceived: return arrive(mark);
    case Kind::FrameSent: return send(mark);
    case Kind::FrameDone: return tracker_.taken_back(mark.core, mark.time, mark.first);
    case Kind::FrameCopy: return copy(mark);
    default: return;
  }
}

void MarkedIo::switched(const Mark& mark) {
  threads_[place(mark.core)] = mark.first;
  marking_.insert(tracker_.system_of(mark.core));
  if (!mark.in_guest) tracker_.switched(mark.core, mark.time, mark.first);
}

void MarkedIo::memory(const Mark& mark) {
  Pending& request = pending_[{tracker_.system_of(mark.core), mark.first}];
  const u64 begin = mark.second & ~(kPage - 1), bytes = std::min(mark.third, kMostPages * kPage);
  for (u64 at = begin; at < mark.second + bytes; at += kPage) {
    const auto there = resolve_(mark.core, at);
    if (there && request.pages.size() < kMostPages) {
      request.pages.push_back(*there);
    } else {
      request.known = false;
    }
  }
}

/// A driver without room says it again later: the last time counts.
void MarkedIo::start(const Mark& mark) {
  const auto found = pending_.find({tracker_.system_of(mark.core), mark.first});
  Pending request = found == pending_.end() ? Pending{} : std::move(found->second);
  if (found != pending_.end()) pending_.erase(found);
  IoFacts facts;
  facts.operation = operation_of(arch::mark::operation_of(mark.third));
  if (facts.operation == IoOperation::Other) return;
  facts.sector = arch::mark::sector_of(mark.second);
  facts.bytes = arch::mark::bytes_of(mark.third);
  facts.queue = arch::mark::disk_of(mark.second);
  if (request.known) facts.pages = std::move(request.pages);
  const u64 who = request.thread != 0 ? request.thread : thread(mark.core);
  tracker_.started(mark.core, mark.time, mark.first, who, std::move(facts), true);
}

void MarkedIo::depart(const Mark& mark) {
  IoFacts facts;
  if (mark.second == 0) return;  // to the same system
  facts.operation = arch::mark::datagram_kind(mark.third) == arch::mark::DatagramKind::Ping
                        ? IoOperation::Ping
                        : IoOperation::RoundTrip;
  facts.frame = mark.second;
  const u64 sent = arch::mark::bytes_of(mark.third);
  facts.bytes = sent != 0 ? sent : mark.second;
  tracker_.started(mark.core, mark.time, mark.first, thread(mark.core), std::move(facts));
}

void MarkedIo::arrive(const Mark& mark) {
  if (mark.second == 0) return;  // from the same system
  tracker_.answered(mark.core, mark.time, mark.first, mark.second);
  tracker_.delivered(mark.core, mark.time, mark.second, mark.third, mark.first != 0);
}

void MarkedIo::send(const Mark& mark) {
  const bool of_call = mark.second != 0;
  tracker_.departed(
      mark.core, mark.time,
      {.thread = of_call ? thread(mark.core) : 0, .bytes = mark.first, .taken = true, .copied = mark.third});
}

/// A guest's kernel speaks of its own frames alone.
void MarkedIo::copy(const Mark& mark) {
  using arch::mark::FrameWay;
  const FrameWay way = arch::mark::way_of(mark.third);
  const unsigned system = tracker_.system_of(mark.core);
  const unsigned vm = tracker_.drives(system) ? arch::mark::vm_of(mark.third) : system;
  switch (way) {
    case FrameWay::Out:
    case FrameWay::In:
      return tracker_.frame_copied(way == FrameWay::Out, vm, mark.first, mark.second, mark.rip);
    case FrameWay::Take: return tracker_.frame_given(mark.core, thread(mark.core), mark.first, mark.second);
    default: return;
  }
}

/// To a hypervisor without threads of its own its virtual processors are what waits, is woken and runs.
void MarkedIo::vcpu_state(const Mark& mark) {
  using State = arch::mark::VcpuState;
  if (marking_.contains(0)) return;
  const u64 vcpu = kVcpuThread | mark.first;
  if (mark.second == static_cast<u64>(State::Running)) {
    threads_[mark.core] = vcpu;
    return tracker_.switched(mark.core, mark.time, vcpu);
  }
  if (threads_[mark.core] == vcpu) {
    threads_[mark.core] = 0;
    tracker_.switched(mark.core, mark.time, 0);
  }
  if (mark.second == static_cast<u64>(State::Ready)) tracker_.woken(mark.core, mark.time, vcpu);
}

}  // namespace hvlab::observe
