// The 82540EM, driven the way a driver does it: rings in memory, registers, interrupts.
#include <catch2/catch.hpp>

#include "fake_clock.hpp"
#include "fake_wires.hpp"
#include "pci_fakes.hpp"
#include "sim/devices/e1000.hpp"
#include "sim/media/link.hpp"
#include "sim/media/net_packet.hpp"

using namespace hvlab;
using namespace hvlab::devices;
using media::Bytes;

namespace {

constexpr std::array<u8, 6> kMac{0x52, 0x54, 0x00, 0x12, 0x34, 0x56},
    kOther{0x52, 0x55, 0x0a, 0x00, 0x02, 0x02};
constexpr u32 kTxRing = 0x1000, kRxRing = 0x2000, kTxData = 0x1'0000, kRxData = 0x4'0000;
constexpr u32 kRingEntries = 16;

/// The far end of the cable: keeps what arrives.
struct FarEnd final : FrameClient {
  std::vector<Bytes> frames;
  void frame_received(std::span<const u8> frame) override { frames.emplace_back(frame.begin(), frame.end()); }
  void frame_sent(u64) override {}
  void link_changed(bool) override {}
};

struct Bench {
  test::FakeClock clock;
  test::FakeDma ram{1 << 20};
  test::FakeSink sink;
  test::FakeLine line;
  PciBus bus;
  media::EthernetLink link{"link", {"test", 1'000'000'000, kMicrosecond, 1000, 0, {}}, clock};
  FarEnd far;
  E1000 nic{{&ram, nullptr, {&sink, 3}}, clock, link.end(0), kMac};
  test::ConfigDriver config{bus};
  u32 tx_tail = 0;

  Bench() {
    bus.add(3, 0, nic);
    for (unsigned i = 0; i < 4; ++i) bus.connect_pirq(i, line);
    config.write(3, 0, 0x10, 4, 0xe000'0000);
    config.write(3, 0, 0x18, 4, 0xc001);
    config.write(3, 0, 4, 2, 7);
    link.end(1).attach(far);
    set(e1000::CTRL, get(e1000::CTRL) | e1000::kCtrlSetLinkUp);
  }
  u32 get(u32 offset) {
    const auto hit = bus.find_memory(0xe000'0000 + offset);
    return static_cast<u32>(hit.target->read(hit.offset, 4));
  }
  void set(u32 offset, u32 value) {
    const auto hit = bus.find_memory(0xe000'0000 + offset);
    hit.target->write(hit.offset, 4, value);
  }
  void start_transmit() {
    set(e1000::TDBAL, kTxRing);
    set(e1000::TDLEN, kRingEntries * 16);
    set(e1000::TCTL, e1000::kTctlEnable | e1000::kTctlPadShort);
  }
  /// Puts a descriptor into the ring, without telling the device.
  void queue(u64 low, u64 high) {
    ram.put<u64>(kTxRing + 16 * tx_tail, low);
    ram.put<u64>(kTxRing + 16 * tx_tail + 8, high);
    tx_tail = (tx_tail + 1) % kRingEntries;
  }
  void ring() { set(e1000::TDT, tx_tail); }
  void transmit(const Bytes& frame, u8 command = 0x0b, u64 more = 0) {
    ram.write(kTxData, frame.data(), frame.size());
    queue(kTxData, frame.size() | u64{command} << 24 | more);
    ring();
    clock.advance(kMillisecond);
  }
  void start_receive(u32 control = 0, u32 entries = kRingEntries) {
    for (u32 i = 0; i < kRingEntries; ++i) {
      ram.put<u64>(kRxRing + 16 * i, kRxData + 0x4000 * i);
      ram.put<u64>(kRxRing + 16 * i + 8, 0);
    }
    set(e1000::RDBAL, kRxRing);
    set(e1000::RDLEN, kRingEntries * 16);
    set(e1000::RDT, entries - 1);
    set(e1000::RCTL, e1000::kRctlEnable | e1000::kRctlBroadcast | control);
  }
  void arrive(const Bytes& frame) {
    link.end(1).send(0, frame);
    clock.advance(kMillisecond);
  }
  u64 rx_status(u32 index) { return ram.get<u64>(kRxRing + 16 * index + 8); }
  Bytes rx_data(u32 index) {
    Bytes data(rx_status(index) & 0xffff);
    ram.read(kRxData + 0x4000 * index, data.data(), data.size());
    return data;
  }
};

Bytes plain_frame(const std::array<u8, 6>& to, size_t bytes, u8 fill = 0x5a) {
  Bytes frame;
  media::put(frame, to);
  media::put(frame, kOther);
  media::put16(frame, 0x88b5);
  frame.resize(bytes, fill);
  return frame;
}

const media::Ipv4Route kRoute{kMac, kOther, media::ipv4(10, 0, 2, 15), media::ipv4(10, 0, 2, 2)};

Bytes tcp_frame(size_t payload, u8 flags = 0x18) {
  Bytes data;
  for (size_t i = 0; i < payload; ++i) data.push_back(static_cast<u8>(i * 7));
  media::TcpSegment segment{5000, 80, 1000, 2000, flags, 8192, 0, data};
  return media::make_tcp(kRoute, 100, segment);
}

}  // namespace

TEST_CASE("registers have the data sheet's initial values, again after a reset", "[e1000]") {
  Bench bench;
  for (int round = 0; round < 2; ++round) {
    CHECK(bench.get(e1000::VET) == 0x8100);
    CHECK(bench.get(e1000::PBA) == 0x0010'0030);
    CHECK(bench.get(e1000::RAL) == 0x1200'5452);
    CHECK(bench.get(e1000::RAH) == 0x8000'5634);
    CHECK((bench.get(e1000::STATUS) & 0xc1) == 0x81);
    CHECK(bench.get(e1000::RCTL) == 0);
    CHECK(bench.get(0x5f80) == 0);  // nothing there
    bench.set(e1000::RAL, 0);
    bench.set(e1000::RCTL, 0xffff'ffff);
    bench.set(e1000::VET, 0x1234);
    bench.set(e1000::IMS, 0xff);
    bench.set(e1000::CTRL, e1000::kCtrlReset);
    CHECK(bench.get(e1000::IMS) == 0);
    CHECK((bench.get(e1000::CTRL) & e1000::kCtrlReset) == 0);
  }
}

TEST_CASE("the I/O window reaches the same registers", "[e1000]") {
  Bench bench;
  const auto hit = bench.bus.find_port(0xc000);
  REQUIRE(hit);
  hit.target->write(0, 4, e1000::VET);
  CHECK(hit.target->read(4, 4) == 0x8100);
  hit.target->write(4, 4, 0x9100);
  CHECK(bench.get(e1000::VET) == 0x9100);
}

TEST_CASE("the EEPROM reads alike by EERD and by Microwire, and adds up to BABAh", "[e1000]") {
  // Catches: a serial protocol that is one bit off.
  Bench bench;
  const auto drive = [&](u32 pins) { bench.set(e1000::EECD, pins | e1000::kEecdRequest); };
  CHECK((bench.get(e1000::EECD) & e1000::kEecdPresent) != 0);
  drive(0);
  CHECK((bench.get(e1000::EECD) & e1000::kEecdGrant) != 0);
  u16 sum = 0;
  for (u32 address = 0; address < 64; ++address) {
    bench.set(e1000::EERD, address << 8 | e1000::kEerdStart);
    const u32 eerd = bench.get(e1000::EERD);
    REQUIRE((eerd & e1000::kEerdDone) != 0);
    drive(e1000::kEecdSelect);
    const u32 command = 6u << 6 | address;  // start, read
    for (int bit = 8; bit >= 0; --bit) {
      const u32 in = (command >> bit & 1) != 0 ? e1000::kEecdIn : 0;
      drive(e1000::kEecdSelect | in);
      drive(e1000::kEecdSelect | in | e1000::kEecdClock);
      drive(e1000::kEecdSelect | in);
    }
    u16 word = 0;
    for (int bit = 0; bit < 16; ++bit) {
      drive(e1000::kEecdSelect | e1000::kEecdClock);
      word = static_cast<u16>(word << 1 | ((bench.get(e1000::EECD) & e1000::kEecdOut) != 0 ? 1 : 0));
      drive(e1000::kEecdSelect);
    }
    drive(0);
    REQUIRE(word == eerd >> 16);
    sum = static_cast<u16>(sum + word);
    if (address < 3) CHECK(word == (kMac[2 * address] | kMac[2 * address + 1] << 8));
  }
  CHECK(sum == 0xbaba);
}

TEST_CASE("the PHY answers at its address, negotiates, and reports the link", "[e1000]") {
  Bench bench;
  const auto mdi = [&](u32 opcode, u32 phy, u32 index, u32 data = 0) {
    bench.set(e1000::MDIC, opcode << 26 | phy << 21 | index << 16 | data);
    return bench.get(e1000::MDIC);
  };
  CHECK(mdi(2, 1, 2) == (0x1000'0000u | 2u << 26 | 1u << 21 | 2u << 16 | 0x0141));
  CHECK((mdi(2, 1, 3) & 0xfff0) == 0x0c20);
  CHECK((mdi(2, 1, 1) & 0x24) == 0x24);
  CHECK((mdi(2, 1, 17) & 0xec00) == 0xac00);
  CHECK((mdi(2, 2, 2) & e1000::kMdicError) != 0);
  bench.get(e1000::ICR);
  mdi(1, 1, 0, 0x1340);
  CHECK((mdi(2, 1, 1) & 0x24) == 0);
  CHECK((bench.get(e1000::STATUS) & e1000::kStatusLinkUp) == 0);
  bench.clock.advance(10 * kMillisecond);
  CHECK((mdi(2, 1, 1) & 0x24) == 0x24);
  CHECK((bench.get(e1000::STATUS) & e1000::kStatusLinkUp) != 0);
  CHECK((bench.get(e1000::ICR) & e1000::kLinkChange) != 0);
  bench.link.set_up(false);
  CHECK((bench.get(e1000::STATUS) & e1000::kStatusLinkUp) == 0);
  CHECK((bench.get(e1000::ICR) & e1000::kLinkChange) != 0);
}

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

TEST_CASE("the line follows causes and mask; reading the causes clears them", "[e1000]") {
  Bench bench;
  bench.set(e1000::ICS, e1000::kLinkChange);
  CHECK_FALSE(bench.line.level);
  bench.set(e1000::IMS, e1000::kLinkChange);
  CHECK(bench.line.level);
  bench.set(e1000::IMC, e1000::kLinkChange);
  CHECK_FALSE(bench.line.level);
  bench.set(e1000::IMS, e1000::kLinkChange);
  CHECK(bench.get(e1000::ICR) == e1000::kLinkChange);
  CHECK_FALSE(bench.line.level);
  bench.set(e1000::ICS, e1000::kLinkChange);
  bench.set(e1000::ICR, e1000::kLinkChange);
  CHECK_FALSE(bench.line.level);
}

TEST_CASE("ITR keeps interrupts apart", "[e1000]") {
  Bench bench;
  bench.set(e1000::ITR, 1000);  // 256 us
  bench.set(e1000::IMS, 0xff);
  bench.set(e1000::ICS, 4);
  REQUIRE(bench.line.level);
  bench.get(e1000::ICR);
  bench.set(e1000::ICS, 4);
  CHECK_FALSE(bench.line.level);
  bench.clock.advance(255 * kMicrosecond);
  CHECK_FALSE(bench.line.level);
  bench.clock.advance(2 * kMicrosecond);
  CHECK(bench.line.level);
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

TEST_CASE("the PCI bus bounds what the device moves", "[e1000]") {
  // 15 full frames at 133 MB/s: 1530 bytes and 0.24 us each are 11.7 us, 176 us together; the wire needs 12.3
  // us a frame.
  Bench bench;
  bench.start_transmit();
  const Bytes frame = plain_frame(kOther, 1514);
  bench.ram.write(kTxData, frame.data(), frame.size());
  for (int i = 0; i < 15; ++i) bench.queue(kTxData, 1514 | u64{0x0b} << 24);
  bench.ring();
  bench.clock.advance(11 * kMicrosecond);
  CHECK(bench.get(e1000::TDH) == 0);
  bench.clock.advance(kMicrosecond);
  CHECK(bench.get(e1000::TDH) == 1);
}

TEST_CASE("a reset in the middle of traffic leaves nothing behind", "[e1000]") {
  Bench bench;
  bench.start_transmit();
  const Bytes frame = plain_frame(kOther, 1514);
  bench.ram.write(kTxData, frame.data(), frame.size());
  for (int i = 0; i < 15; ++i) bench.queue(kTxData, 1514 | u64{0x0b} << 24);
  bench.ring();
  bench.clock.advance(30 * kMicrosecond);
  bench.set(e1000::CTRL, e1000::kCtrlReset);
  const size_t sent = bench.far.frames.size();
  bench.clock.advance(kSecond);
  CHECK(bench.far.frames.size() <= sent + 2);  // what was on the wire
  CHECK(bench.get(e1000::ICR) == 0);
  bench.set(e1000::CTRL, e1000::kCtrlSetLinkUp);
  bench.tx_tail = 0;
  bench.start_transmit();
  bench.transmit(plain_frame(kOther, 60));
  CHECK(bench.far.frames.back().size() == 60);
}

TEST_CASE("whatever a guest does to registers and rings, the device survives alike in every run", "[e1000]") {
  // Catches: indices, lengths and offsets taken from the guest without a check.
  const auto run = [](u64 seed) {
    Bench bench;
    test::Random random{seed};
    constexpr u32 kLikely[] = {e1000::CTRL, e1000::EECD,  e1000::EERD,  e1000::MDIC,  e1000::ICR,
                               e1000::ICS,  e1000::IMS,   e1000::ITR,   e1000::RCTL,  e1000::TCTL,
                               e1000::PBA,  e1000::RDBAL, e1000::RDLEN, e1000::RDH,   e1000::RDT,
                               e1000::RDTR, e1000::RADV,  e1000::TDBAL, e1000::TDLEN, e1000::TDH,
                               e1000::TDT,  e1000::TIDV,  e1000::RAL,   e1000::RXCSUM};
    for (int i = 0; i < 30'000; ++i) {
      switch (random.below(8)) {
        case 0:
        case 1: {
          u32 value = static_cast<u32>(random.next() >> random.below(64));
          const u32 offset = kLikely[random.below(std::size(kLikely))];
          if (offset == e1000::CTRL && random.below(16) != 0)
            value = e1000::kCtrlSetLinkUp | e1000::kCtrlVlanMode;
          if (offset == e1000::RCTL || offset == e1000::TCTL) value |= 2;
          bench.set(offset, value);
          break;
        }
        case 2:
          bench.get(static_cast<u32>(random.below(0x8000)) * 4);
          break;
        case 3:
          test::poke(*bench.bus.find_memory(0xe000'0000).target, random, 0x2'0000);
          break;
        case 4: {  // a plausible ring
          bench.set(e1000::TDBAL, kTxRing);
          bench.set(e1000::TDLEN, 256);
          bench.set(e1000::RDBAL, kRxRing);
          bench.set(e1000::RDLEN, 256);
          bench.set(e1000::TDT, static_cast<u32>(random.below(16)));
          bench.set(e1000::RDT, static_cast<u32>(random.below(16)));
          break;
        }
        case 5: {
          const u64 at = kTxRing + 16 * random.below(512);
          bench.ram.put<u64>(at, random.next() & 0xf'ffff);
          bench.ram.put<u64>(at + 8, random.next());
          break;
        }
        case 6:
          bench.link.end(1).send(0, Bytes(14 + random.below(3000), static_cast<u8>(random.next())));
          break;
        default:
          bench.clock.advance(random.below(50) * kMicrosecond);
          break;
      }
    }
    bench.clock.advance(kMillisecond);
    u64 hash = bench.far.frames.size();
    for (const Bytes& frame : bench.far.frames)
      for (const u8 byte : frame) hash = hash * 31 + byte;
    // Still a network card afterwards.
    bench.set(e1000::CTRL, e1000::kCtrlReset);
    bench.set(e1000::CTRL, e1000::kCtrlSetLinkUp);
    bench.clock.advance(kSecond);
    bench.tx_tail = 0;
    bench.start_transmit();
    bench.transmit(plain_frame(kOther, 77));
    REQUIRE_FALSE(bench.far.frames.empty());
    CHECK(bench.far.frames.back() == plain_frame(kOther, 77));
    return hash;
  };
  for (u64 seed = 1; seed <= 4; ++seed) CHECK(run(seed) == run(seed));
}
