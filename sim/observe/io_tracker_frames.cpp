// Frames, one way each: from their system's card to the wire, and from the wire to whoever takes them in.
#include <algorithm>

#include "sim/observe/io_tracker.hpp"

namespace hvlab::observe {

namespace {

constexpr size_t kMostFrames = 64, kMostSends = 1024;

void later(Moment& last, const Moment& moment) {
  if (moment.time >= last.time) last = moment;
}

}  // namespace

void IoTracker::departed(u8 index, Picoseconds time, const FrameDeparture& frame) {
  core(index);
  auto live = std::make_unique<Live>();
  live->thread = frame.thread;
  live->request.system = system_of(index);
  live->request.operation = IoOperation::Send;
  live->request.bytes = live->facts.frame = frame.bytes;
  live->request.copied = frame.copied.value_or(0);
  live->request.copy_known = frame.copied.has_value();
  live->at_driver = frame.taken;
  const auto call = calls_.find({live->request.system, frame.thread});
  if (frame.thread != 0 && call != calls_.end()) {
    live->see(IoStage::Call, call->second.entered);
    live->in_call = true;
  }
  live->see(IoStage::Submit, timeline_.now(index, time));
  if (sends_.size() >= kMostSends) sends_.pop_front();
  sends_.push_back(std::move(live));
}

/// The oldest frame of that length. Its doorbell is the first after its departure.
void IoTracker::frame_sent(const Event& event, const Moment& now) {
  const auto fits = [&](const Live& live) {
    return !live.request.saw(IoStage::Medium) &&
           std::max(live.facts.frame, kShortestFrame) == std::max(event.a, kShortestFrame);
  };
  const auto trip =
      std::ranges::find_if(order_, [&](const Live* live) { return live->round_trip() && fits(*live); });
  if (trip != order_.end()) on_wire(**trip, event, now);
  const auto send = std::ranges::find_if(sends_, [&](const auto& live) { return fits(*live); });
  if (send == sends_.end()) return;
  on_wire(**send, event, now);
  settle_sends();
}

void IoTracker::on_wire(Live& live, const Event& event, const Moment& now) const {
  const Picoseconds departed = live.at[static_cast<unsigned>(IoStage::Submit)].time;
  if (const auto bells = doorbells_.find(event.device); bells != doorbells_.end()) {
    const auto bell =
        std::ranges::find_if(bells->second, [&](const Moment& each) { return each.time >= departed; });
    if (bell != bells->second.end()) live.see(IoStage::Device, *bell);
  }
  live.see(IoStage::Medium, now);
  live.device = event.device;
  later(live.last, now);
}

/// Where an interrupt brought it back that is the end of its way; where the driver looked by the way there is
/// nothing more to see.
void IoTracker::taken_back(u8 index, Picoseconds time, u64 bytes) {
  core(index);
  if (!drives(system_of(index))) return;
  const auto found = std::ranges::find_if(
      sends_, [&](const auto& live) { return live->at_driver && live->facts.frame == bytes; });
  if (found == sends_.end()) return;
  Live& live = **found;
  live.at_driver = false;
  live.see_after(IoStage::Medium, IoStage::Interrupt, live.signal.asked);
  live.see_after(IoStage::Interrupt, IoStage::Handler, live.signal.taken);
  if (live.request.saw(IoStage::Handler)) {
    live.see(IoStage::Complete, timeline_.now(index, time));
    later(live.last, timeline_.now(index, time));
  }
  settle_sends();
}

void IoTracker::call_over(unsigned system, u64 thread, const Moment& now) {
  bool any = false;
  for (const auto& live : sends_) {
    if (!live->in_call || live->thread != thread || live->request.system != system) continue;
    any = true;
    live->in_call = false;
    later(live->last, now);
  }
  if (any) settle_sends();
}

/// Hands out those of which nothing more will be seen.
void IoTracker::settle_sends() {
  const auto over = std::ranges::stable_partition(sends_, [](const std::unique_ptr<Live>& live) {
    return !live->request.saw(IoStage::Medium) || live->in_call || live->at_driver;
  });
  for (auto& live : over) finish(std::move(live));
  sends_.erase(over.begin(), over.end());
}

void IoTracker::frame_received(const Event& event, const Moment& now) {
  frames_.push_back({.received = now,
                     .device = event.device,
                     .bytes = event.a,
                     .signal = {},
                     .exits = exits_forgotten_ + exit_log_.size(),
                     .copied = {},
                     .copiers = {}});
  if (frames_.size() > kMostFrames) frames_.pop_front();
  forget_frames();
}

std::deque<IoTracker::Frame>::iterator IoTracker::oldest_frame(u64 bytes) {
  return std::ranges::find(frames_, std::max(bytes, kShortestFrame),
                           [](const Frame& each) { return std::max(each.bytes, kShortestFrame); });
}

void IoTracker::refused(u64 bytes) {
  const auto frame = oldest_frame(bytes);
  if (frame == frames_.end()) return drop_inner(bytes);
  frames_.erase(frame);
  forget_frames();
}

void IoTracker::delivered(u8 index, Picoseconds time, u64 bytes, u64 thread, bool inner) {
  core(index);
  const auto frame = oldest_frame(bytes);
  if (frame == frames_.end()) {
    if (inner) drop_inner(bytes);
    return;
  }
  auto live = std::make_unique<Live>();
  IoRequest& request = live->request;
  request.system = system_of(index);
  request.operation = IoOperation::Receive;
  request.bytes = live->facts.frame = bytes;
  request.copied = frame->copied.value_or(0);
  request.copy_known = frame->copied.has_value();
  for (size_t i = frame->exits; i < exits_forgotten_ + exit_log_.size(); ++i) {
    const auto& [machine, reason] = exit_log_[i - exits_forgotten_];
    if (machine == request.system) ++request.exits[reason];
  }
  live->see(IoStage::Done, frame->received);
  live->see_after(IoStage::Done, IoStage::Interrupt, frame->signal.asked);
  live->see_after(IoStage::Done, IoStage::Handler, frame->signal.taken);
  if (request.system != 0) live->see_after(IoStage::Done, IoStage::Injected, core(index).guest_interrupt);
  frames_.erase(frame);
  live->last = timeline_.now(index, time);
  live->see(IoStage::Return, live->last);
  const auto call = calls_.find({request.system, thread});
  if (thread == 0 || call == calls_.end()) {
    finish(std::move(live));
  } else {
    request.awaited = true;
    call->second.waiting.push_back(std::move(live));
    ++waiting_;
  }
  forget();
}

/// A frame that arrives without having been on the wire is one that was sent inside the machine.
void IoTracker::drop_inner(u64 bytes) {
  const auto found = std::ranges::find_if(sends_, [&](const auto& live) {
    return !live->request.saw(IoStage::Medium) && live->facts.frame == bytes;
  });
  if (found != sends_.end()) sends_.erase(found);
}

void IoTracker::frame_copied(bool out, unsigned vm, u64 bytes, u64 copied, u64 place) {
  const auto fresh = [&](const std::vector<u64>& places, u64 length) {
    return std::max(length, kShortestFrame) == std::max(bytes, kShortestFrame) &&
           std::ranges::find(places, place) == places.end();
  };
  if (out) {
    const auto found = std::ranges::find_if(sends_, [&](const auto& live) {
      return !live->request.saw(IoStage::Medium) && (vm == 0 || live->request.system == vm) &&
             fresh(live->copiers, live->facts.frame);
    });
    if (found == sends_.end()) return;
    (*found)->copiers.push_back(place);
    (*found)->request.copied += copied;
    (*found)->request.copy_known = true;
  } else {
    const auto found =
        std::ranges::find_if(frames_, [&](const Frame& frame) { return fresh(frame.copiers, frame.bytes); });
    if (found == frames_.end()) return;
    found->copiers.push_back(place);
    found->copied = found->copied.value_or(0) + copied;
  }
}

void IoTracker::frame_given(u8 index, u64 thread, u64 bytes, u64 copied) {
  core(index);
  const auto call = calls_.find({system_of(index), thread});
  if (call == calls_.end()) return;
  for (const auto& live : call->second.waiting) {
    if (live->request.operation != IoOperation::Receive || live->facts.frame != bytes) continue;
    live->request.copied += copied;
    live->request.copy_known = true;
    return;
  }
}

void IoTracker::forget_frames() {
  while (!frames_.empty() && frames_.front().received.time + kLost < newest_) frames_.pop_front();
  const size_t first = frames_.empty() ? exits_forgotten_ + exit_log_.size() : frames_.front().exits;
  for (; exits_forgotten_ < first; ++exits_forgotten_) exit_log_.pop_front();
  while (!sends_.empty() &&
         sends_.front()->at[static_cast<unsigned>(IoStage::Submit)].time + kLost < newest_) {
    if (sends_.front()->request.saw(IoStage::Medium)) finish(std::move(sends_.front()));
    sends_.pop_front();
  }
}

}  // namespace hvlab::observe
