// An Ethernet link as a network controller sees it: frames go towards the wire, frames arrive from it.
#pragma once

#include <span>
#include <vector>

#include "sim/base/types.hpp"

namespace hvlab {

/// What a network controller implements.
class FrameClient {
 public:
  virtual ~FrameClient() = default;

  /// A frame has wholly arrived: destination address first, without preamble and FCS, at least 14 bytes
  /// (frames shorter than 60 are as good as padded). Called from a clock event. The controller filters by
  /// address; if it has no room it drops the frame, as hardware does.
  virtual void frame_received(std::span<const u8> frame) = 0;

  /// The last bit of frame `id` has left for the wire; its place in the link's queue is free. Called from a
  /// clock event, never from inside send(), in the order of the sends.
  virtual void frame_sent(u64 id) = 0;

  /// The link came up or went down.
  virtual void link_changed(bool up) = 0;
};

class FrameLink {
 public:
  virtual ~FrameLink() = default;

  /// Names the one client; called once while the machine is built.
  virtual void attach(FrameClient& client) = 0;

  virtual bool up() const = 0;

  /// Bits per second of the wire, which drivers read as the link's speed.
  virtual u64 bits_per_second() const = 0;

  /// Puts a frame (as in frame_received) behind those not yet sent; `id` is the client's and comes back in
  /// frame_sent(). While the link is down frames are taken, lost, and reported as sent.
  virtual void send(u64 id, std::vector<u8> frame) = 0;

  /// Forgets frames whose last bit has not left (controller reset): they are not sent nor reported.
  virtual void abandon() = 0;
};

}  // namespace hvlab
