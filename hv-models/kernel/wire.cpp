#include "hv-models/kernel/wire.hpp"

#include "hv-models/kernel/network_order.hpp"

namespace hvlab::kernel {
namespace {

constexpr u8 kTcpSegmentOption = 2;

void put_mac(u8* to, const MacAddress& mac) {
  for (unsigned i = 0; i < 6; ++i) to[i] = mac.bytes[i];
}
MacAddress get_mac(const u8* from) {
  MacAddress mac;
  for (unsigned i = 0; i < 6; ++i) mac.bytes[i] = from[i];
  return mac;
}

// RFC 768: addresses, protocol and length are summed up as if they stood before the header.
u32 pseudo_header(const Ipv4Header& ip, size_t bytes) {
  u8 header[12] = {};
  put32(header, ip.from);
  put32(header + 4, ip.to);
  header[9] = ip.protocol;
  put16(header + 10, static_cast<u32>(bytes));
  return add_to_checksum(0, header, sizeof header);
}

constexpr u16 kHardwareEthernet = 1;
constexpr u8 kTimeToLive = 64;

}  // namespace

u32 add_to_checksum(u32 sum, const u8* from, size_t bytes) {
  // RFC 1071, 2: the sum is the same in any order of bytes and width of words, once what overflows is added
  // again and the bytes are swapped back.
  u64 words = 0;
  for (; bytes >= 8; from += 8, bytes -= 8) {
    u64 word = 0;
    __builtin_memcpy(&word, from, sizeof word);
    words += word;
    words += words < word ? 1 : 0;
  }
  words = (words >> 32) + (words & 0xffff'ffff);
  words = (words >> 16) + (words & 0xffff);
  while (words >> 16 != 0) words = (words >> 16) + (words & 0xffff);
  u64 wide = sum + u64{__builtin_bswap16(static_cast<u16>(words))};
  for (; bytes >= 2; from += 2, bytes -= 2) wide += get16(from);
  if (bytes == 1) wide += u32{*from} << 8;
  while (wide >> 16 != 0) wide = (wide & 0xffff) + (wide >> 16);
  return static_cast<u32>(wide);
}

u16 finish_checksum(u32 sum) {
  while (sum >> 16 != 0) sum = (sum & 0xffff) + (sum >> 16);
  return static_cast<u16>(~sum);
}

void put_ethernet(u8* to, const EthernetHeader& header) {
  put_mac(to, header.to);
  put_mac(to + 6, header.from);
  put16(to + 12, header.type);
}

bool get_ethernet(const u8* from, size_t bytes, EthernetHeader& header) {
  if (bytes < kEthernetBytes) return false;
  header = {get_mac(from), get_mac(from + 6), get16(from + 12)};
  return true;
}

void put_arp(u8* to, const ArpPacket& packet) {
  put16(to, kHardwareEthernet);
  put16(to + 2, kTypeIpv4);
  to[4] = 6;
  to[5] = 4;
  put16(to + 6, packet.request ? 1 : 2);
  put_mac(to + 8, packet.sender_mac);
  put32(to + 14, packet.sender);
  put_mac(to + 18, packet.target_mac);
  put32(to + 24, packet.target);
}

bool get_arp(const u8* from, size_t bytes, ArpPacket& packet) {
  if (bytes < kArpBytes || get16(from) != kHardwareEthernet || get16(from + 2) != kTypeIpv4 || from[4] != 6 ||
      from[5] != 4)
    return false;
  const u16 operation = get16(from + 6);
  packet = {operation == 1, get_mac(from + 8), get_mac(from + 18), get32(from + 14), get32(from + 24)};
  return operation == 1 || operation == 2;
}

void put_ipv4(u8* to, const Ipv4Header& header, u16 identification) {
  constexpr u16 kDontFragment = 0x4000;
  to[0] = 0x45;  // version 4, five words
  to[1] = 0;
  put16(to + 2, kIpv4Bytes + header.payload_bytes);
  put16(to + 4, identification);
  put16(to + 6, kDontFragment);
  to[8] = kTimeToLive;
  to[9] = header.protocol;
  put16(to + 10, 0);
  put32(to + 12, header.from);
  put32(to + 16, header.to);
  put16(to + 10, finish_checksum(add_to_checksum(0, to, kIpv4Bytes)));
}

bool get_ipv4(const u8* from, size_t bytes, Ipv4Header& header) {
  constexpr u16 kFragment = 0x3fff;  // more fragments, offset
  if (bytes < kIpv4Bytes || from[0] >> 4 != 4) return false;
  const size_t header_bytes = (from[0] & 0xfu) * 4, total = get16(from + 2);
  if (header_bytes < kIpv4Bytes || total < header_bytes || total > bytes) return false;
  if (finish_checksum(add_to_checksum(0, from, header_bytes)) != 0 || (get16(from + 6) & kFragment) != 0)
    return false;
  header = {from[9], get32(from + 12), get32(from + 16), static_cast<u16>(header_bytes),
            static_cast<u16>(total - header_bytes)};
  return true;
}

u16 transport_checksum(const Ipv4Header& ip, const u8* from, size_t bytes) {
  const u16 checksum = finish_checksum(add_to_checksum(pseudo_header(ip, bytes), from, bytes));
  return checksum != 0 || ip.protocol != kProtocolUdp ? checksum
                                                      : u16{0xffff};  // 0 would mean that UDP has none
}

void put_udp(u8* to, const UdpHeader& header, const Ipv4Header& ip, bool checked) {
  const size_t bytes = kUdpBytes + header.payload_bytes;
  put16(to, header.from);
  put16(to + 2, header.to);
  put16(to + 4, static_cast<u32>(bytes));
  put16(to + 6, 0);
  if (!checked) return;
  put16(to + 6, transport_checksum(ip, to, bytes));
}

bool get_udp(const u8* from, size_t bytes, const Ipv4Header& ip, UdpHeader& header, bool proven) {
  if (bytes < kUdpBytes) return false;
  const size_t length = get16(from + 4);
  if (length < kUdpBytes || length > bytes) return false;
  const bool checked = !proven && get16(from + 6) != 0;
  if (checked && finish_checksum(add_to_checksum(pseudo_header(ip, length), from, length)) != 0) return false;
  header = {get16(from), get16(from + 2), static_cast<u16>(length - kUdpBytes)};
  return true;
}

void put_tcp(u8* to, const TcpHeader& header, const Ipv4Header& ip, size_t payload_bytes, bool complete) {
  const size_t header_bytes = kTcpBytes + (header.segment != 0 ? kTcpOptionBytes : 0);
  put16(to, header.from);
  put16(to + 2, header.to);
  put32(to + 4, header.sequence);
  put32(to + 8, header.acknowledged);
  to[12] = static_cast<u8>(header_bytes / 4 << 4);
  to[13] = header.flags;
  put16(to + 14, header.window);
  put16(to + 16, 0);
  put16(to + 18, 0);  // nothing is urgent
  if (header.segment != 0) put32(to + kTcpBytes, u32{kTcpSegmentOption} << 24 | 4 << 16 | header.segment);
  const size_t bytes = header_bytes + payload_bytes;
  const u32 sum = pseudo_header(ip, bytes);
  put16(to + 16, complete ? finish_checksum(add_to_checksum(sum, to, bytes)) : sum);
}

bool get_tcp(const u8* from, size_t bytes, const Ipv4Header& ip, TcpHeader& header, bool proven) {
  if (bytes < kTcpBytes) return false;
  const size_t header_bytes = (from[12] >> 4) * size_t{4};
  if (header_bytes < kTcpBytes || header_bytes > bytes) return false;
  if (!proven && finish_checksum(add_to_checksum(pseudo_header(ip, bytes), from, bytes)) != 0) return false;
  header = {get16(from),
            get16(from + 2),
            get32(from + 4),
            get32(from + 8),
            from[13],
            get16(from + 14),
            0,
            static_cast<u16>(header_bytes)};
  for (size_t at = kTcpBytes; at + 1 < header_bytes && from[at] != 0;) {  // 3.2
    const size_t length = from[at] == 1 ? 1 : from[at + 1];
    if (length == 0 || at + length > header_bytes) break;
    if (from[at] == kTcpSegmentOption && length == 4) header.segment = get16(from + at + 2);
    at += length;
  }
  return true;
}

void put_icmp_echo(u8* to, size_t bytes, const IcmpEcho& echo) {
  to[0] = echo.type;
  to[1] = 0;
  put16(to + 2, 0);
  put16(to + 4, echo.identifier);
  put16(to + 6, echo.sequence);
  put16(to + 2, finish_checksum(add_to_checksum(0, to, bytes)));
}

bool get_icmp_echo(const u8* from, size_t bytes, IcmpEcho& echo) {
  if (bytes < kIcmpEchoBytes || finish_checksum(add_to_checksum(0, from, bytes)) != 0) return false;
  echo = {from[0], get16(from + 4), get16(from + 6)};
  return from[1] == 0 && (echo.type == kEchoRequest || echo.type == kEchoReply);
}

}  // namespace hvlab::kernel
