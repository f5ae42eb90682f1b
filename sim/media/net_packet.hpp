// Packets as the simulated peer reads and writes them: Ethernet II, ARP, IPv4, ICMP, UDP, TCP.
#pragma once

#include <array>
#include <optional>
#include <span>
#include <vector>

#include "sim/base/types.hpp"

namespace hvlab::media {

using MacAddress = std::array<u8, 6>;
inline constexpr MacAddress kBroadcastMac{0xff, 0xff, 0xff, 0xff, 0xff, 0xff};
/// An IPv4 address with its first number in the highest byte.
using Ipv4Address = u32;
constexpr Ipv4Address ipv4(u8 a, u8 b, u8 c, u8 d) { return u32{a} << 24 | u32{b} << 16 | u32{c} << 8 | d; }

inline constexpr u16 kEtherIpv4 = 0x0800, kEtherArp = 0x0806;
inline constexpr u8 kProtocolIcmp = 1, kProtocolTcp = 6, kProtocolUdp = 17;
inline constexpr size_t kEthernetHeader = 14, kIpv4Header = 20, kUdpHeader = 8, kTcpHeader = 20;
/// Largest IPv4 payload that one frame carries without fragments.
inline constexpr size_t kLargestIpv4Payload = 1500 - kIpv4Header;

using Bytes = std::vector<u8>;
using View = std::span<const u8>;

/// Big-endian fields; the caller has checked that they lie inside.
constexpr u16 get16(View bytes, size_t at) { return static_cast<u16>(bytes[at] << 8 | bytes[at + 1]); }
constexpr u32 get32(View bytes, size_t at) { return u32{get16(bytes, at)} << 16 | get16(bytes, at + 2); }
void put16(Bytes& to, u32 value);
void put32(Bytes& to, u32 value);
void put(Bytes& to, View bytes);
void set16(Bytes& to, size_t at, u32 value);

/// The Internet checksum of `bytes` (RFC 1071), continued from the partial sum `sum`.
u16 checksum(View bytes, u32 sum = 0);
/// The partial sum of TCP's and UDP's pseudo header.
u32 pseudo_header_sum(Ipv4Address source, Ipv4Address destination, u8 protocol, size_t length);

struct Ipv4Packet {
  Ipv4Address source = 0, destination = 0;
  u8 protocol = 0;
  View payload;
};
/// The IPv4 packet that follows an Ethernet header; nothing if it is damaged or a fragment.
std::optional<Ipv4Packet> parse_ipv4(View packet);

struct UdpDatagram {
  u16 source_port = 0, destination_port = 0;
  View payload;
};
std::optional<UdpDatagram> parse_udp(const Ipv4Packet& packet);

struct TcpSegment {
  static constexpr u8 kFin = 1, kSyn = 2, kRst = 4, kPsh = 8, kAck = 16;
  u16 source_port = 0, destination_port = 0;
  u32 sequence = 0, acknowledgement = 0;
  u8 flags = 0;
  u16 window = 0;
  u16 maximum_segment = 0;  // of the MSS option; 0 = none
  View payload;
  bool has(u8 flag) const { return (flags & flag) != 0; }
};
std::optional<TcpSegment> parse_tcp(const Ipv4Packet& packet);

/// Where a packet goes and comes from.
struct Ipv4Route {
  MacAddress source_mac{}, destination_mac{};
  Ipv4Address source = 0, destination = 0;
};
/// Whole frames with all lengths and checksums set. `identification` is IPv4's field.
Bytes make_ipv4(const Ipv4Route& route, u8 protocol, u16 identification, View payload);
Bytes make_udp(const Ipv4Route& route, u16 identification, u16 source_port, u16 destination_port,
               View payload);
Bytes make_tcp(const Ipv4Route& route, u16 identification, const TcpSegment& segment);

}  // namespace hvlab::media
