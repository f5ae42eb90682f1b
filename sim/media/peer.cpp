#include "sim/media/peer.hpp"

#include <algorithm>

namespace hvlab::media {
namespace {

MacAddress source_of(View frame) {
  MacAddress mac;
  std::copy_n(frame.begin() + 6, 6, mac.begin());
  return mac;
}

}  // namespace

Peer::Peer(const std::string& name, const PeerAddresses& addresses, Picoseconds delay, FrameLink& link,
           Clock& clock)
    : addresses_(addresses),
      delay_(delay),
      link_(link),
      clock_(clock),
      event_(clock.add_event(name + ".answer", [this] { fire(); })),
      udp_(name, *this, clock),
      tcp_(name, *this, clock) {
  link.attach(*this);
}

void Peer::frame_received(View frame) {
  if (frame.size() < kEthernetHeader) return;
  const View to = frame.first(6);
  if (!std::ranges::equal(to, addresses_.mac) && !std::ranges::equal(to, kBroadcastMac)) return;
  ++counters_.received;
  if (!handle(frame)) ++counters_.ignored;
}

bool Peer::handle(View frame) {
  switch (get16(frame, 12)) {
    case kEtherArp: return handle_arp(frame);
    case kEtherIpv4: return handle_ipv4(frame);
    default: return false;
  }
}

/// RFC 826: a request for the peer's address is answered to whoever asks.
bool Peer::handle_arp(View frame) {
  const View arp = frame.subspan(kEthernetHeader);
  if (arp.size() < 28 || get32(arp, 0) != 0x0001'0800 || get32(arp, 4) != 0x0604'0001) return false;
  if (get32(arp, 24) != addresses_.address) return false;
  Bytes reply;
  put(reply, arp.subspan(8, 6));
  put(reply, addresses_.mac);
  put16(reply, kEtherArp);
  put32(reply, 0x0001'0800);
  put32(reply, 0x0604'0002);
  put(reply, addresses_.mac);
  put32(reply, addresses_.address);
  put(reply, arp.subspan(8, 10));
  answer(std::move(reply));
  return true;
}

bool Peer::handle_ipv4(View frame) {
  const auto packet = parse_ipv4(frame.subspan(kEthernetHeader));
  if (!packet) return false;
  const MacAddress from = source_of(frame);
  const bool to_us = packet->destination == addresses_.address;
  if (packet->protocol == kProtocolUdp) {
    const auto datagram = parse_udp(*packet);
    return datagram && udp_.received(from, *packet, *datagram);
  }
  if (!to_us) return false;
  if (packet->protocol == kProtocolIcmp) return handle_icmp(*packet, from);
  if (packet->protocol != kProtocolTcp) return false;
  const auto segment = parse_tcp(*packet);
  return segment && tcp_.received(from, packet->source, *segment);
}

/// RFC 792: an echo request comes back as a reply with the same bytes.
bool Peer::handle_icmp(const Ipv4Packet& packet, const MacAddress& from) {
  if (packet.payload.size() < 8 || packet.payload[0] != 8 || packet.payload[1] != 0) return false;
  if (checksum(packet.payload) != 0) return false;
  Bytes reply(packet.payload.begin(), packet.payload.end());
  reply[0] = 0;
  set16(reply, 2, 0);
  set16(reply, 2, checksum(reply));
  answer(make_ipv4(route_to(from, packet.source), kProtocolIcmp, next_identification(), reply));
  return true;
}

void Peer::answer(Bytes frame) {
  answers_.push_back({clock_.now() + delay_, std::move(frame)});
  clock_.arm(event_, answers_.front().at);
}

void Peer::send_now(Bytes frame) {
  ++unsent_;
  link_.send(next_id_++, std::move(frame));
}

void Peer::fire() {
  while (!answers_.empty() && answers_.front().at <= clock_.now()) {
    Bytes frame = std::move(answers_.front().frame);
    answers_.pop_front();
    send_now(std::move(frame));
  }
  if (!answers_.empty()) clock_.arm(event_, answers_.front().at);
}

void Peer::frame_sent(u64) {
  --unsent_;
  udp_.wire_ready();
}

void Peer::link_changed(bool up) {
  if (up) udp_.wire_ready();
}

}  // namespace hvlab::media
