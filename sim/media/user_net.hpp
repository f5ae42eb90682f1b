// The host's network behind the wire, through libslirp (user-mode NAT; no privileges needed). Not
// reproducible: what arrives, and when, depends on the host.
#pragma once

#include <memory>
#include <span>

#include "sim/ports/clock.hpp"
#include "sim/ports/frame_link.hpp"

namespace hvlab::media {

/// Network 10.0.2.0/24: gateway and host 10.0.2.2, name server 10.0.2.3, DHCP from 10.0.2.15 on.
class UserNet final : public FrameClient {
 public:
  /// Attaches itself to `link` (the far end). Throws UserError if libslirp refuses.
  UserNet(FrameLink& link, Clock& clock);
  ~UserNet() override;
  UserNet(const UserNet&) = delete;

  void frame_received(std::span<const u8> frame) override;
  void frame_sent(u64) override {}
  void link_changed(bool) override {}

  /// Looks at the host's sockets without waiting and puts what arrived on the wire at the present simulated
  /// time. The run loop calls it now and then (every few milliseconds of host time).
  void poll();

 private:
  struct Slirp;  // libslirp's side
  std::unique_ptr<Slirp> slirp_;
};

}  // namespace hvlab::media
