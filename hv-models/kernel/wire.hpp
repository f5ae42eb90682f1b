// Headers as they are on the wire: Ethernet II, ARP (RFC 826), IPv4 (RFC 791), ICMP echo (RFC 792), UDP (RFC
// 768), TCP (RFC 9293). Pure functions over bytes, so that they run in a test too. Addresses and ports are in
// the processor's order.
#pragma once

#include "hv-models/drivers/network_card.hpp"

namespace hvlab::kernel {

using drivers::MacAddress;
inline constexpr MacAddress kBroadcastMac = {{0xff, 0xff, 0xff, 0xff, 0xff, 0xff}};

inline constexpr size_t kEthernetBytes = 14, kArpBytes = 28, kIpv4Bytes = 20, kUdpBytes = 8,
                        kIcmpEchoBytes = 8, kTcpBytes = 20, kTcpOptionBytes = 4;
inline constexpr u16 kTypeIpv4 = 0x0800, kTypeArp = 0x0806;
inline constexpr u8 kProtocolIcmp = 1, kProtocolTcp = 6, kProtocolUdp = 17;
inline constexpr u8 kEchoRequest = 8, kEchoReply = 0;

/// The Internet checksum (RFC 1071) of `bytes` bytes; `sum` is what was summed up before.
u32 add_to_checksum(u32 sum, const u8* from, size_t bytes);
u16 finish_checksum(u32 sum);

struct EthernetHeader {
  MacAddress to, from;
  u16 type;
};
void put_ethernet(u8* to, const EthernetHeader& header);
/// False if there are too few bytes.
bool get_ethernet(const u8* from, size_t bytes, EthernetHeader& header);

struct ArpPacket {
  bool request;  // else an answer
  MacAddress sender_mac, target_mac;
  u32 sender, target;
};
void put_arp(u8* to, const ArpPacket& packet);
/// False for anything but ARP for IPv4 over Ethernet.
bool get_arp(const u8* from, size_t bytes, ArpPacket& packet);

struct Ipv4Header {
  u8 protocol;
  u32 from, to;
  u16 header_bytes, payload_bytes;
};
void put_ipv4(u8* to, const Ipv4Header& header, u16 identification);
/// False for damaged packets and for fragments.
bool get_ipv4(const u8* from, size_t bytes, Ipv4Header& header);

/// The checksum of TCP or UDP over `bytes` bytes with their header, in which its own place is 0.
u16 transport_checksum(const Ipv4Header& ip, const u8* from, size_t bytes);

struct UdpHeader {
  u16 from, to;
  u16 payload_bytes;
};
/// Before `payload_bytes` of payload that are already there. `checked`: with a checksum, else 0, which means
/// none.
void put_udp(u8* to, const UdpHeader& header, const Ipv4Header& ip, bool checked);
/// `proven`: the checksum has been found right, by the card.
bool get_udp(const u8* from, size_t bytes, const Ipv4Header& ip, UdpHeader& header, bool proven = false);

struct TcpHeader {
  u16 from, to;
  u32 sequence, acknowledged;
  u8 flags;
  u16 window;
  u16 segment;  // the option that says the largest segment (3.7.1); 0: not there
  u16 header_bytes;
};
inline constexpr u8 kTcpFin = 0x01, kTcpSyn = 0x02, kTcpReset = 0x04, kTcpPush = 0x08, kTcpAck = 0x10;

/// Before `payload_bytes` of payload that are already there: kTcpBytes, and kTcpOptionBytes more with the
/// option. Not `complete`: in the checksum's place is the pseudo-header's sum, and somebody else adds the
/// rest.
void put_tcp(u8* to, const TcpHeader& header, const Ipv4Header& ip, size_t payload_bytes,
             bool complete = true);
/// False for damaged segments, as long as nobody has `proven` that they are not.
bool get_tcp(const u8* from, size_t bytes, const Ipv4Header& ip, TcpHeader& header, bool proven = false);

struct IcmpEcho {
  u8 type;  // kEchoRequest or kEchoReply
  u16 identifier, sequence;
};
/// Before `bytes` - 8 of payload that are already there.
void put_icmp_echo(u8* to, size_t bytes, const IcmpEcho& echo);
bool get_icmp_echo(const u8* from, size_t bytes, IcmpEcho& echo);

}  // namespace hvlab::kernel
