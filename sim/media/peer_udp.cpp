#include "sim/media/peer_udp.hpp"

namespace hvlab::media {
namespace {

constexpr u16 kDhcpServerPort = 67, kDhcpClientPort = 68;
constexpr size_t kLargestPayload = kLargestIpv4Payload - kUdpHeader;
/// Frames of a bulk load that wait in the link's queue: enough that the wire never idles.
constexpr size_t kBulkAhead = 8;

void put_pattern(Bytes& to, size_t bytes) {
  for (size_t i = 0; i < bytes; ++i) to.push_back(pattern_byte(i));
}

}  // namespace

PeerUdp::PeerUdp(const std::string& name, PeerWire& wire, Clock& clock)
    : wire_(wire), clock_(clock), event_(clock.add_event(name + ".bulk", [this] { pump_bulk(); })) {}

bool PeerUdp::received(const MacAddress& mac, const Ipv4Packet& packet, const UdpDatagram& datagram) {
  if (datagram.destination_port == kDhcpServerPort) return dhcp(datagram);
  if (packet.destination != wire_.addresses().address) return false;
  switch (datagram.destination_port) {
    case kEchoPort: reply(mac, packet, datagram, datagram.payload); return true;
    case kDiscardPort: discarded_bytes_ += datagram.payload.size(); return true;
    case kRequestPort: return request(mac, packet, datagram);
    case kBulkPort: return start_bulk(mac, packet, datagram);
    default: return false;
  }
}

void PeerUdp::reply(const MacAddress& mac, const Ipv4Packet& packet, const UdpDatagram& datagram,
                    View payload) {
  wire_.answer(make_udp(wire_.route_to(mac, packet.source), wire_.next_identification(),
                        datagram.destination_port, datagram.source_port, payload));
}

bool PeerUdp::request(const MacAddress& mac, const Ipv4Packet& packet, const UdpDatagram& datagram) {
  if (datagram.payload.size() < 8) return false;
  const size_t bytes = get32(datagram.payload, 4);
  if (bytes > kLargestPayload - 8) return false;
  Bytes response(datagram.payload.begin(), datagram.payload.begin() + 8);
  put_pattern(response, bytes);
  reply(mac, packet, datagram, response);
  return true;
}

bool PeerUdp::start_bulk(const MacAddress& mac, const Ipv4Packet& packet, const UdpDatagram& datagram) {
  const View wish = datagram.payload;
  if (wish.size() < 12 || get32(wish, 4) < 8 || get32(wish, 4) > kLargestPayload) return false;
  bulk_ = {wire_.route_to(mac, packet.source), datagram.source_port, get32(wish, 0), 0, get32(wish, 4),
           get32(wish, 8) * kNanosecond,       clock_.now()};
  pump_bulk();
  return true;
}

void PeerUdp::wire_ready() {
  if (bulk_.next != bulk_.total) pump_bulk();
}

void PeerUdp::pump_bulk() {
  while (bulk_.next != bulk_.total && wire_.unsent() < kBulkAhead) {
    if (bulk_.next_at > clock_.now()) {
      clock_.arm(event_, bulk_.next_at);
      return;
    }
    Bytes payload;
    put32(payload, bulk_.next++);
    put32(payload, bulk_.total);
    put_pattern(payload, bulk_.bytes - 8);
    bulk_.next_at += bulk_.gap;
    wire_.send_now(make_udp(bulk_.route, wire_.next_identification(), kBulkPort, bulk_.port, payload));
  }
}

/// Answers go to the broadcast address: a client without an address may not take others (RFC 2131, 4.1).
bool PeerUdp::dhcp(const UdpDatagram& datagram) {
  const auto message = dhcp_answer(datagram.payload, wire_.addresses());
  if (!message) return false;
  const Ipv4Route everybody{wire_.addresses().mac, kBroadcastMac, wire_.addresses().address, 0xffff'ffff};
  wire_.answer(make_udp(everybody, wire_.next_identification(), kDhcpServerPort, kDhcpClientPort, *message));
  return true;
}

}  // namespace hvlab::media
