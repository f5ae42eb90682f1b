// A full-duplex Ethernet link: two ends, and a wire each way on which frames take their time.
#pragma once

#include <deque>
#include <string>
#include <vector>

#include "sim/base/types.hpp"
#include "sim/media/link_profile.hpp"
#include "sim/ports/clock.hpp"
#include "sim/ports/frame_link.hpp"

namespace hvlab::media {

/// Bytes that a frame (without FCS) occupies on the wire (IEEE 802.3, 3.1.1 and 4.4.2): preamble and start
/// delimiter, at least 60 bytes of frame, FCS. The gap to the next frame comes on top.
inline constexpr u64 kPreambleBytes = 8, kShortestFrame = 60, kFcsBytes = 4, kGapBytes = 12;

/// What happened in one direction.
struct LinkCounters {
  u64 frames = 0, bytes = 0;  // whose last bit has left
  u64 dropped = 0;            // the sending queue was full, or the link down
};

class EthernetLink {
 public:
  /// `name` begins the names of the clock events ("net0.link").
  EthernetLink(const std::string& name, const LinkProfile& profile, Clock& clock);
  EthernetLink(const EthernetLink&) = delete;

  /// The two ends: what one sends the other receives. End 0 is the machine's by convention.
  FrameLink& end(unsigned which) { return ends_[which]; }

  /// Frames sent by end `which`.
  const LinkCounters& counters(unsigned which) const { return ends_[which].state.counters; }

  /// Pulls or plugs the cable, and tells both clients. What is on the wire or queued is lost.
  void set_up(bool up);

  const LinkProfile& profile() const { return profile_; }

  /// Time of `bytes` on this wire, exact.
  Picoseconds wire_time(u64 bytes) const;

 private:
  struct Frame {
    u64 id = 0;
    std::vector<u8> bytes;
    Picoseconds sent_at = 0;
    bool sent = false;     // reported to the sender
    bool dropped = false;  // reported as sent, but never on the wire
  };
  struct EndState {
    std::deque<Frame> frames;  // in the order of the sends; from queue to arrival
    size_t queued = 0;         // of them, those whose last bit has not left and that are not dropped
    Picoseconds wire_free = 0;
    LinkCounters counters;
  };
  class End final : public FrameLink {
   public:
    void attach(FrameClient& attached) override { client = &attached; }
    bool up() const override { return link->up_; }
    u64 bits_per_second() const override { return link->profile_.bits_per_second; }
    void send(u64 id, std::vector<u8> frame) override { link->send(*this, id, std::move(frame)); }
    void abandon() override { link->abandon(*this); }

    EthernetLink* link = nullptr;
    End* other = nullptr;
    FrameClient* client = nullptr;
    EventId event = 0;
    EndState state;
  };

  void send(End& end, u64 id, std::vector<u8> frame);
  void abandon(End& end);
  void arm(End& end);
  void fire(End& end);
  bool report_one(End& end);
  bool deliver_one(End& end);

  const LinkProfile profile_;
  Clock& clock_;
  bool up_ = true;
  End ends_[2];
};

}  // namespace hvlab::media
