// Would catch: frames of a large packet that do not make up its bytes again, have wrong lengths, numbers or
// checksums; a packet of a hostile guest's that is believed although its headers do not hold together.
#include "hv-models/kernel/segments.hpp"

#include <catch2/catch.hpp>
#include <random>
#include <vector>

using namespace hvlab;
using namespace hvlab::kernel;

namespace {

using Bytes = std::vector<u8>;
constexpr u32 kFrom = 0x0a000215, kTo = 0x0a000202;
constexpr size_t kHeaders = kEthernetBytes + kIpv4Bytes + kTcpBytes;

// As the kernel's own TCP leaves it: the checksum is to be completed.
Bytes large(size_t payload, u8 flags, u16 identification = 0xfffe, u32 sequence = 0xffff'f000) {
  std::mt19937 random(static_cast<unsigned>(payload));
  Bytes packet(kHeaders + payload);
  for (size_t i = kHeaders; i < packet.size(); ++i) packet[i] = static_cast<u8>(random());
  const Ipv4Header ip{kProtocolTcp, kFrom, kTo, kIpv4Bytes, static_cast<u16>(kTcpBytes + payload)};
  put_ethernet(packet.data(), {{{2, 0, 0, 0, 0, 1}}, {{2, 0, 0, 0, 0, 2}}, kTypeIpv4});
  put_ipv4(packet.data() + kEthernetBytes, ip, identification);
  put_tcp(packet.data() + kEthernetBytes + kIpv4Bytes, {1000, 9, sequence, 77, flags, 5000, 0, 0}, ip,
          payload, false);
  return packet;
}

bool good(const Bytes& packet, u16 segment = 1460, bool unchecked = true) {
  const size_t linear = packet.size() < 134 ? packet.size() : 134;
  return may_be_sent(packet.data(), linear, packet.size(), segment, unchecked);
}

}  // namespace

TEST_CASE("the frames of a large packet are its bytes, each with headers that hold") {
  for (const size_t payload : {size_t{1461}, size_t{2920}, size_t{16060}, size_t{64000}, size_t{1}}) {
    CAPTURE(payload);
    const Bytes packet = large(payload, kTcpAck | kTcpPush | kTcpFin);
    REQUIRE(good(packet));
    PacketLayout layout;
    REQUIRE(find_layout(packet.data(), packet.size(), packet.size(), layout));
    CHECK(layout.headers == kHeaders);
    const unsigned count = count_frames(packet.size(), layout, 1460);
    CHECK(count == (payload + 1459) / 1460);
    Bytes all;
    for (unsigned i = 0; i < count; ++i) {
      CAPTURE(i);
      u8 frame[kLongestFrame];
      const size_t bytes = cut_frame(packet.data(), packet.size(), layout, 1460, i, frame);
      REQUIRE(bytes <= kHeaders + 1460);
      Ipv4Header ip;
      TcpHeader tcp;
      REQUIRE(get_ipv4(frame + kEthernetBytes, bytes - kEthernetBytes, ip));
      CHECK(ip.payload_bytes == bytes - kEthernetBytes - kIpv4Bytes);
      REQUIRE(get_tcp(frame + kEthernetBytes + kIpv4Bytes, ip.payload_bytes, ip, tcp));
      CHECK(tcp.sequence == 0xffff'f000 + i * 1460);
      CHECK(static_cast<unsigned>(frame[18] << 8 | frame[19]) == ((0xfffe + i) & 0xffff));
      const bool last = i + 1 == count;
      CHECK(tcp.flags == (last ? kTcpAck | kTcpPush | kTcpFin : kTcpAck));
      all.insert(all.end(), frame + kHeaders, frame + bytes);
    }
    CHECK(all == Bytes(packet.begin() + kHeaders, packet.end()));
  }
}

TEST_CASE("a checksum that was left is completed, TCP's and UDP's") {
  Bytes packet = large(100, kTcpAck);
  PacketLayout layout;
  REQUIRE(find_layout(packet.data(), packet.size(), packet.size(), layout));
  TcpHeader tcp;
  const u8* at = packet.data() + kEthernetBytes + kIpv4Bytes;
  CHECK_FALSE(get_tcp(at, kTcpBytes + 100, layout.ip, tcp));
  CHECK(get_tcp(at, kTcpBytes + 100, layout.ip, tcp, true));  // somebody has proven it
  complete_checksum(packet.data(), packet.size(), layout);
  CHECK(get_tcp(at, kTcpBytes + 100, layout.ip, tcp));

  const Ipv4Header ip{kProtocolUdp, kFrom, kTo, kIpv4Bytes, kUdpBytes + 30};
  packet.resize(kEthernetBytes + kIpv4Bytes + kUdpBytes + 30);
  put_ipv4(packet.data() + kEthernetBytes, ip, 5);
  put_udp(packet.data() + kEthernetBytes + kIpv4Bytes, {7, 7, 30}, ip, false);
  REQUIRE(find_layout(packet.data(), packet.size(), packet.size(), layout));
  complete_checksum(packet.data(), packet.size(), layout);
  UdpHeader udp;
  CHECK(packet[kEthernetBytes + kIpv4Bytes + 6] + packet[kEthernetBytes + kIpv4Bytes + 7] != 0);
  CHECK(get_udp(packet.data() + kEthernetBytes + kIpv4Bytes, kUdpBytes + 30, ip, udp));
}

TEST_CASE("what does not hold together is not sent") {
  const Bytes packet = large(5000, kTcpAck);
  REQUIRE(good(packet));
  CHECK_FALSE(good(packet, 0));            // no frame is so long
  CHECK_FALSE(good(packet, 1460, false));  // whoever cuts computes checksums
  CHECK_FALSE(good(packet, kShortestSegment - 1));
  CHECK_FALSE(good(packet, 1470));  // frames would be too long
  CHECK_FALSE(good(packet, 0xffff));
  CHECK(good(large(500, kTcpAck), 0));
  CHECK(good(Bytes(60), 0, false));  // a frame of anything
  CHECK_FALSE(good(Bytes(60), 0, true));
  CHECK_FALSE(good(Bytes(13), 0, false));
  const auto changed = [&](size_t at, u8 to) {
    Bytes other = packet;
    other[at] = to;
    return other;
  };
  CHECK_FALSE(good(changed(12, 0x86)));                  // another protocol
  CHECK_FALSE(good(changed(kEthernetBytes, 0x4f)));      // IPv4's header is longer
  CHECK_FALSE(good(changed(kEthernetBytes + 2, 0)));     // and the packet shorter
  CHECK_FALSE(good(changed(kEthernetBytes + 6, 0x20)));  // a fragment
  CHECK_FALSE(good(changed(kEthernetBytes + 9, 17)));  // UDP is not cut (and the header's checksum is wrong)
  CHECK_FALSE(good(changed(kEthernetBytes + 32, 0x40)));  // TCP's header is shorter than the least
  CHECK_FALSE(may_be_sent(packet.data(), 50, packet.size(), 1460, true));  // not all headers are there
  CHECK_FALSE(may_be_sent(packet.data(), packet.size() + 1, packet.size(), 1460, true));
  // Whatever bytes: nothing is read beyond those that are there (the sanitizers' part), and what is believed
  // fits.
  std::mt19937 random(4);
  for (unsigned i = 0; i < 200'000; ++i) {
    Bytes any = packet;
    any.resize(14 + random() % 200);
    for (unsigned j = 0; j < 3; ++j) any[random() % any.size()] = static_cast<u8>(random());
    const size_t all = any.size() + random() % 65'000;
    PacketLayout layout;
    if (!find_layout(any.data(), any.size(), all, layout)) continue;
    REQUIRE(layout.headers <= any.size());
    REQUIRE(layout.transport < layout.headers);
  }
}
