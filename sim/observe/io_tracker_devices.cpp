// What devices do with the tracker's requests: doorbells, the medium, frames, interrupts.
#include <algorithm>

#include "sim/observe/io_tracker.hpp"

namespace hvlab::observe {

namespace {

constexpr u64 kToMedium = u64{1} << 63;
constexpr size_t kMostDoorbells = 16;

/// What a device says of the request that it makes of one (EventKind::RequestStart).
u64 device_size(const IoFacts& facts) {
  switch (facts.operation) {
    case IoOperation::Read: return facts.bytes;
    case IoOperation::Write: return facts.bytes | kToMedium;
    default: return 0;
  }
}

}  // namespace

void IoTracker::device_event(const Event& event) {
  const Moment now{event.time, timeline_.now(event.core, event.time).index, event.core};
  switch (event.kind) {
    case EventKind::Doorbell: {
      auto& bells = doorbells_[event.device];
      bells.push_back(now);
      if (bells.size() > kMostDoorbells) bells.pop_front();
      return;
    }
    case EventKind::FrameSent: return frame_sent(event, now);
    case EventKind::FrameReceived: return frame_received(event, now);
    case EventKind::RequestStart: return device_start(event, now);
    case EventKind::RequestDone:
      for (Live* live : order_) {
        if (live->device == event.device && live->device_request == event.a &&
            live->request.saw(IoStage::Medium))
          live->see(IoStage::Done, now);
      }
      return;
    case EventKind::MessageInterrupt:
    case EventKind::LineInterrupt: return interrupt_asked(event, now);
    default: return;
  }
}

void IoTracker::interrupt_asked(const Event& event, const Moment& now) {
  const bool message = event.kind == EventKind::MessageInterrupt;
  if (!message && event.b == 0) return;
  for (Live* live : order_) {
    if (live->device == event.device && live->request.saw(IoStage::Done)) live->see(IoStage::Interrupt, now);
  }
  const auto ask = [&](Signal& signal) {
    if (signal.asked) return;
    signal.asked = now;
    signal.vector = message ? event.b & 0xFF : 0;  // SDM vol. 3, 11.11.2: the data's low byte
  };
  for (Frame& frame : frames_)
    if (frame.device == event.device) ask(frame.signal);
  for (const auto& live : sends_)
    if (live->device == event.device && live->request.saw(IoStage::Medium)) ask(live->signal);
}

void IoTracker::interrupt_taken(const Event& event) {
  const auto take = [&](Signal& signal) {
    if (!signal.asked || signal.taken || (signal.vector != 0 && signal.vector != event.a)) return;
    signal.taken = timeline_.now(event.core, event.time);
  };
  for (Frame& frame : frames_) take(frame.signal);
  for (const auto& live : sends_) take(live->signal);
}

/// The oldest request that fits is the device's: drivers hand requests to a device in the order in which they
/// get them.
void IoTracker::device_start(const Event& event, const Moment& now) {
  const auto fits = [&](const Live* live) {
    if (!drives(live->request.system) || live->request.saw(IoStage::Medium)) return false;
    if (live->facts.operation >= IoOperation::RoundTrip || device_size(live->facts) != event.b) return false;
    const auto known = device_of_queue_.find({live->request.system, live->facts.queue});
    return known == device_of_queue_.end() || known->second == event.device;
  };
  const auto found = std::ranges::find_if(order_, fits);
  if (found == order_.end()) return;
  Live& live = **found;
  device_of_queue_[{live.request.system, live.facts.queue}] = event.device;
  live.device = event.device;
  live.device_request = event.a;
  if (const auto& bells = doorbells_[event.device]; !bells.empty())
    live.see_after(IoStage::Driver, IoStage::Device, bells.back());
  live.see(IoStage::Medium, now);
}

}  // namespace hvlab::observe
