#include "sim/media/link.hpp"

#include <algorithm>

#include "sim/base/bits.hpp"

namespace hvlab::media {

EthernetLink::EthernetLink(const std::string& name, const LinkProfile& profile, Clock& clock)
    : profile_(profile), clock_(clock) {
  for (unsigned i = 0; i < 2; ++i) {
    ends_[i].link = this;
    ends_[i].other = &ends_[1 - i];
    ends_[i].event = clock.add_event(name + (i == 0 ? ".out" : ".in"), [this, i] { fire(ends_[i]); });
  }
}

Picoseconds EthernetLink::wire_time(u64 bytes) const {
  return scale_up(bytes * 8, kSecond, profile_.bits_per_second);
}

void EthernetLink::send(End& end, u64 id, std::vector<u8> bytes) {
  EndState& state = end.state;
  const Picoseconds now = clock_.now();
  Frame frame{id, std::move(bytes), now, false, false};
  if (!up_ || state.queued >= profile_.queue_frames) {
    // Dropped, but reported in its turn.
    frame.dropped = true;
    frame.bytes.clear();
    ++state.counters.dropped;
    if (!state.frames.empty()) frame.sent_at = std::max(now, state.frames.back().sent_at);
  } else {
    const u64 length = std::max<u64>(frame.bytes.size(), kShortestFrame);
    const Picoseconds start = std::max(now, state.wire_free);
    frame.sent_at = start + wire_time(kPreambleBytes + length + kFcsBytes);
    state.wire_free = frame.sent_at + wire_time(kGapBytes);
    ++state.queued;
  }
  state.frames.push_back(std::move(frame));
  arm(end);
}

void EthernetLink::abandon(End& end) {
  EndState& state = end.state;
  const Picoseconds now = clock_.now();
  std::erase_if(state.frames,
                [&](const Frame& frame) { return !frame.sent && (frame.sent_at > now || frame.dropped); });
  for (Frame& frame : state.frames)
    frame.sent = true;  // its last bit left just now: on the wire, not reported
  state.queued = 0;
  state.wire_free = std::min(state.wire_free, now + wire_time(kGapBytes));
  arm(end);
}

void EthernetLink::set_up(bool up) {
  if (up == up_) return;
  up_ = up;
  for (End& end : ends_) {
    std::erase_if(end.state.frames, [](const Frame& frame) { return frame.sent; });
    for (Frame& frame : end.state.frames) {
      if (!frame.dropped) ++end.state.counters.dropped;
      frame.dropped = true;
      frame.sent_at = clock_.now();
    }
    end.state.queued = 0;
    end.state.wire_free = clock_.now();
    arm(end);
  }
  for (End& end : ends_)
    if (end.client != nullptr) end.client->link_changed(up);
}

/// The next thing to happen in this direction: a frame's last bit leaves, or a frame arrives.
void EthernetLink::arm(End& end) {
  Picoseconds next = kNever;
  for (const Frame& frame : end.state.frames) {
    if (!frame.sent) {
      next = std::min(next, frame.sent_at);
      break;
    }
    if (!frame.dropped) next = std::min(next, frame.sent_at + profile_.latency);
  }
  if (next == kNever)
    clock_.disarm(end.event);
  else
    clock_.arm(end.event, next);
}

/// Reports one frame whose last bit has left; false if there is none.
bool EthernetLink::report_one(End& end) {
  EndState& state = end.state;
  const auto next =
      std::find_if(state.frames.begin(), state.frames.end(), [](const Frame& f) { return !f.sent; });
  if (next == state.frames.end() || next->sent_at > clock_.now()) return false;
  next->sent = true;
  const u64 id = next->id;
  if (next->dropped) {
    state.frames.erase(next);
  } else {
    --state.queued;
    ++state.counters.frames;
    state.counters.bytes += next->bytes.size();
  }
  if (end.client != nullptr) end.client->frame_sent(id);
  return true;
}

/// Hands over one frame that has arrived at the other end; false if there is none.
bool EthernetLink::deliver_one(End& end) {
  EndState& state = end.state;
  if (state.frames.empty()) return false;
  Frame& first = state.frames.front();
  if (!first.sent || first.sent_at + profile_.latency > clock_.now()) return false;
  const std::vector<u8> bytes = std::move(first.bytes);
  state.frames.pop_front();
  if (end.other->client != nullptr && bytes.size() >= 14) end.other->client->frame_received(bytes);
  return true;
}

void EthernetLink::fire(End& end) {
  while (report_one(end) || deliver_one(end)) {
  }
  arm(end);
}

}  // namespace hvlab::media
