#include "sim/media/net_packet.hpp"

namespace hvlab::media {

void put16(Bytes& to, u32 value) {
  to.push_back(static_cast<u8>(value >> 8));
  to.push_back(static_cast<u8>(value));
}

void put32(Bytes& to, u32 value) {
  put16(to, value >> 16);
  put16(to, value & 0xffff);
}

void put(Bytes& to, View bytes) { to.insert(to.end(), bytes.begin(), bytes.end()); }

void set16(Bytes& to, size_t at, u32 value) {
  to[at] = static_cast<u8>(value >> 8);
  to[at + 1] = static_cast<u8>(value);
}

u16 checksum(View bytes, u32 sum) {
  u64 total = sum;
  for (size_t i = 0; i + 1 < bytes.size(); i += 2) total += get16(bytes, i);
  if (bytes.size() % 2 != 0) total += u32{bytes.back()} << 8;
  while (total >> 16 != 0) total = (total & 0xffff) + (total >> 16);
  return static_cast<u16>(~total);
}

u32 pseudo_header_sum(Ipv4Address source, Ipv4Address destination, u8 protocol, size_t length) {
  return (source >> 16) + (source & 0xffff) + (destination >> 16) + (destination & 0xffff) + protocol +
         static_cast<u32>(length);
}

std::optional<Ipv4Packet> parse_ipv4(View packet) {
  if (packet.size() < kIpv4Header || packet[0] >> 4 != 4) return std::nullopt;
  const size_t header = (packet[0] & 15u) * 4u, total = get16(packet, 2);
  if (header < kIpv4Header || total < header || total > packet.size()) return std::nullopt;
  if (checksum(packet.first(header)) != 0) return std::nullopt;
  if ((get16(packet, 6) & 0x3fff) != 0) return std::nullopt;  // more fragments, or not the first
  return Ipv4Packet{get32(packet, 12), get32(packet, 16), packet[9], packet.subspan(header, total - header)};
}

std::optional<UdpDatagram> parse_udp(const Ipv4Packet& packet) {
  const View udp = packet.payload;
  if (udp.size() < kUdpHeader) return std::nullopt;
  const size_t length = get16(udp, 4);
  if (length < kUdpHeader || length > udp.size()) return std::nullopt;
  const u32 pseudo = pseudo_header_sum(packet.source, packet.destination, kProtocolUdp, length);
  if (get16(udp, 6) != 0 && checksum(udp.first(length), pseudo) != 0) return std::nullopt;
  return UdpDatagram{get16(udp, 0), get16(udp, 2), udp.subspan(kUdpHeader, length - kUdpHeader)};
}

namespace {

/// The MSS option (RFC 9293, 3.2) among `options`, 0 if it is not there.
u16 find_maximum_segment(View options) {
  for (size_t at = 0; at < options.size() && options[at] != 0;) {
    if (options[at] == 1) {
      ++at;
      continue;
    }
    if (at + 1 >= options.size() || options[at + 1] < 2 || at + options[at + 1] > options.size()) break;
    if (options[at] == 2 && options[at + 1] == 4) return get16(options, at + 2);
    at += options[at + 1];
  }
  return 0;
}

}  // namespace

std::optional<TcpSegment> parse_tcp(const Ipv4Packet& packet) {
  const View tcp = packet.payload;
  if (tcp.size() < kTcpHeader) return std::nullopt;
  const size_t header = (tcp[12] >> 4) * 4u;
  if (header < kTcpHeader || header > tcp.size()) return std::nullopt;
  if (checksum(tcp, pseudo_header_sum(packet.source, packet.destination, kProtocolTcp, tcp.size())) != 0)
    return std::nullopt;
  TcpSegment segment{
      get16(tcp, 0),      get16(tcp, 2), get32(tcp, 4), get32(tcp, 8), tcp[13], get16(tcp, 14), 0,
      tcp.subspan(header)};
  segment.maximum_segment = find_maximum_segment(tcp.subspan(kTcpHeader, header - kTcpHeader));
  return segment;
}

Bytes make_ipv4(const Ipv4Route& route, u8 protocol, u16 identification, View payload) {
  Bytes frame;
  frame.reserve(kEthernetHeader + kIpv4Header + payload.size());
  put(frame, route.destination_mac);
  put(frame, route.source_mac);
  put16(frame, kEtherIpv4);
  put16(frame, 0x4500);
  put16(frame, static_cast<u32>(kIpv4Header + payload.size()));
  put16(frame, identification);
  put16(frame, 0x4000);  // don't fragment
  put16(frame, 64u << 8 | protocol);
  put16(frame, 0);
  put32(frame, route.source);
  put32(frame, route.destination);
  set16(frame, kEthernetHeader + 10, checksum(View(frame).subspan(kEthernetHeader)));
  put(frame, payload);
  return frame;
}

Bytes make_udp(const Ipv4Route& route, u16 identification, u16 source_port, u16 destination_port,
               View payload) {
  Bytes udp;
  put16(udp, source_port);
  put16(udp, destination_port);
  put16(udp, static_cast<u32>(kUdpHeader + payload.size()));
  put16(udp, 0);
  put(udp, payload);
  const u16 sum = checksum(udp, pseudo_header_sum(route.source, route.destination, kProtocolUdp, udp.size()));
  set16(udp, 6, sum == 0 ? 0xffff : sum);  // 0 would say "none" (RFC 768)
  return make_ipv4(route, kProtocolUdp, identification, udp);
}

Bytes make_tcp(const Ipv4Route& route, u16 identification, const TcpSegment& segment) {
  const bool option = segment.maximum_segment != 0;
  Bytes tcp;
  put16(tcp, segment.source_port);
  put16(tcp, segment.destination_port);
  put32(tcp, segment.sequence);
  put32(tcp, segment.acknowledgement);
  put16(tcp, (option ? 6u : 5u) << 12 | segment.flags);
  put16(tcp, segment.window);
  put32(tcp, 0);  // checksum, urgent pointer
  if (option) put32(tcp, 0x0204'0000u | segment.maximum_segment);
  put(tcp, segment.payload);
  set16(tcp, 16, checksum(tcp, pseudo_header_sum(route.source, route.destination, kProtocolTcp, tcp.size())));
  return make_ipv4(route, kProtocolTcp, identification, tcp);
}

}  // namespace hvlab::media
