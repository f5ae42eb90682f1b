// The peer's UDP services. Numbers are big-endian.
//
//   7     echo
//   9     discard
//   7001  request/response: u32 tag, u32 bytes (at most 1464) -> u32 tag, u32 bytes, then `bytes` of the
//   pattern 7002  bulk load: u32 datagrams, u32 payload bytes (8 to 1472), u32 gap in ns (0 = as fast as the
//   link takes them)
//         -> that many datagrams of u32 index, u32 datagrams, and the pattern. A new request replaces the
//         running one.
//   67    DHCP
#pragma once

#include <string>

#include "sim/media/net_packet.hpp"
#include "sim/media/peer_wire.hpp"
#include "sim/ports/clock.hpp"

namespace hvlab::media {

inline constexpr u16 kEchoPort = 7, kDiscardPort = 9, kRequestPort = 7001, kBulkPort = 7002;

class PeerUdp {
 public:
  PeerUdp(const std::string& name, PeerWire& wire, Clock& clock);

  /// Takes a datagram that arrived from `mac`; false if no service is there for it.
  bool received(const MacAddress& mac, const Ipv4Packet& packet, const UdpDatagram& datagram);

  /// The link has room again.
  void wire_ready();

  u64 discarded_bytes() const { return discarded_bytes_; }

 private:
  struct Bulk {
    Ipv4Route route;
    u16 port = 0;
    u32 total = 0, next = 0;
    u32 bytes = 0;
    Picoseconds gap = 0, next_at = 0;
  };

  void reply(const MacAddress& mac, const Ipv4Packet& packet, const UdpDatagram& datagram, View payload);
  bool request(const MacAddress& mac, const Ipv4Packet& packet, const UdpDatagram& datagram);
  bool start_bulk(const MacAddress& mac, const Ipv4Packet& packet, const UdpDatagram& datagram);
  bool dhcp(const UdpDatagram& datagram);
  void pump_bulk();

  PeerWire& wire_;
  Clock& clock_;
  EventId event_;
  Bulk bulk_;
  u64 discarded_bytes_ = 0;
};

/// The answer of a DHCP server that gives `addresses.guest` to whoever asks (RFC 2131): OFFER or ACK; nothing
/// for messages that get none.
std::optional<Bytes> dhcp_answer(View message, const PeerAddresses& addresses);

}  // namespace hvlab::media
