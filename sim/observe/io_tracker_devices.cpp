// What devices do with the tracker's requests: doorbells, the medium, frames, interrupts.
#include <algorithm>

#include "sim/observe/io_tracker.hpp"

namespace hvlab::observe {

namespace {

constexpr u64 kToMedium = u64{1} << 63;
constexpr size_t kMostDoorbells = 16, kMostFrames = 64;

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
    case EventKind::FrameReceived:
      frames_.push_back(
          {.received = now, .device = event.device, .bytes = event.a, .interrupt = {}, .handler = {}});
      if (frames_.size() > kMostFrames) frames_.pop_front();
      return;
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
  for (Frame& frame : frames_) {
    if (frame.device != event.device || frame.interrupt) continue;
    frame.interrupt = now;
    frame.vector = message ? event.b & 0xFF : 0;  // SDM vol. 3, 11.11.2: the data's low byte
  }
}

void IoTracker::interrupt_taken(const Event& event) {
  for (Frame& frame : frames_) {
    if (!frame.interrupt || frame.handler || (frame.vector != 0 && frame.vector != event.a)) continue;
    frame.handler = timeline_.now(event.core, event.time);
  }
}

/// The oldest datagram of that size. Its doorbell is the first after its departure.
void IoTracker::frame_sent(const Event& event, const Moment& now) {
  const auto fits = [&](const Live* live) {
    return live->round_trip() && !live->request.saw(IoStage::Medium) &&
           std::max(live->facts.frame, kShortestFrame) == std::max(event.a, kShortestFrame);
  };
  const auto found = std::ranges::find_if(order_, fits);
  if (found == order_.end()) return;
  Live& live = **found;
  const Picoseconds departed = live.at[static_cast<unsigned>(IoStage::Submit)].time;
  const auto& bells = doorbells_[event.device];
  const auto bell = std::ranges::find_if(bells, [&](const Moment& each) { return each.time >= departed; });
  if (bell != bells.end()) live.see(IoStage::Device, *bell);
  live.see(IoStage::Medium, now);
}

/// The oldest request that fits is the device's: drivers hand requests to a device in the order in which they
/// get them.
void IoTracker::device_start(const Event& event, const Moment& now) {
  const auto fits = [&](const Live* live) {
    if (!drives(live->request.system) || live->request.saw(IoStage::Medium)) return false;
    if (live->facts.operation >= IoOperation::RoundTrip || device_size(live->facts) != event.b) return false;
    const auto known = device_of_queue_.find(live->facts.queue);
    return known == device_of_queue_.end() || known->second == event.device;
  };
  const auto found = std::ranges::find_if(order_, fits);
  if (found == order_.end()) return;
  Live& live = **found;
  device_of_queue_[live.facts.queue] = event.device;
  live.device = event.device;
  live.device_request = event.a;
  if (const auto& bells = doorbells_[event.device]; !bells.empty())
    live.see_after(IoStage::Driver, IoStage::Device, bells.back());
  live.see(IoStage::Medium, now);
}

}  // namespace hvlab::observe
