// What a driver asks of a virtio network device besides moving frames: filters through the control queue,
// checksums and segments. VIRTIO 1.2, sections 5.1.3.1, 5.1.6.2, 5.1.6.4 and 5.1.6.5; bits and numbers are
// typed from there.
#include <catch2/catch.hpp>

#include "sim/devices/virtio_net.hpp"
#include "virtio_driver.hpp"
#include "virtio_fakes.hpp"

using namespace hvlab;
using namespace hvlab::devices;
using namespace hvlab::test;

namespace {

using Frame = std::vector<u8>;

constexpr u64 kCsum = bit(0), kGuestCsum = bit(1), kTso4 = bit(11), kTso6 = bit(12), kMrg = bit(15),
              kCtrlVq = bit(17), kCtrlRx = bit(18), kCtrlVlan = bit(19), kCtrlExtra = bit(20),
              kCtrlMac = bit(23);
constexpr u64 kAllControl = kCtrlVq | kCtrlRx | kCtrlVlan | kCtrlExtra | kCtrlMac;
constexpr MacBytes kOwn = {0x52, 0x54, 0, 1, 2, 3}, kOther = {0x52, 0x54, 0, 9, 9, 9},
                   kGroup = {0x01, 0, 0x5e, 0, 0, 1}, kEverybody = {255, 255, 255, 255, 255, 255};

struct Rig {
  VirtioBoard board;
  FakeLink link;
  VirtioNet device{board.services, link, kOwn};
  std::unique_ptr<VirtioDriver> driver;
  u16 commands = 0;

  explicit Rig(u64 features) {
    board.plug(device);
    driver = std::make_unique<VirtioDriver>(board);
    driver->start(vr::kVersion1 | bit(5) | features, 3);
  }

  /// The device's answer to a command: 0 for done, 1 for refused.
  u8 command(u8 group, u8 number, const Frame& data) {
    board.ram.ram[0x3000] = group;
    board.ram.ram[0x3001] = number;
    std::copy(data.begin(), data.end(), board.ram.ram.begin() + 0x3010);
    board.ram.ram[0x3800] = 0xee;
    driver->add(2, 0,
                {{0x3000, 2, false}, {0x3010, static_cast<u32>(data.size()), false}, {0x3800, 1, true}});
    driver->kick(2);
    REQUIRE(driver->used_index(2) == ++commands);
    return board.ram.ram[0x3800];
  }

  /// True if a frame to `to` comes through.
  bool takes(const MacBytes& to, int vlan = -1) {
    Frame frame(64, 0);
    std::copy(to.begin(), to.end(), frame.begin());
    if (vlan >= 0) {
      frame[12] = 0x81;
      frame[14] = static_cast<u8>(vlan >> 8);
      frame[15] = static_cast<u8>(vlan);
    }
    const u16 before = driver->used_index(0);
    driver->add(0, 0, {{0x1000, 128, true}});
    link.client->frame_received(frame);
    const bool taken = driver->used_index(0) != before;
    if (!taken) {  // the buffer stays: use it up, so that the next call finds none
      command(0, 0, {1});
      link.client->frame_received(frame);
      command(0, 0, {0});
    }
    return taken;
  }

  /// Sends header and packet; the frames that reached the link.
  std::vector<Frame> send(const Frame& header, const Frame& packet) {
    std::copy(header.begin(), header.end(), board.ram.ram.begin() + 0x8000);
    std::copy(packet.begin(), packet.end(), board.ram.ram.begin() + 0x9000);
    driver->add(1, 0, {{0x8000, 12, false}, {0x9000, static_cast<u32>(packet.size()), false}});
    link.frames.clear();
    driver->kick(1);
    std::vector<Frame> frames;
    frames.reserve(link.frames.size());
    for (const auto& [id, frame] : link.frames) frames.push_back(frame);
    return frames;
  }
};

Frame table(const std::vector<MacBytes>& unicast, const std::vector<MacBytes>& multicast) {
  Frame data;
  for (const auto* list : {&unicast, &multicast}) {
    for (const u8 byte : {static_cast<u8>(list->size()), u8{0}, u8{0}, u8{0}}) data.push_back(byte);
    for (const MacBytes& mac : *list) data.insert(data.end(), mac.begin(), mac.end());
  }
  return data;
}

/// 16-bit ones' complement sum of bytes from `first` on to `end`, folded (RFC 1071).
u32 sum(const Frame& bytes, size_t first, size_t end) {
  u32 total = 0;
  for (size_t i = first; i < end; ++i) total += (i - first) % 2 == 0 ? u32{bytes[i]} << 8 : bytes[i];
  while (total > 0xffff) total = (total & 0xffff) + (total >> 16);
  return total;
}

u32 word(const Frame& bytes, size_t at) { return u32{bytes[at]} << 8 | bytes[at + 1]; }

constexpr size_t kIp = 14, kTcp = 34, kData = 54;

/// A TCP packet over IPv4 with `bytes` of data, as a driver leaves it to the device: the checksum's field
/// holds the pseudo header's sum with the whole length.
Frame tcp_packet(size_t bytes) {
  Frame packet(kData + bytes);
  std::copy(kOther.begin(), kOther.end(), packet.begin());
  packet[12] = 8;
  packet[kIp] = 0x45;
  const size_t total = packet.size() - kIp;
  packet[kIp + 2] = static_cast<u8>(total >> 8);
  packet[kIp + 3] = static_cast<u8>(total);
  packet[kIp + 5] = 7;  // identification
  packet[kIp + 9] = 6;
  packet[kIp + 10] = 0x12;  // the header's checksum: of the whole packet, so wrong for each frame
  packet[kIp + 12] = packet[kIp + 16] = 10;
  packet[kIp + 15] = 15;
  packet[kIp + 19] = 2;
  packet[kTcp + 7] = 100;  // sequence number
  packet[kTcp + 12] = 0x50;
  packet[kTcp + 13] = 0x19;  // ACK, PSH, FIN
  for (size_t i = 0; i < bytes; ++i) packet[kData + i] = static_cast<u8>(i * 7);
  const u32 pseudo = sum(packet, kIp + 12, kIp + 20) + 6 + static_cast<u32>(total - 20);
  packet[kTcp + 16] = static_cast<u8>(pseudo >> 8);
  packet[kTcp + 17] = static_cast<u8>(pseudo);
  return packet;
}

bool tcp_checksum_good(const Frame& frame) {
  const u32 pseudo = sum(frame, kIp + 12, kIp + 20) + 6 + static_cast<u32>(frame.size() - kTcp);
  const u32 all = pseudo + sum(frame, kTcp, frame.size());
  return ((all & 0xffff) + (all >> 16)) % 0xffff == 0;
}

Frame header(u8 flags, u8 segmentation, u16 segment, u16 start, u16 offset) {
  return {flags,
          segmentation,
          0,
          0,
          static_cast<u8>(segment),
          static_cast<u8>(segment >> 8),
          static_cast<u8>(start),
          static_cast<u8>(start >> 8),
          static_cast<u8>(offset),
          static_cast<u8>(offset >> 8),
          0,
          0};
}

}  // namespace

// Catches a device that starts with combinations for which no driver has rules.
TEST_CASE("net control: a feature without the one that it needs is refused") {
  Rig r(0);
  for (const u64 feature : {kTso4, kTso6, kCtrlRx, kCtrlVlan, kCtrlExtra, kCtrlMac})
    CHECK_FALSE(r.driver->negotiate(vr::kVersion1 | feature));
  CHECK(r.driver->negotiate(vr::kVersion1 | kTso4 | kTso6 | kCsum));
  CHECK(r.driver->negotiate(vr::kVersion1 | kAllControl));
}

TEST_CASE("net control: a driver that cannot set filters gets every frame") {
  Rig r(kMrg);
  r.driver->add(0, 0, {{0x1000, 128, true}});
  Frame frame(64, 0);
  std::copy(kOther.begin(), kOther.end(), frame.begin());
  frame[12] = 0x81;
  r.link.client->frame_received(frame);
  CHECK(r.driver->used_index(0) == 1);
}

TEST_CASE("net control: one's own address and broadcasts pass, what else does is the modes' matter") {
  Rig r(kMrg | kAllControl);
  CHECK(r.takes(kOwn));
  CHECK(r.takes(kEverybody));
  CHECK_FALSE(r.takes(kOther));
  CHECK_FALSE(r.takes(kGroup));
  struct Mode {
    u8 number;
    bool own, everybody, other, group;
  };
  for (const Mode& mode : {Mode{0, true, true, true, true}, Mode{1, true, true, false, true},
                           Mode{2, true, true, true, false}, Mode{3, true, true, false, false},
                           Mode{4, false, true, false, false}, Mode{5, true, false, false, false}}) {
    CAPTURE(int{mode.number});
    CHECK(r.command(0, mode.number, {1}) == 0);
    CHECK(r.takes(kOwn) == mode.own);
    if (mode.number == 0) CHECK(r.command(0, 0, {1}) == 0);
    CHECK(r.takes(kEverybody) == mode.everybody);
    CHECK(r.takes(kOther) == mode.other);
    CHECK(r.takes(kGroup) == mode.group);
    CHECK(r.command(0, mode.number, {0}) == 0);
  }
}

TEST_CASE("net control: tables of addresses replace each other, and a long one stands for all") {
  Rig r(kMrg | kAllControl);
  CHECK(r.command(1, 0, table({kOther}, {kGroup})) == 0);
  CHECK(r.takes(kOther));
  CHECK(r.takes(kGroup));
  CHECK(r.command(1, 0, table({}, {})) == 0);
  CHECK_FALSE(r.takes(kOther));
  CHECK_FALSE(r.takes(kGroup));
  CHECK(r.command(1, 0, table(std::vector<MacBytes>(65, kOwn), {})) == 0);
  CHECK(r.takes(kOther));
  CHECK_FALSE(r.takes(kGroup));
  Frame cut = table({kOther}, {kGroup});
  cut.pop_back();
  CHECK(r.command(1, 0, cut) == 1);
  CHECK_FALSE(r.takes(kGroup));
}

TEST_CASE("net control: an address set by command is the device's own until a reset") {
  Rig r(kMrg | kAllControl);
  CHECK(r.command(1, 1, Frame(kOther.begin(), kOther.end())) == 0);
  CHECK(r.takes(kOther));
  CHECK_FALSE(r.takes(kOwn));
  CHECK(r.driver->device(4, 2) == 0x0909);
  r.driver->common(vr::kStatus, 1, 0);
  CHECK(r.driver->device(4, 2) == 0x0302);
}

TEST_CASE("net control: tagged frames pass for VLANs that were added") {
  Rig r(kMrg | kAllControl);
  CHECK_FALSE(r.takes(kOwn, 5));
  CHECK(r.command(2, 0, {5, 0}) == 0);
  CHECK(r.takes(kOwn, 5));
  CHECK_FALSE(r.takes(kOwn, 6));
  CHECK(r.command(2, 1, {5, 0}) == 0);
  CHECK_FALSE(r.takes(kOwn, 5));
  CHECK(r.command(2, 0, {0, 0x10}) == 1);  // there are 4096
}

TEST_CASE("net control: commands that are unknown, damaged or not negotiated are refused") {
  Rig r(kMrg | kCtrlVq | kCtrlRx);
  CHECK(r.command(0, 0, {1}) == 0);
  CHECK(r.command(0, 2, {1}) == 1);                                  // VIRTIO_NET_F_CTRL_RX_EXTRA
  CHECK(r.command(1, 1, Frame(kOther.begin(), kOther.end())) == 1);  // VIRTIO_NET_F_CTRL_MAC_ADDR
  CHECK(r.command(2, 0, {5, 0}) == 1);                               // VIRTIO_NET_F_CTRL_VLAN
  CHECK(r.command(0, 0, {1, 0}) == 1);
  CHECK(r.command(9, 0, {1}) == 1);
  r.driver->add(2, 4, {{0x3000, 2, false}});  // nowhere to answer
  r.driver->kick(2);
  CHECK((r.driver->status() & vr::kNeedsReset) != 0);
}

TEST_CASE("net offload: a checksum is computed where the header says") {
  Rig r(kCsum);
  const std::vector<Frame> frames = r.send(header(1, 0, 0, kTcp, 16), tcp_packet(101));
  REQUIRE(frames.size() == 1);
  CHECK(tcp_checksum_good(frames[0]));
  CHECK(r.send(header(1, 0, 0, kTcp, 200), tcp_packet(101)).empty());  // outside of the packet
  Rig without(0);
  CHECK(without.send(header(1, 0, 0, kTcp, 16), tcp_packet(101)).empty());
}

TEST_CASE("net offload: a long TCP packet becomes frames, and its buffer returns with the last") {
  Rig r(kCsum | kTso4);
  const Frame packet = tcp_packet(3000);
  const std::vector<Frame> frames = r.send(header(1, 1, 1448, kTcp, 16), packet);
  REQUIRE(frames.size() == 3);
  size_t done = 0;
  for (size_t i = 0; i < frames.size(); ++i) {
    const Frame& frame = frames[i];
    CAPTURE(i);
    CHECK(word(frame, kIp + 2) == frame.size() - kIp);
    CHECK(word(frame, kIp + 4) == 7 + i);
    CHECK(sum(frame, kIp, kTcp) == 0xffff);
    CHECK(word(frame, kTcp + 6) == 100 + done);
    CHECK(frame[kTcp + 13] == (i == 2 ? 0x19 : 0x10));
    CHECK(tcp_checksum_good(frame));
    CHECK(std::equal(frame.begin() + kData, frame.end(),
                     packet.begin() + static_cast<std::ptrdiff_t>(kData + done)));
    done += frame.size() - kData;
  }
  CHECK(done == 3000);
  r.link.finish();
  r.link.finish();
  CHECK(r.driver->used_index(1) == 0);
  r.link.finish();
  CHECK(r.driver->used_index(1) == 1);
}

TEST_CASE("net offload: segments that make no sense, or were not negotiated, are dropped") {
  Rig r(kCsum | kTso4);
  const Frame packet = tcp_packet(3000);
  CHECK(r.send(header(1, 4, 1448, kTcp, 16), packet).empty());  // IPv6
  CHECK(r.send(header(0, 1, 1448, kTcp, 16), packet).empty());  // without a checksum
  CHECK(r.send(header(1, 1, 0, kTcp, 16), packet).empty());     // of nothing
  CHECK(r.send(header(1, 1, 1, kTcp, 16), packet).empty());     // thousands
  CHECK(r.send(header(1, 1, 1500, kTcp, 16), packet).empty());  // longer than a frame
  CHECK(r.send(header(1, 1, 1448, 3040, 16), packet).empty());  // no room for a TCP header
  CHECK(r.send(header(1, 1, 1448, kIp, 16), packet).empty());   // none for an IP header
  CHECK(r.driver->used_index(1) == 7);
}

TEST_CASE("net offload: received checksums that are right are said to be, others are not") {
  Rig sender(kCsum), r(kMrg | kGuestCsum), plain(kMrg);
  Frame frame = sender.send(header(1, 0, 0, kTcp, 16), tcp_packet(50)).at(0);
  // IPv4's own checksum is the driver's work.
  frame[kIp + 10] = frame[kIp + 11] = 0;
  const u32 check = ~sum(frame, kIp, kTcp) & 0xffff;
  frame[kIp + 10] = static_cast<u8>(check >> 8);
  frame[kIp + 11] = static_cast<u8>(check);
  const auto flags = [&](Rig& rig) {
    rig.board.ram.ram[0x1000] = 0xee;
    rig.driver->add(0, 0, {{0x1000, 2000, true}});
    rig.link.client->frame_received(frame);
    return int{rig.board.ram.ram[0x1000]};
  };
  CHECK(flags(r) == 2);
  CHECK(flags(plain) == 0);
  frame.back() ^= 1;
  CHECK(flags(r) == 0);
}
