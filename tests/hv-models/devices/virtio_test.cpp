// The virtio devices that guests see: features, rings, requests, and what a guest gets wrong.
#include <catch2/catch.hpp>

#include "virtio_driver.hpp"

using namespace hvlab;
using namespace hvlab::test;

namespace {

constexpr u64 kBlockBase = 0xe000'0000, kNetworkBase = 0xe000'8000;
constexpr u64 kHeader = 0x1'0000, kStatus = 0x1'0100, kData = 0x1'1000, kQueues = 0x4000;
constexpr unsigned kBlockPin = 11, kNetworkPin = 10;
constexpr u8 kNeedsReset = 0x40;

devices::BoardConfiguration both() {
  devices::BoardConfiguration c = {};
  c.virtio_block = c.virtio_network = true;
  return c;
}

struct Block : TestBoard {
  Block() : TestBoard(both()), driver(*this, 4, kBlockBase, kQueues, 1) {}
  void header(u32 type, u64 sector) {
    put<u32>(kHeader, type);
    put<u64>(kHeader + 8, sector);
    put<u8>(kStatus, 0xee);
  }
  /// The status of a request of one part of data.
  u8 request(u32 type, u64 sector, u64 address, u32 bytes) {
    header(type, sector);
    driver.chain(0, 0, {{kHeader, 16, false}, {address, bytes, type == 0}, {kStatus, 1, true}});
    driver.notify(0);
    return get<u8>(kStatus);
  }
  VirtioDriver driver;
};

struct Card : TestBoard {
  Card() : TestBoard(both()), driver(*this, 3, kNetworkBase, kQueues, 2) {}
  bool receive(size_t bytes) {
    std::vector<u8> frame(bytes);
    for (size_t i = 0; i < bytes; ++i) frame[i] = static_cast<u8>(i * 5);
    return board().receive(frame.data(), static_cast<u32>(bytes));
  }
  VirtioDriver driver;
};

}  // namespace

TEST_CASE("virtio: capabilities say where the parts are") {
  TestBoard t(both());
  u32 seen = 0;
  for (u32 at = t.config(4, 0, 0x34, 1); at != 0; at = t.config(4, 0, at + 1, 1)) {
    REQUIRE(at < 0x100);
    if (t.config(4, 0, at, 1) != 9) continue;
    const u32 type = t.config(4, 0, at + 3, 1), offset = t.config(4, 0, at + 8),
              bytes = t.config(4, 0, at + 12);
    CHECK(t.config(4, 0, at + 4, 1) == 4);
    CHECK(offset + bytes <= 0x4000);
    if (type == 2) CHECK(t.config(4, 0, at + 16) == 4);
    seen |= 1u << type;
  }
  CHECK((seen & 0x1e) == 0x1e);
}

// Would catch: a driver that is let through with what was never offered, or without version 1.
TEST_CASE("virtio: features are offered, and what was not is refused") {
  Block t;
  const u64 offered = t.driver.offered();
  CHECK((offered & (u64{1} << 32 | 1 << 9)) == (u64{1} << 32 | 1 << 9));
  CHECK((offered & (u64{1} << 28 | u64{1} << 34)) == 0);  // neither indirect descriptors nor packed rings
  for (const u64 wrong : {u64{0}, u64{1} << 32 | u64{1} << 28, u64{1} << 32 | 1 << 5}) {
    t.driver.status(0);
    t.driver.status(3);
    t.driver.features(wrong);
    t.driver.status(11);
    CHECK(t.driver.status() == 3);
  }
  t.driver.status(0);
  CHECK(t.driver.status() == 0);
}

TEST_CASE("virtio block: reads, writes, flushes; each is done once, by an interrupt") {
  Block t;
  CHECK(t.load(kBlockBase + 0x2000) == TestBoard::kSectors);
  CHECK(t.request(0, 3, kData, 1024) == 0);
  CHECK(t.bytes_at(kData, 1024) == t.sectors(3, 2));
  CHECK(t.driver.used_bytes(0, 0) == 1025);
  CHECK(t.level[kBlockPin]);
  CHECK(t.driver.interrupt_status() == 1);
  CHECK_FALSE(t.level[kBlockPin]);
  CHECK(t.driver.interrupt_status() == 0);
  t.fill(kData, 512, 9);
  CHECK(t.request(1, 8, kData, 512) == 0);
  CHECK(t.sectors(8, 1) == t.bytes_at(kData, 512));
  CHECK(t.driver.used_bytes(0, 1) == 1);
  t.header(4, 0);
  t.driver.chain(0, 2, {{kHeader, 16, false}, {kStatus, 1, true}});
  t.driver.notify(0);
  CHECK(t.get<u8>(kStatus) == 0);
  CHECK(t.flushes == 1);
  CHECK(t.driver.used_head(0, 2) == 2);
  CHECK(t.driver.done(0) == 3);
}

// 2.7.4.1: a device makes no assumptions about how a message is divided into descriptors.
TEST_CASE("virtio block: header, data and status may be cut anywhere") {
  Block t;
  t.header(0, 5);
  t.driver.chain(
      0, 0,
      {{kHeader, 4, false}, {kHeader + 4, 12, false}, {kData, 100, true}, {kData + 100, 412 + 1, true}});
  t.driver.notify(0);
  CHECK(t.get<u8>(kData + 512) == 0);
  CHECK(t.bytes_at(kData, 512) == t.sectors(5, 1));
  CHECK(t.driver.used_bytes(0, 0) == 513);
  // Header and data in one.
  t.put<u32>(kData, 1);
  t.put<u64>(kData + 8, 6);
  t.fill(kData + 16, 512, 3);
  t.driver.chain(0, 0, {{kData, 16 + 512, false}, {kStatus, 1, true}});
  t.driver.notify(0);
  CHECK(t.get<u8>(kStatus) == 0);
  CHECK(t.sectors(6, 1) == t.bytes_at(kData + 16, 512));
}

// Would catch: data that crosses the end of a block of the host's memory, refused.
TEST_CASE("virtio block: data may lie in two places of the host's memory") {
  Block t;
  CHECK(t.request(0, 9, TestBoard::kHalf - 600, 4096) == 0);
  CHECK(t.bytes_at(TestBoard::kHalf - 600, 4096) == t.sectors(9, 8));
}

TEST_CASE("virtio block: what cannot be done is told in the status, and nothing is moved") {
  Block t;
  const auto before = t.disk;
  for (const u64 sector : {u64{TestBoard::kSectors}, u64{TestBoard::kSectors - 1}, ~u64{0}, u64{1} << 55})
    CHECK(t.request(1, sector, kData, 1024) == 1);
  CHECK(t.request(1, 0, kData, 100) == 1);  // not sectors
  CHECK(t.request(77, 0, kData, 512) == 2);
  CHECK(t.disk == before);
  CHECK((t.driver.status() & kNeedsReset) == 0);
  CHECK(t.request(0, 0, kData, 512) == 0);
}

// Would catch: a model that follows a chain for ever or out of the guest's memory.
TEST_CASE("virtio block: a broken chain stops the device until it is reset, and harms nobody") {
  const auto broken = [](auto&& make) {
    Block t;
    const auto disk = t.disk;
    t.header(1, 0);
    make(t);
    t.driver.offer(0, 0);
    t.driver.notify(0);
    CHECK((t.driver.status() & kNeedsReset) != 0);
    CHECK(t.level[kBlockPin]);
    CHECK((t.driver.interrupt_status() & 2) != 0);
    CHECK(t.disk == disk);
    const u16 done = t.driver.done(0);
    t.driver.offer(0, 0);
    t.driver.notify(0);
    CHECK(t.driver.done(0) == done);
    t.driver.start();
  };
  broken([](Block& t) {  // round and round
    t.driver.descriptor(0, 0, kHeader, 16, VirtioDriver::kNext, 1);
    t.driver.descriptor(0, 1, kData, 512, VirtioDriver::kNext, 1);
  });
  broken([](Block& t) { t.driver.descriptor(0, 0, kHeader, 16, VirtioDriver::kNext, 16); });  // no such one
  broken([](Block& t) { t.driver.descriptor(0, 0, ~u64{0} - 7, 16, 0, 0); });
  broken([](Block& t) { t.driver.descriptor(0, 0, kHeader, 0xffff'ffff, 0, 0); });
  broken([](Block& t) { t.driver.descriptor(0, 0, kData, 64, 4, 0); });  // indirect
  broken([](Block& t) {                                                  // to be written before to be read
    t.driver.descriptor(0, 0, kStatus, 1, VirtioDriver::kNext | VirtioDriver::kWrites, 1);
    t.driver.descriptor(0, 1, kHeader, 16, 0, 0);
  });
  broken([](Block& t) { t.driver.descriptor(0, 0, kHeader, 16, 0, 0); });  // nowhere to write the status
  broken([](Block& t) { t.put<u16>(t.driver.available(0) + 2, 1000); });   // more than there are
}

// Would catch: queues that lie nowhere or oddly, followed.
TEST_CASE("virtio: queues of wrong sizes and at wrong places do nothing") {
  Block t;
  for (const u16 size : {u16{0}, u16{3}, u16{512}, u16{0xffff}}) {
    t.store(kBlockBase + 0x18, size, 2);
    CHECK(t.load(kBlockBase + 0x18, 2) == VirtioDriver::kEntries);
  }
  t.store(kBlockBase + 0x16, 9, 2);
  CHECK(t.load(kBlockBase + 0x18, 2) == 0);
  t.store(kBlockBase + 0x16, 0, 2);
  for (const u64 nowhere : {u64{TestBoard::kMemory}, ~u64{0}, ~u64{0} - 15, u64{TestBoard::kHalf - 1}}) {
    for (const u32 which : {0x20u, 0x28u, 0x30u}) {
      t.driver.status(0);
      t.driver.start();
      t.driver.set_address(which, nowhere);
      t.request(0, 0, kData, 512);
    }
  }
}

// Would catch: a device that goes on after a reset, or answers into a queue that is no more.
TEST_CASE("virtio block: what was begun before a reset is not answered after it") {
  Block t;
  t.disk_waits = true;
  t.request(0, 0, kData, 512);
  CHECK(t.driver.done(0) == 0);
  t.driver.status(0);
  t.driver.start();
  t.put<u16>(t.driver.available(0) + 2, 0);
  REQUIRE(t.work());
  CHECK(t.driver.done(0) == 0);
  CHECK_FALSE(t.level[kBlockPin]);
  CHECK(t.get<u8>(kStatus) == 0xee);
  t.request(0, 1, kData, 512);
  REQUIRE(t.work());
  CHECK(t.driver.done(0) == 1);
}

// Would catch: requests that are lost when all jobs are taken; order is the disk's.
TEST_CASE("virtio block: more requests than jobs are all done") {
  Block t;
  t.disk_waits = true;
  unsigned offered = 0;
  for (u16 round = 0; round < 8; ++round) {
    t.header(0, round);
    for (u16 i = 0; i < 5; ++i, ++offered)
      t.driver.chain(0, static_cast<u16>(3 * i),
                     {{kHeader, 16, false}, {kData, 512, true}, {kStatus, 1, true}});
    t.driver.notify(0);
  }
  while (t.work()) {
  }
  CHECK(t.driver.done(0) == offered);
}

TEST_CASE("virtio: a driver that wants no interrupts gets none") {
  Block t;
  t.driver.want_interrupts(0, false);
  CHECK(t.request(0, 0, kData, 512) == 0);
  CHECK_FALSE(t.level[kBlockPin]);
  CHECK(t.driver.wants_notification(0));
}

TEST_CASE("virtio network: frames go out behind their header, in however many parts") {
  Card t;
  t.fill(kData, 1000, 1);
  t.driver.chain(1, 0, {{kData, 12, false}, {kData + 100, 60, false}});
  t.driver.chain(1, 2, {{kData, 5, false}, {kData + 5, 27, false}, {kData + 200, 30, false}});
  t.driver.notify(1);
  REQUIRE(t.sent.size() == 2);
  CHECK(t.sent[0] == t.bytes_at(kData + 100, 60));
  std::vector<u8> second = t.bytes_at(kData + 12, 20);
  for (const u8 byte : t.bytes_at(kData + 200, 30)) second.push_back(byte);
  CHECK(t.sent[1] == second);
  CHECK(t.driver.done(1) == 2);
  t.driver.chain(1, 5, {{kData, 12, false}});  // no frame
  t.driver.notify(1);
  CHECK(t.sent.size() == 2);
  CHECK(t.driver.done(1) == 3);
  t.driver.descriptor(1, 6, ~u64{0}, 12, 0, 0);
  t.driver.offer(1, 6);
  t.driver.notify(1);
  CHECK((t.driver.status() & kNeedsReset) != 0);
}

// Would catch: a guest one of whose processors goes on adding frames or requests and so never lets the model
// return to its owner.
TEST_CASE("virtio: a driver that never stops adding gets no more than a queue at once") {
  Card t;
  t.fill(kData, 100, 1);
  t.driver.chain(1, 0, {{kData, 60, false}});
  unsigned more = 5 * VirtioDriver::kEntries;
  t.on_send = [&] {
    if (more > 0) --more, t.driver.offer(1, 0);
  };
  t.driver.notify(1);
  CHECK(t.sent.size() == VirtioDriver::kEntries);
  REQUIRE(t.board().is_late());
  while (t.board().is_late()) t.board().catch_up();
  CHECK(t.sent.size() == 5 * VirtioDriver::kEntries + 1);
  CHECK(t.driver.wants_notification(1));
}

TEST_CASE("virtio network: frames come in into the parts that the driver has offered") {
  Card t;
  CHECK_FALSE(t.receive(60));  // nowhere to put it
  t.driver.chain(0, 0, {{kData, 7, true}, {kData + 7, 20, true}, {kData + 100, 1500, true}});
  t.driver.chain(0, 3, {{kData, 40, true}});
  REQUIRE(t.receive(100));
  CHECK(t.driver.used_bytes(0, 0) == 112);
  CHECK(t.get<u8>(kData + 10) == 1);  // one buffer
  std::vector<u8> got = t.bytes_at(kData + 12, 15);
  for (const u8 byte : t.bytes_at(kData + 100, 85)) got.push_back(byte);
  for (size_t i = 0; i < got.size(); ++i) REQUIRE(got[i] == static_cast<u8>(i * 5));
  CHECK(t.level[kNetworkPin]);
  CHECK_FALSE(t.receive(60));  // too small
  CHECK(t.driver.used_bytes(0, 1) == 0);
}
