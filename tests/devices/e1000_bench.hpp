// The 82540EM on a PCI bus with a cable to a far end, driven the way a driver does it: rings in memory,
// registers.
#pragma once

#include <catch2/catch.hpp>

#include "fake_clock.hpp"
#include "fake_wires.hpp"
#include "pci_fakes.hpp"
#include "sim/devices/e1000.hpp"
#include "sim/media/link.hpp"
#include "sim/media/net_packet.hpp"

namespace hvlab::test {

using namespace devices;
using media::Bytes;

inline constexpr std::array<u8, 6> kMac{0x52, 0x54, 0x00, 0x12, 0x34, 0x56},
    kOther{0x52, 0x55, 0x0a, 0x00, 0x02, 0x02};
inline constexpr u32 kTxRing = 0x1000, kRxRing = 0x2000, kTxData = 0x1'0000, kRxData = 0x4'0000;
inline constexpr u32 kRingEntries = 16;

/// The far end of the cable: keeps what arrives.
struct FarEnd final : FrameClient {
  std::vector<Bytes> frames;
  void frame_received(std::span<const u8> frame) override { frames.emplace_back(frame.begin(), frame.end()); }
  void frame_sent(u64) override {}
  void link_changed(bool) override {}
};

struct E1000Bench {
  FakeClock clock;
  FakeDma ram{1 << 20};
  FakeSink sink;
  FakeLine line;
  PciBus bus;
  media::EthernetLink link{"link", {"test", 1'000'000'000, kMicrosecond, 1000, 0, {}}, clock};
  FarEnd far;
  E1000 nic{{&ram, nullptr, {&sink, 3}}, clock, link.end(0), kMac};
  ConfigDriver config{bus};
  u32 tx_tail = 0;

  E1000Bench() {
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

inline Bytes plain_frame(const std::array<u8, 6>& to, size_t bytes, u8 fill = 0x5a) {
  Bytes frame;
  media::put(frame, to);
  media::put(frame, kOther);
  media::put16(frame, 0x88b5);
  frame.resize(bytes, fill);
  return frame;
}

inline const media::Ipv4Route kRoute{kMac, kOther, media::ipv4(10, 0, 2, 15), media::ipv4(10, 0, 2, 2)};

inline Bytes tcp_frame(size_t payload, u8 flags = 0x18) {
  Bytes data;
  for (size_t i = 0; i < payload; ++i) data.push_back(static_cast<u8>(i * 7));
  media::TcpSegment segment{5000, 80, 1000, 2000, flags, 8192, 0, data};
  return media::make_tcp(kRoute, 100, segment);
}

}  // namespace hvlab::test
