#include "hv-models/kernel/segments.hpp"

#include "hv-models/kernel/network_order.hpp"

namespace hvlab::kernel {
namespace {

constexpr size_t kIdentificationAt = 4, kTotalAt = 2, kIpChecksumAt = 10;  // RFC 791, 3.1
constexpr size_t kSequenceAt = 4, kOffsetAt = 12, kFlagsAt = 13;           // RFC 9293, 3.1

size_t checksum_at(u8 protocol) { return protocol == kProtocolUdp ? 6 : 16; }

}  // namespace

bool find_layout(const u8* from, size_t bytes, size_t all, PacketLayout& layout) {
  EthernetHeader ethernet;
  if (!get_ethernet(from, bytes, ethernet) || ethernet.type != kTypeIpv4) return false;
  // get_ipv4() wants the whole packet to be there; here the payload may be elsewhere.
  const u8* ip = from + kEthernetBytes;
  const size_t ip_bytes = all - kEthernetBytes;
  if (bytes < kEthernetBytes + kIpv4Bytes || (ip[0] & 15u) * size_t{4} + kEthernetBytes > bytes ||
      !get_ipv4(ip, ip_bytes, layout.ip))
    return false;
  if (layout.ip.header_bytes + size_t{layout.ip.payload_bytes} != ip_bytes) return false;
  layout.transport = kEthernetBytes + layout.ip.header_bytes;
  const bool tcp = layout.ip.protocol == kProtocolTcp;
  if (!tcp && layout.ip.protocol != kProtocolUdp) return false;
  layout.headers = layout.transport + (tcp ? kTcpBytes : kUdpBytes);
  if (tcp && layout.headers <= bytes) {
    const size_t header = (from[layout.transport + kOffsetAt] >> 4) * size_t{4};
    if (header < kTcpBytes) return false;
    layout.headers = layout.transport + header;
  }
  return layout.headers <= bytes;
}

bool may_be_sent(const u8* from, size_t bytes, size_t all, u16 segment, bool unchecked) {
  if (bytes < kShortestFrame || bytes > all || (segment == 0 && all > kLongestFrame)) return false;
  if (segment == 0 && !unchecked) return true;
  PacketLayout layout;
  if (!unchecked || !find_layout(from, bytes, all, layout)) return false;
  if (segment == 0) return true;
  return layout.ip.protocol == kProtocolTcp && segment >= kShortestSegment &&
         layout.headers + segment <= kLongestFrame && all > layout.headers;
}

void complete_checksum(u8* at, size_t bytes, const PacketLayout& layout) {
  u8* transport = at + layout.transport;
  put16(transport + checksum_at(layout.ip.protocol), 0);
  put16(transport + checksum_at(layout.ip.protocol),
        transport_checksum(layout.ip, transport, bytes - layout.transport));
}

unsigned count_frames(size_t bytes, const PacketLayout& layout, u16 segment) {
  return static_cast<unsigned>((bytes - layout.headers + segment - 1) / segment);
}

size_t cut_frame(const u8* from, size_t bytes, const PacketLayout& layout, u16 segment, unsigned index,
                 u8* to) {
  const size_t at = size_t{index} * segment, payload = bytes - layout.headers;
  const size_t part = payload - at < segment ? payload - at : segment;
  const bool last = at + part == payload;
  __builtin_memcpy(to, from, layout.headers);
  __builtin_memcpy(to + layout.headers, from + layout.headers + at, part);
  u8 *ip = to + kEthernetBytes, *tcp = to + layout.transport;
  put16(ip + kTotalAt, static_cast<u32>(layout.headers - kEthernetBytes + part));
  put16(ip + kIdentificationAt, get16(ip + kIdentificationAt) + index);
  put16(ip + kIpChecksumAt, 0);
  put16(ip + kIpChecksumAt, finish_checksum(add_to_checksum(0, ip, layout.ip.header_bytes)));
  put32(tcp + kSequenceAt, get32(tcp + kSequenceAt) + static_cast<u32>(at));
  if (!last) tcp[kFlagsAt] &= static_cast<u8>(~(kTcpFin | kTcpPush));
  complete_checksum(to, layout.headers + part, layout);
  return layout.headers + part;
}

}  // namespace hvlab::kernel
