// The 82540EM that guests see: rings, interrupts, and what a guest gets wrong.
#include <catch2/catch.hpp>

#include "test_board.hpp"

using namespace hvlab;
using namespace hvlab::test;

namespace {

constexpr u64 kBase = 0xe010'0000, kReceive = 0x4000, kTransmit = 0x6000, kBuffers = 0x1'0000;
constexpr unsigned kPin = 10;
constexpr u32 kCauseRead = 0xc0, kMaskSet = 0xd0, kMaskClear = 0xd8;
constexpr u32 kSent = 1, kOverrun = 1 << 6, kReceived = 1 << 7;
constexpr u8 kEnd = 1, kReport = 8;
constexpr u32 kEntries = 8;

struct Card : TestBoard {
  explicit Card(const devices::BoardConfiguration& c = with_card()) : TestBoard(c) {
    set_config(3, 0, 4, 7, 2);
    ring(0x2800, kReceive, kEntries);
    ring(0x3800, kTransmit, kEntries);
    for (u32 i = 0; i < kEntries; ++i) put<u64>(kReceive + 16 * i, kBuffers + 0x8000 + 2048 * i);
    reg(0x2818, kEntries - 1);
    reg(0x100, 1 << 1 | 1 << 15 | 1 << 26);  // on, broadcasts, no checksum
    reg(0x400, 1 << 1);
  }
  static devices::BoardConfiguration with_card() {
    devices::BoardConfiguration c = {};
    c.e1000 = true;
    return c;
  }
  u32 reg(u32 offset) { return load(kBase + offset); }
  void reg(u32 offset, u32 value) { store(kBase + offset, value); }
  void ring(u32 at, u64 address, u32 entries) {
    reg(at, static_cast<u32>(address));
    reg(at + 4, static_cast<u32>(address >> 32));
    reg(at + 8, entries * 16);
    reg(at + 0x10, 0);
    reg(at + 0x18, 0);
  }
  void descriptor(u32 index, u64 address, u16 bytes, u8 command) {
    put<u64>(kTransmit + 16 * index, address);
    put<u64>(kTransmit + 16 * index + 8, bytes | u64{command} << 24);
  }
  u8 sent_status(u32 index) { return get<u8>(kTransmit + 16 * index + 12); }
  u8 received_status(u32 index) { return get<u8>(kReceive + 16 * index + 12); }
  u16 received_bytes(u32 index) { return get<u16>(kReceive + 16 * index + 8); }
  bool receive(std::vector<u8> frame) {
    return board().receive(frame.data(), static_cast<u32>(frame.size()));
  }
};

std::vector<u8> frame_to(const std::vector<u8>& to, size_t bytes) {
  std::vector<u8> frame(bytes);
  for (size_t i = 0; i < bytes; ++i) frame[i] = static_cast<u8>(i + 1);
  std::copy(to.begin(), to.end(), frame.begin());
  return frame;
}

const std::vector<u8> kOwn = {0x52, 0x54, 0x00, 0x12, 0x35, 0x01},
                      kAll(6, 0xff), kOther = {0x52, 0x54, 0x00, 0x12, 0x35, 0x02}, kGroup = {0x01, 0, 0x5e,
                                                                                              0,    0, 0x12};

}  // namespace

TEST_CASE("e1000: its address is in the registers and in the EEPROM, whose sum is right") {
  Card t;
  CHECK(t.config(3, 0, 0) == 0x100e'8086);
  CHECK(t.reg(0x5400) == 0x1200'5452);
  CHECK(t.reg(0x5404) == 0x8000'0135);
  u32 sum = 0;
  for (u32 word = 0; word < 0x40; ++word) {
    t.reg(0x14, word << 8 | 1);
    const u32 value = t.reg(0x14);
    REQUIRE((value & 0x10) != 0);
    sum += value >> 16;
    if (word < 3) CHECK(value >> 16 == (kOwn[2 * word] | u32{kOwn[2 * word + 1]} << 8));
  }
  CHECK((sum & 0xffff) == 0xbaba);
  CHECK((t.reg(8) & 2) != 0);  // the link is up
  t.reg(0x5400, 0);
  t.reg(0, 1 << 26);
  CHECK(t.reg(0x5400) == 0x1200'5452);
  CHECK(t.reg(0x100) == 0);
}

// Would catch: frames that are cut or joined at the wrong place, reports to nobody.
TEST_CASE("e1000: frames of one or several parts go out, and are reported where that is asked for") {
  Card t;
  t.fill(kBuffers, 4096, 1);
  t.descriptor(0, kBuffers, 100, kEnd | kReport);
  t.descriptor(1, kBuffers + 500, 20, 0);
  t.descriptor(2, kBuffers + 600, 30, kReport);
  t.descriptor(3, kBuffers + 700, 40, kEnd);
  t.reg(0x3818, 4);
  REQUIRE(t.sent.size() == 2);
  CHECK(t.sent[0] == t.bytes_at(kBuffers, 100));
  std::vector<u8> second = t.bytes_at(kBuffers + 500, 20);
  for (const u8 byte : t.bytes_at(kBuffers + 600, 30)) second.push_back(byte);
  for (const u8 byte : t.bytes_at(kBuffers + 700, 40)) second.push_back(byte);
  CHECK(t.sent[1] == second);
  CHECK(t.reg(0x3810) == 4);
  CHECK(t.sent_status(0) == 1);
  CHECK(t.sent_status(1) == 0);
  CHECK(t.sent_status(2) == 1);
  CHECK(t.sent_status(3) == 0);
  // Round the ring's end.
  for (const u32 i : {4u, 5u, 6u, 7u, 0u}) t.descriptor(i, kBuffers, 60, kEnd);
  t.reg(0x3818, 1);
  CHECK(t.sent.size() == 7);
  CHECK(t.reg(0x3810) == 1);
}

// Would catch: an interrupt that is not masked, not taken back, or lost.
TEST_CASE("e1000: causes are remembered while masked, raise the line when not, and reading takes them back") {
  Card t;
  t.descriptor(0, kBuffers, 60, kEnd);
  t.reg(0x3818, 1);
  CHECK_FALSE(t.level[kPin]);
  t.reg(kMaskSet, kReceived);
  CHECK_FALSE(t.level[kPin]);
  t.reg(kMaskSet, kSent);
  CHECK(t.level[kPin]);
  CHECK(t.reg(kMaskSet) == (kSent | kReceived));
  CHECK((t.reg(kCauseRead) & (kSent | kReceived)) == kSent);
  CHECK_FALSE(t.level[kPin]);
  CHECK(t.reg(kCauseRead) == 0);
  REQUIRE(t.receive(frame_to(kOwn, 60)));
  CHECK(t.level[kPin]);
  t.reg(kMaskClear, kReceived);
  CHECK_FALSE(t.level[kPin]);
  t.reg(0xc8, 1 << 2);
  t.reg(kMaskSet, 1 << 2);
  CHECK(t.level[kPin]);
  t.reg(kCauseRead, 1 << 2);
  CHECK_FALSE(t.level[kPin]);
}

// Would catch: frames for others, wrong lengths, bytes that are left from the frame before.
TEST_CASE("e1000: what comes in is filtered, padded and written behind its predecessor") {
  Card t;
  CHECK(t.receive(frame_to(kOwn, 1514)));
  t.fill(kBuffers + 0x8000 + 2048, 64, 0x77);
  CHECK(t.receive(frame_to(kAll, 20)));
  CHECK_FALSE(t.receive(frame_to(kOther, 60)));
  CHECK_FALSE(t.receive(frame_to(kGroup, 60)));
  CHECK_FALSE(t.receive(frame_to(kOwn, 13)));
  CHECK(t.received_bytes(0) == 1514);
  CHECK(t.bytes_at(kBuffers + 0x8000, 1514) == frame_to(kOwn, 1514));
  CHECK(t.received_bytes(1) == 60);
  std::vector<u8> padded = frame_to(kAll, 20);
  padded.resize(60);
  CHECK(t.bytes_at(kBuffers + 0x8000 + 2048, 60) == padded);
  CHECK(t.received_status(1) == 3);
  CHECK(t.received_status(2) == 0);
  t.reg(0x100, t.reg(0x100) | 1 << 3);
  CHECK(t.receive(frame_to(kOther, 60)));
  t.reg(0x5200 + 4 * (0x120 / 32), 1u << (0x120 % 32));  // 13.4.3: bits 47 to 36 of the address
  CHECK(t.receive(frame_to(kGroup, 60)));
  t.reg(0x100, 0);
  CHECK_FALSE(t.receive(frame_to(kOwn, 60)));
}

// 13.4.22: without SECRC the checksum is stored and counted.
TEST_CASE("e1000: a driver that does not have the checksum stripped gets it") {
  Card t;
  t.reg(0x100, 1 << 1);
  REQUIRE(t.receive(frame_to(kOwn, 64)));
  CHECK(t.received_bytes(0) == 68);
  // The checksum of IEEE 802.3, bit by bit.
  u32 crc = ~0u;
  for (const u8 byte : frame_to(kOwn, 64)) {
    crc ^= byte;
    for (int i = 0; i < 8; ++i) crc = crc >> 1 ^ ((crc & 1) != 0 ? 0xedb8'8320 : 0);
  }
  CHECK(t.get<u32>(kBuffers + 0x8000 + 64) == ~crc);
}

// Would catch: a frame written over one that the driver has not read yet.
TEST_CASE("e1000: a full ring loses frames and says so") {
  Card t;
  for (unsigned i = 0; i < kEntries - 1; ++i) CHECK(t.receive(frame_to(kOwn, 60)));
  CHECK_FALSE(t.receive(frame_to(kOwn, 60)));
  CHECK((t.reg(kCauseRead) & kOverrun) != 0);
  t.reg(0x2818, 0);
  CHECK(t.receive(frame_to(kOwn, 60)));
  CHECK(t.reg(0x2810) == 0);
}

// Would catch: a ring, buffer or index that is followed out of the guest's memory; half a frame on the wire.
TEST_CASE("e1000: rings and buffers that are nowhere move nothing") {
  Card t;
  t.descriptor(0, 0xffff'ffff'ffff'fff0, 100, kEnd | kReport);
  t.descriptor(1, kBuffers, 60, 0);
  t.descriptor(2, TestBoard::kMemory - 10, 60, kEnd);
  t.descriptor(3, kBuffers, 0, kEnd);
  t.reg(0x3818, 4);
  CHECK(t.sent.empty());
  CHECK(t.reg(0x3810) == 4);
  CHECK(t.sent_status(0) == 1);
  for (const u64 nowhere : {u64{TestBoard::kMemory}, ~u64{15}, u64{1} << 40}) {
    t.ring(0x3800, nowhere, kEntries);
    t.reg(0x3818, 5);
    t.ring(0x2800, nowhere, kEntries);
    t.reg(0x2818, 5);
    CHECK_FALSE(t.receive(frame_to(kOwn, 60)));
  }
  t.ring(0x3800, kTransmit, 8);
  t.reg(0x3810, 0xffff'ffff);
  t.reg(0x3818, 0x7fff'ffff);
  t.ring(0x2800, kReceive, 8);
  t.reg(0x2810, 0x8000'0000);
  t.reg(0x2818, 3);
  CHECK_FALSE(t.receive(frame_to(kOwn, 60)));
  t.ring(0x2800, kReceive, 0);
  CHECK_FALSE(t.receive(frame_to(kOwn, 60)));
  CHECK(t.sent.empty());
}

TEST_CASE("e1000: a frame of more parts than the card keeps is lost whole, the next one is not") {
  Card t;
  t.ring(0x3800, kTransmit, 64);
  for (u32 i = 0; i < 40; ++i) t.descriptor(i, kBuffers, 30, i == 39 ? kEnd : 0);
  t.descriptor(40, kBuffers, 60, kEnd);
  t.reg(0x3818, 41);
  REQUIRE(t.sent.size() == 1);
  CHECK(t.sent[0].size() == 60);
}

// Would catch: a buffer over the end of a block of the host's memory, lost.
TEST_CASE("e1000: buffers may lie in two places of the host's memory") {
  Card t;
  const u64 across = TestBoard::kHalf - 20;
  t.fill(across, 60, 5);
  t.descriptor(0, across, 60, kEnd);
  t.reg(0x3818, 1);
  REQUIRE(t.sent.size() == 1);
  CHECK(t.sent[0] == t.bytes_at(across, 60));
  t.put<u64>(kReceive, across);
  REQUIRE(t.receive(frame_to(kOwn, 100)));
  CHECK(t.bytes_at(across, 100) == frame_to(kOwn, 100));
}

TEST_CASE("e1000: a card that may not be master moves nothing") {
  Card t;
  t.set_config(3, 0, 4, 3, 2);
  t.descriptor(0, kBuffers, 60, kEnd);
  t.reg(0x3818, 1);
  CHECK(t.sent.empty());
  CHECK_FALSE(t.receive(frame_to(kOwn, 60)));
}
