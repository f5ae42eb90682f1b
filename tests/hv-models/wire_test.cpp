#include "hv-models/kernel/wire.hpp"

#include <catch2/catch.hpp>
#include <cstring>
#include <random>
#include <vector>

using namespace hvlab;
using namespace hvlab::kernel;

TEST_CASE("the checksum of RFC 1071's example") {
  const u8 bytes[] = {0x00, 0x01, 0xf2, 0x03, 0xf4, 0xf5, 0xf6, 0xf7};
  CHECK(add_to_checksum(0, bytes, sizeof bytes) == 0xddf2);
  CHECK(finish_checksum(0xddf2) == 0x220d);
}

TEST_CASE("an odd last byte counts as the upper half of a word") {
  const u8 bytes[] = {0x12, 0x34, 0x56};
  CHECK(add_to_checksum(0, bytes, 3) == 0x1234 + 0x5600);
}

TEST_CASE("an IPv4 header as it is on the wire, and back") {
  u8 packet[40] = {};
  put_ipv4(packet, {kProtocolUdp, 0x0a00020f, 0x0a000202, 20, 20}, 0x1234);
  const u8 expected[] = {0x45, 0, 0, 40, 0x12, 0x34, 0x40, 0, 64, 17};
  CHECK(std::memcmp(packet, expected, sizeof expected) == 0);
  CHECK(std::memcmp(packet + 12, "\x0a\0\2\x0f\x0a\0\2\2", 8) == 0);
  Ipv4Header header;
  REQUIRE(get_ipv4(packet, sizeof packet, header));
  CHECK(header.from == 0x0a00020f);
  CHECK(header.payload_bytes == 20);
  packet[8] ^= 1;
  CHECK_FALSE(get_ipv4(packet, sizeof packet, header));
}

TEST_CASE("fragments are refused") {
  u8 packet[40] = {};
  put_ipv4(packet, {kProtocolUdp, 1, 2, 20, 20}, 0);
  packet[6] = 0x20;  // more fragments; the checksum goes with it
  packet[10] = packet[11] = 0;
  const u16 sum = finish_checksum(add_to_checksum(0, packet, 20));
  packet[10] = static_cast<u8>(sum >> 8);
  packet[11] = static_cast<u8>(sum);
  Ipv4Header header;
  CHECK_FALSE(get_ipv4(packet, sizeof packet, header));
}

// Would catch: a sum that takes wide words and forgets a carry, the order of bytes, or what is left at the
// end.
TEST_CASE("the checksum is the sum of pairs of bytes, however many there are and wherever they begin") {
  std::mt19937 random(3);
  std::vector<u8> bytes(1600);
  for (unsigned round = 0; round < 500; ++round) {
    for (u8& byte : bytes) byte = round % 3 == 0 ? u8{0xff} : static_cast<u8>(random());
    const size_t from = random() % 9, count = random() % (round % 2 == 0 ? 40 : 1500);
    const u32 before = random() & 0xffff;
    u64 sum = before;
    for (size_t i = 0; i < count; ++i) sum += u64{bytes[from + i]} << (i % 2 == 0 ? 8 : 0);
    while (sum >> 16 != 0) sum = (sum & 0xffff) + (sum >> 16);
    CAPTURE(round, from, count);
    CHECK(add_to_checksum(before, bytes.data() + from, count) == sum);
  }
}

TEST_CASE("UDP with a checksum notices every changed bit, without one none") {
  std::vector<u8> datagram(8 + 13);
  for (size_t i = 8; i < datagram.size(); ++i) datagram[i] = static_cast<u8>(i * 37);
  const Ipv4Header ip{kProtocolUdp, 0x0a00020f, 0x0a000202, 20, 21};
  put_udp(datagram.data(), {1000, 7, 13}, ip, true);
  UdpHeader header;
  REQUIRE(get_udp(datagram.data(), datagram.size(), ip, header));
  CHECK(header.from == 1000);
  CHECK(header.payload_bytes == 13);
  for (size_t bit = 0; bit < datagram.size() * 8; ++bit) {
    std::vector<u8> damaged = datagram;
    damaged[bit / 8] ^= static_cast<u8>(1 << bit % 8);
    CAPTURE(bit);
    CHECK_FALSE(get_udp(damaged.data(), damaged.size(), ip, header));
  }
  put_udp(datagram.data(), {1000, 7, 13}, ip, false);
  datagram[10] ^= 1;
  CHECK(get_udp(datagram.data(), datagram.size(), ip, header));
}

TEST_CASE("ARP and echo go there and back") {
  u8 bytes[64] = {};
  const ArpPacket request{true, {{1, 2, 3, 4, 5, 6}}, {}, 0x0a00020f, 0x0a000202};
  put_arp(bytes, request);
  ArpPacket arp;
  REQUIRE(get_arp(bytes, kArpBytes, arp));
  CHECK(arp.request);
  CHECK(arp.sender_mac == request.sender_mac);
  CHECK(arp.target == request.target);
  CHECK_FALSE(get_arp(bytes, kArpBytes - 1, arp));
  put_icmp_echo(bytes, sizeof bytes, {kEchoRequest, 77, 3});
  IcmpEcho echo;
  REQUIRE(get_icmp_echo(bytes, sizeof bytes, echo));
  CHECK(echo.identifier == 77);
  CHECK(echo.sequence == 3);
}

TEST_CASE("damaged packets are never longer than what arrived") {
  std::mt19937 random(11);
  for (int i = 0; i < 50'000; ++i) {
    std::vector<u8> bytes(random() % 80);
    for (u8& byte : bytes) byte = static_cast<u8>(random());
    if (bytes.size() >= 20) {
      bytes[0] = static_cast<u8>(0x40 | (random() % 16));
      bytes[2] = 0;
      bytes[6] &= 0xc0;
      bytes[7] = 0;
    }
    Ipv4Header ip{};
    UdpHeader udp;
    if (get_ipv4(bytes.data(), bytes.size(), ip))
      REQUIRE(size_t{ip.header_bytes} + ip.payload_bytes <= bytes.size());
    if (get_udp(bytes.data(), bytes.size(), ip, udp)) REQUIRE(udp.payload_bytes + kUdpBytes <= bytes.size());
  }
}
