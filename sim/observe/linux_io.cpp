#include "sim/observe/linux_io.hpp"

#include <set>

namespace hvlab::observe {

namespace {

constexpr unsigned kMostMisses =
    100;  // a system whose first system calls do not show this kernel has another one

}  // namespace

LinuxRequests::Read LinuxIo::reader(unsigned core) const {
  return
      [this, core](u64 address, void* to, size_t bytes) { return machine_.read(core, address, to, bytes); };
}

u64 LinuxIo::thread(unsigned core) const { return kernel_.current_thread(machine_.area(core), reader(core)); }

void LinuxIo::locate(unsigned system, const Event& event) {
  unsigned& misses = misses_[system];
  if (misses >= kMostMisses) return;
  ++misses;
  const auto slide = kernel_.slide_of(event.b);
  if (!slide || !kernel_.runs_at(*slide, reader(event.core))) return;
  slides_[system] = *slide;
  std::set<u64> addresses;
  for (const auto& [each, by] : slides_)
    for (const u64 address : kernel_.addresses()) addresses.insert(address + by);
  machine_.probe({addresses.begin(), addresses.end()});
}

/// Who made the system call: the request may be started, or ended, by another thread.
void LinuxIo::submit(unsigned system, const Event& event) {
  if (kernel_.is_empty(event.a, reader(event.core))) {
    flushers_[system].push_back(thread(event.core));
  } else {
    submitters_[{system, event.a}] = thread(event.core);
  }
}

void LinuxIo::depart(const Event& event) {
  const u64 bytes = machine_.third(event.core);
  IoFacts facts;
  facts.operation = IoOperation::RoundTrip;
  facts.bytes = bytes;
  facts.frame = LinuxRequests::frame_of_payload(bytes);
  const u64 by = thread(event.core);
  tracker_.departed(event.core, event.time,
                    {.thread = by, .bytes = facts.frame, .taken = false, .copied = {}});
  tracker_.started(event.core, event.time, event.a, by, std::move(facts));
}

/// Which thread waits for it is not looked for: its way ends in the socket.
void LinuxIo::arrive(const Event& event) {
  const u64 frame = kernel_.frame_of_buffer(event.b, reader(event.core));
  tracker_.answered(event.core, event.time, event.a, frame);
  tracker_.delivered(event.core, event.time, frame, 0);
}

/// Nobody has a socket (any more) for a datagram.
void LinuxIo::refuse(const Event& event) {
  if (!LinuxRequests::is_port_unreachable(static_cast<u32>(event.b),
                                          static_cast<u32>(machine_.third(event.core))))
    return;
  tracker_.refused(kernel_.frame_of_whole_buffer(event.a, reader(event.core)));
}

void LinuxIo::start(unsigned system, u64 slide, const Event& event) {
  const auto read = reader(event.core);
  const auto resolve = [&](u64 page) { return machine_.resolve(event.core, page); };
  IoFacts facts = kernel_.read_request(event.a, slide, read, resolve);
  if (facts.operation == IoOperation::Other) return;
  u64 by = thread(event.core);
  if (facts.operation == IoOperation::Flush) {
    auto& waiting = flushers_[system];
    if (!waiting.empty()) by = waiting.front();
    waiting.clear();  // one flush serves all that have asked
  } else if (const auto found = submitters_.find({system, kernel_.first_bio(event.a, read)});
             found != submitters_.end()) {
    by = found->second;
    submitters_.erase(found);
  }
  tracker_.started(event.core, event.time, event.a, by, std::move(facts));
}

void LinuxIo::point(unsigned system, const Event& event) {
  using Point = LinuxRequests::Point;
  const auto slide = slides_.find(system);
  if (slide == slides_.end()) return;
  const auto what = kernel_.point_at(event.rip - slide->second);
  if (!what) return;
  switch (*what) {
    case Point::Bio: return submit(system, event);
    case Point::Start: return start(system, slide->second, event);
    case Point::End: return tracker_.ended(event.core, event.time, event.a);
    case Point::Send: return depart(event);
    case Point::Receive: return arrive(event);
    case Point::Refuse: return refuse(event);
    case Point::Wake:
      if (system == 0) tracker_.woken(event.core, event.time, event.a);
      return;
    case Point::Switch:
      if (system == 0) tracker_.switched(event.core, event.time, event.b);
      return;
    case Point::Count: return;
  }
}

void LinuxIo::on_event(const Event& event) {
  tracker_.on_event(event);
  if (event.device != 0) return;
  const unsigned system = tracker_.system_of(event.core);
  switch (event.kind) {
    case EventKind::Probe: return point(system, event);
    case EventKind::SystemCall:
      if (!slides_.contains(system)) locate(system, event);
      if (slides_.contains(system)) tracker_.system_call(event.core, event.time, thread(event.core));
      return;
    case EventKind::RingChange:
      if (event.b == 3 && slides_.contains(system))
        tracker_.returned(event.core, event.time, thread(event.core));
      return;
    default: return;
  }
}

}  // namespace hvlab::observe
