// The simulated host at the wire's other end: it answers by fixed rules in simulated time, so that runs
// repeat.
//
//   ARP, ICMP echo (ping), DHCP server
//   UDP 7 echo · 9 discard · 7001 request/response · 7002 bulk load       (see peer_udp.hpp)
//   TCP 7 echo · 9 discard · 80 HTTP GET /N: N bytes of the pattern       (see peer_tcp.hpp)
#pragma once

#include <deque>
#include <string>

#include "sim/media/net_packet.hpp"
#include "sim/media/peer_tcp.hpp"
#include "sim/media/peer_udp.hpp"
#include "sim/media/peer_wire.hpp"
#include "sim/ports/clock.hpp"
#include "sim/ports/frame_link.hpp"

namespace hvlab::media {

/// What the peer has seen and done.
struct PeerCounters {
  u64 received = 0;  // frames that were for it
  u64 ignored = 0;   // of them, those it has no answer to or that are damaged
};

class Peer final : public FrameClient, private PeerWire {
 public:
  /// Attaches itself to `link` (the far end). `name` begins the names of its clock events; `delay` passes
  /// between a frame's arrival and its answer's place in the link's queue.
  Peer(const std::string& name, const PeerAddresses& addresses, Picoseconds delay, FrameLink& link,
       Clock& clock);

  void frame_received(View frame) override;
  void frame_sent(u64 id) override;
  void link_changed(bool up) override;

  const PeerCounters& counters() const { return counters_; }
  const PeerUdp& udp() const { return udp_; }
  const PeerTcp& tcp() const { return tcp_; }

 private:
  struct Answer {
    Picoseconds at = 0;
    Bytes frame;
  };

  // PeerWire
  const PeerAddresses& addresses() const override { return addresses_; }
  u16 next_identification() override { return identification_++; }
  void answer(Bytes frame) override;
  void send_now(Bytes frame) override;
  size_t unsent() const override { return unsent_; }

  bool handle(View frame);
  bool handle_arp(View frame);
  bool handle_ipv4(View frame);
  bool handle_icmp(const Ipv4Packet& packet, const MacAddress& from);
  void fire();

  const PeerAddresses addresses_;
  const Picoseconds delay_;
  FrameLink& link_;
  Clock& clock_;
  EventId event_;
  std::deque<Answer> answers_;
  size_t unsent_ = 0;
  u64 next_id_ = 1;
  u16 identification_ = 1;
  PeerCounters counters_;
  PeerUdp udp_;
  PeerTcp tcp_;
};

}  // namespace hvlab::media
