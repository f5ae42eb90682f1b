// The 82540EM sends: descriptors, offloads, segmentation.
#include "e1000_bench.hpp"

using namespace hvlab;
using namespace hvlab::devices;
using namespace hvlab::test;
using media::Bytes;
using Bench = test::E1000Bench;

TEST_CASE("legacy descriptors send their bytes and are marked done", "[e1000]") {
  Bench bench;
  bench.start_transmit();
  const Bytes frame = plain_frame(kOther, 100);
  bench.ram.write(kTxData, frame.data(), 100);
  bench.queue(kTxData, 40 | u64{0x02} << 24);  // in two parts, status wanted for the second
  bench.queue(kTxData + 40, 60 | u64{0x0b} << 24);
  bench.ring();
  CHECK(bench.far.frames.empty());
  bench.clock.advance(kMillisecond);
  REQUIRE(bench.far.frames.size() == 1);
  CHECK(bench.far.frames[0] == frame);
  CHECK((bench.ram.get<u8>(kTxRing + 12) & 1) == 0);
  CHECK((bench.ram.get<u8>(kTxRing + 28) & 1) == 1);
  CHECK(bench.get(e1000::TDH) == 2);
  CHECK((bench.get(e1000::ICR) & 3) == 3);
  CHECK(bench.get(e1000::STATISTICS + 4 * e1000::GPTC) == 1);
  CHECK(bench.get(e1000::STATISTICS + 4 * e1000::GPTC) == 0);  // reading cleared it
  CHECK(bench.get(e1000::STATISTICS + 4 * e1000::GOTC) == 104);
  CHECK(bench.sink.count(observe::EventKind::FrameSent) == 1);
  CHECK(bench.sink.count(observe::EventKind::Doorbell) == 1);
}

TEST_CASE("short frames are padded, and a frame with its own FCS loses it", "[e1000]") {
  Bench bench;
  bench.start_transmit();
  bench.transmit(plain_frame(kOther, 20));
  CHECK(bench.far.frames.back().size() == 60);
  bench.transmit(plain_frame(kOther, 104), 0x09);
  CHECK(bench.far.frames.back() == plain_frame(kOther, 100));
}

TEST_CASE("the ring wraps, and frames leave in order at the wire's pace", "[e1000]") {
  Bench bench;
  bench.start_transmit();
  for (u8 i = 0; i < 40; ++i) bench.transmit(plain_frame(kOther, 60, i));
  REQUIRE(bench.far.frames.size() == 40);
  for (u8 i = 0; i < 40; ++i) CHECK(bench.far.frames[i][59] == i);
}

TEST_CASE("legacy checksum insertion sums from CSS to the end", "[e1000]") {
  Bench bench;
  bench.start_transmit();
  const Bytes good = media::make_udp(kRoute, 9, 1000, 2000, Bytes(33, 0x11));
  Bytes frame = good;
  const u32 pseudo = media::pseudo_header_sum(kRoute.source, kRoute.destination, 17, 41);
  media::set16(frame, 40, (pseudo & 0xffff) + (pseudo >> 16));
  bench.transmit(frame, 0x0f, u64{40} << 16 | u64{34} << 40);
  CHECK(bench.far.frames.back() == good);
}

TEST_CASE("context descriptors insert IP and TCP checksums", "[e1000]") {
  Bench bench;
  bench.start_transmit();
  const Bytes good = tcp_frame(101);
  Bytes frame = good;
  const u32 pseudo = media::pseudo_header_sum(kRoute.source, kRoute.destination, 6, 121);
  media::set16(frame, 50, (pseudo & 0xffff) + (pseudo >> 16));
  media::set16(frame, 24, 0);
  bench.queue(14 | 24 << 8 | 33 << 16 | u64{34} << 32 | u64{50} << 40, u64{0x23} << 24);
  bench.transmit(frame, 0x2b, 1ull << 20 | u64{3} << 40);
  CHECK(bench.far.frames.back() == good);
}

TEST_CASE("TCP segmentation cuts a packet into frames that are right by themselves", "[e1000]") {
  // Catches: lengths, identification, sequence numbers, FIN and PSH on the last frame only, and both
  // checksums.
  Bench bench;
  bench.start_transmit();
  Bytes packet = tcp_frame(4000, 0x19);
  const Bytes payload(packet.begin() + 54, packet.end());
  const u32 pseudo = media::pseudo_header_sum(kRoute.source, kRoute.destination, 6, 0);
  media::set16(packet, 50, (pseudo & 0xffff) + (pseudo >> 16));
  media::set16(packet, 24, 0);
  media::set16(packet, 16, 0);
  bench.queue(14 | 24 << 8 | 33 << 16 | u64{34} << 32 | u64{50} << 40,
              4000 | u64{0x27} << 24 | u64{54} << 40 | u64{1460} << 48);
  bench.ram.write(kTxData, packet.data(), packet.size());
  bench.queue(kTxData, 54 | 1u << 20 | u64{0x26} << 24 | u64{3} << 40);
  bench.queue(kTxData + 54, 4000 | 1u << 20 | u64{0x2f} << 24 | u64{3} << 40);
  bench.ring();
  bench.clock.advance(kMillisecond);
  REQUIRE(bench.far.frames.size() == 3);
  Bytes got;
  for (size_t i = 0; i < 3; ++i) {
    const auto ip = media::parse_ipv4(media::View(bench.far.frames[i]).subspan(14));
    REQUIRE(ip);
    const auto tcp = media::parse_tcp(*ip);
    REQUIRE(tcp);
    CHECK(media::get16(bench.far.frames[i], 18) == 100 + i);
    CHECK(tcp->sequence == 1000 + 1460 * i);
    CHECK(tcp->flags == (i == 2 ? 0x19 : 0x10));
    media::put(got, tcp->payload);
  }
  CHECK(got == payload);
  CHECK(bench.get(e1000::STATISTICS + 4 * e1000::TSCTC) == 1);
}

TEST_CASE("VLAN tags are inserted and stripped where the device is told to", "[e1000]") {
  Bench bench;
  bench.set(e1000::CTRL, e1000::kCtrlSetLinkUp | e1000::kCtrlVlanMode);
  bench.start_transmit();
  bench.transmit(plain_frame(kOther, 60), 0x4b, u64{0x2064} << 48);
  Bytes tagged = bench.far.frames.back();
  REQUIRE(tagged.size() == 64);
  CHECK(media::get32(tagged, 12) == 0x8100'2064);
  bench.start_receive(e1000::kRctlUnicastAll | e1000::kRctlStripCrc);
  bench.arrive(tagged);
  CHECK(bench.rx_data(0) == plain_frame(kOther, 60));
  CHECK((bench.rx_status(0) >> 32 & 8) != 0);
  CHECK(bench.rx_status(0) >> 48 == 0x2064);
  bench.set(e1000::RCTL, bench.get(e1000::RCTL) | e1000::kRctlVlanFilter);
  bench.arrive(tagged);
  CHECK((bench.rx_status(1) >> 32) == 0);
  bench.set(e1000::VFTA + 4 * 3, 1u << 4);  // id 64h
  bench.arrive(tagged);
  CHECK((bench.rx_status(1) >> 32 & 3) == 3);
}

TEST_CASE("transmit interrupts wait for TIDV where the descriptor allows it", "[e1000]") {
  Bench bench;
  bench.start_transmit();
  bench.set(e1000::TIDV, 500);  // 512 us
  bench.set(e1000::IMS, e1000::kTxDescriptorWritten);
  const Bytes frame = plain_frame(kOther, 60);
  bench.ram.write(kTxData, frame.data(), frame.size());
  bench.queue(kTxData, 60 | u64{0x8b} << 24);
  bench.ring();
  bench.clock.advance(500 * kMicrosecond);
  CHECK(bench.ram.get<u8>(kTxRing + 12) == 1);
  CHECK_FALSE(bench.line.level);
  bench.clock.advance(20 * kMicrosecond);
  CHECK(bench.line.level);
  bench.get(e1000::ICR);
  bench.queue(kTxData, 60 | u64{0x0b} << 24);
  bench.ring();
  bench.clock.advance(20 * kMicrosecond);
  CHECK(bench.line.level);
}
