// The 82540EM receives: filters, descriptors, checks, its FIFO.
#include "e1000_bench.hpp"

using namespace hvlab;
using namespace hvlab::devices;
using namespace hvlab::test;
using media::Bytes;
using Bench = test::E1000Bench;

TEST_CASE("a received frame fills descriptors, with its FCS unless stripped", "[e1000]") {
  Bench bench;
  bench.start_receive();
  const Bytes frame = plain_frame(kMac, 70);
  bench.arrive(frame);
  Bytes expected = frame;
  const u32 fcs = frame_check_sequence(frame);
  for (unsigned i = 0; i < 4; ++i) expected.push_back(static_cast<u8>(fcs >> (8 * i)));
  CHECK(bench.rx_data(0) == expected);
  CHECK((bench.rx_status(0) >> 32 & 7) == 7);  // done, last, no checksums
  CHECK(bench.get(e1000::RDH) == 1);
  CHECK((bench.get(e1000::ICR) & e1000::kRxTimer) != 0);
  CHECK(bench.get(e1000::STATISTICS + 4 * e1000::GPRC) == 1);
  bench.set(e1000::RCTL, bench.get(e1000::RCTL) | e1000::kRctlStripCrc);
  bench.arrive(frame);
  CHECK(bench.rx_data(1) == frame);
}

TEST_CASE("the frame check sequence is IEEE 802.3's", "[e1000]") {
  const std::string text = "123456789";
  CHECK(frame_check_sequence(Bytes(text.begin(), text.end())) == 0xcbf4'3926);
}

TEST_CASE("long frames span descriptors of the programmed size", "[e1000]") {
  Bench bench;
  bench.start_receive(2u << 16 | e1000::kRctlStripCrc | e1000::kRctlLongPacket);  // 512 bytes
  bench.arrive(plain_frame(kMac, 1300));
  CHECK((bench.rx_status(0) & 0xffff) == 512);
  CHECK((bench.rx_status(0) >> 32 & 3) == 1);
  CHECK((bench.rx_status(2) & 0xffff) == 276);
  CHECK((bench.rx_status(2) >> 32 & 3) == 3);
  bench.set(e1000::RCTL, e1000::kRctlEnable | e1000::kRctlStripCrc);
  bench.arrive(plain_frame(kMac, 1519));  // with its FCS one byte too long
  CHECK(bench.get(e1000::RDH) == 3);
  CHECK(bench.get(e1000::STATISTICS + 4 * e1000::ROC) == 1);
}

TEST_CASE("address filters let through what they should", "[e1000]") {
  Bench bench;
  bench.start_receive(e1000::kRctlStripCrc);
  const auto taken = [&](const std::array<u8, 6>& to) {
    const u32 before = bench.get(e1000::RDH);
    bench.arrive(plain_frame(to, 60));
    bench.set(e1000::RDT, (bench.get(e1000::RDH) + kRingEntries - 1) % kRingEntries);
    return bench.get(e1000::RDH) != before;
  };
  const std::array<u8, 6> multicast{0x01, 0x00, 0x5e, 0x00, 0x00, 0xfb};
  CHECK(taken(kMac));
  CHECK(taken({0xff, 0xff, 0xff, 0xff, 0xff, 0xff}));
  CHECK_FALSE(taken(kOther));
  CHECK_FALSE(taken(multicast));
  // Bits 47..36 of the address: FBh, 0h -> FB0h.
  bench.set(e1000::MTA + 4 * (0xfb0 >> 5), 1u << (0xfb0 & 31));
  CHECK(taken(multicast));
  bench.set(e1000::RCTL, (bench.get(e1000::RCTL) | 3u << 12) & ~e1000::kRctlBroadcast);
  CHECK_FALSE(taken(multicast));  // MO = 3: bits 43..32 -> B00h
  CHECK_FALSE(taken({0xff, 0xff, 0xff, 0xff, 0xff, 0xff}));
  bench.set(e1000::MTA + 4 * (0xb00 >> 5), 1u << (0xb00 & 31));
  CHECK(taken(multicast));
  bench.set(e1000::RAL + 8, 0x000a'5552);
  bench.set(e1000::RAH + 8, 0x8000'0202);
  CHECK(taken(kOther));
  bench.set(e1000::RCTL, e1000::kRctlEnable | e1000::kRctlMulticastAll);
  CHECK(taken({0x33, 0x33, 0, 0, 0, 1}));
  CHECK_FALSE(taken({2, 0, 0, 0, 0, 9}));
  bench.set(e1000::RCTL, e1000::kRctlEnable | e1000::kRctlUnicastAll);
  CHECK(taken({2, 0, 0, 0, 0, 9}));
}

TEST_CASE("checksums of received packets are checked and reported", "[e1000]") {
  Bench bench;
  bench.set(e1000::RXCSUM, e1000::kRxcsumIp | e1000::kRxcsumTcpUdp);
  bench.start_receive(e1000::kRctlUnicastAll);
  Bytes frame = tcp_frame(100);
  bench.arrive(frame);
  CHECK((bench.rx_status(0) >> 32 & 0xff64) == 0x60);
  frame[60] ^= 1;
  bench.arrive(frame);
  CHECK((bench.rx_status(1) >> 32 & 0xff64) == 0x2060);
  frame[60] ^= 1;
  frame[22] ^= 1;  // time to live: the IP header
  bench.arrive(frame);
  CHECK((bench.rx_status(2) >> 40 & 0xff) == 0x40);
}

TEST_CASE("without descriptors frames wait in the FIFO, beyond it they are missed", "[e1000]") {
  Bench bench;
  bench.start_receive(e1000::kRctlStripCrc, 4);
  bench.get(e1000::ICR);
  for (int i = 0; i < 40; ++i) bench.arrive(plain_frame(kMac, 1514, static_cast<u8>(i)));
  // Three went into the ring, 48 KiB hold 32 more.
  CHECK(bench.get(e1000::RDH) == 3);
  CHECK(bench.get(e1000::STATISTICS + 4 * e1000::MPC) == 5);
  CHECK(bench.get(e1000::STATISTICS + 4 * e1000::RNBC) == 32);
  const u32 causes = bench.get(e1000::ICR);
  CHECK((causes & e1000::kRxOverrun) != 0);
  bench.set(e1000::RDT, 13);
  bench.clock.advance(kMillisecond);
  CHECK(bench.get(e1000::RDH) == 13);
  CHECK(bench.rx_data(12)[1000] == 12);
}

TEST_CASE("the descriptor threshold interrupts when the ring runs low", "[e1000]") {
  Bench bench;
  bench.start_receive();  // 15 of 16, threshold 1/2
  for (int i = 0; i < 6; ++i) bench.arrive(plain_frame(kMac, 60));
  CHECK((bench.get(e1000::ICR) & e1000::kRxThreshold) == 0);
  bench.arrive(plain_frame(kMac, 60));
  CHECK((bench.get(e1000::ICR) & e1000::kRxThreshold) != 0);
}

TEST_CASE("receive interrupts wait for RDTR, no longer than RADV, or until flushed", "[e1000]") {
  Bench bench;
  bench.start_receive();
  bench.set(e1000::RDTR, 100);  // 102.4 us
  bench.set(e1000::RADV, 150);  // 153.6 us
  bench.set(e1000::IMS, e1000::kRxTimer);
  const auto frame = plain_frame(kMac, 60);
  bench.link.end(1).send(0, frame);
  bench.clock.advance(100 * kMicrosecond);
  CHECK_FALSE(bench.line.level);
  bench.clock.advance(10 * kMicrosecond);
  CHECK(bench.line.level);
  bench.get(e1000::ICR);
  for (int i = 0; i < 3; ++i) {  // each restarts RDTR; RADV counts from the first
    bench.link.end(1).send(0, frame);
    bench.clock.advance(50 * kMicrosecond);
    CHECK_FALSE(bench.line.level);
  }
  bench.clock.advance(10 * kMicrosecond);
  CHECK(bench.line.level);
  bench.get(e1000::ICR);
  bench.link.end(1).send(0, frame);
  bench.clock.advance(20 * kMicrosecond);
  CHECK_FALSE(bench.line.level);
  bench.set(e1000::RDTR, 100 | e1000::kRdtrFlush);
  CHECK(bench.line.level);
}
