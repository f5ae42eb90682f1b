#include <catch2/catch.hpp>

#include "sim/devices/virtio_blk.hpp"
#include "virtio_driver.hpp"
#include "virtio_fakes.hpp"

using namespace hvlab;
using namespace hvlab::devices;
using namespace hvlab::test;
using observe::EventKind;

namespace {

constexpr u64 kHeader = 0x1000, kData = 0x2000, kStatus = 0x1100;

struct Rig {
  VirtioBoard board;
  FakeMedium medium;
  VirtioBlk device;
  std::unique_ptr<VirtioDriver> made;
  VirtioDriver& driver;

  explicit Rig(bool read_only = false)
      : medium(64 * 512, read_only), device(board.services, medium, "disk-0"), driver(plug()) {
    for (size_t i = 0; i < medium.content.size(); ++i) medium.content[i] = static_cast<u8>(i / 512);
    driver.start(vr::kVersion1 | bit(9), 1);
  }
  VirtioDriver& plug() {
    board.plug(device);
    made = std::make_unique<VirtioDriver>(board);
    return *made;
  }
  void header(u32 type, u64 sector, u64 at = kHeader) {
    board.ram.put<u32>(at, type);
    board.ram.put<u64>(at + 8, sector);
    board.ram.put<u8>(kStatus, 0xff);
  }
  void request(u32 type, u64 sector, u32 bytes, bool into_guest) {
    header(type, sector);
    if (bytes == 0) {
      driver.add(0, 0, {{kHeader, 16, false}, {kStatus, 1, true}});
    } else {
      driver.add(0, 0, {{kHeader, 16, false}, {kData, bytes, into_guest}, {kStatus, 1, true}});
    }
    driver.kick(0);
  }
  u8 status() { return board.ram.get<u8>(kStatus); }
};

}  // namespace

TEST_CASE("block: configuration tells the medium's size") {
  Rig r;
  CHECK(r.driver.device(0, 8) == 64);
  CHECK(r.driver.device(20, 4) == 512);
  CHECK((r.driver.features() & bit(5)) == 0);
  Rig locked(true);
  CHECK((locked.driver.features() & bit(5)) != 0);
}

TEST_CASE("block: a read is answered when the medium is done, not before") {
  Rig r;
  r.request(0, 3, 1024, true);
  REQUIRE(r.medium.requests.size() == 1);
  CHECK(r.medium.requests[0].offset == 3 * 512);
  CHECK(r.driver.used_index(0) == 0);
  CHECK(r.status() == 0xff);
  r.medium.finish();
  CHECK(r.status() == 0);
  CHECK(r.driver.used(0, 0) == std::pair<u32, u32>{0, 1025});
  CHECK(r.board.ram.ram[kData] == 3);
  CHECK(r.board.ram.ram[kData + 1023] == 4);
  CHECK(r.driver.isr() == 1);
  CHECK(r.board.sink.count(EventKind::RequestStart) == 1);
  CHECK(r.board.sink.count(EventKind::RequestDone) == 1);
}

TEST_CASE("block: a write carries the guest's bytes as of its notification") {
  Rig r;
  r.board.ram.put<u32>(kData, 0xfeedface);
  r.request(1, 5, 512, false);
  r.board.ram.put<u32>(kData, 0);
  r.medium.finish();
  CHECK(r.status() == 0);
  CHECK(r.medium.content[5 * 512] == 0xce);
  CHECK(r.driver.used(0, 0) == std::pair<u32, u32>{0, 1});
}

TEST_CASE("block: completions come in the medium's order") {
  Rig r;
  r.header(0, 1, kHeader);
  r.header(0, 2, kHeader + 16);
  r.driver.add(0, 0, {{kHeader, 16, false}, {kData, 512, true}, {kStatus, 1, true}});
  r.driver.add(0, 3, {{kHeader + 16, 16, false}, {kData + 512, 512, true}, {kStatus + 1, 1, true}});
  r.driver.kick(0);
  r.medium.finish(1);
  CHECK(r.driver.used(0, 0).first == 3);
  r.medium.finish(0);
  CHECK(r.driver.used(0, 1).first == 0);
}

TEST_CASE("block: header, data and status may be cut anywhere") {
  Rig r;
  r.header(0, 7);
  r.driver.add(0, 0,
               {{kHeader, 3, false}, {kHeader + 3, 13, false}, {kData, 100, true}, {kData + 100, 413, true}});
  r.driver.kick(0);
  r.medium.finish();
  CHECK(r.board.ram.ram[kData + 511] == 7);
  CHECK(r.board.ram.ram[kData + 512] == 0);  // the status, right behind the data
  CHECK(r.driver.used(0, 0).second == 513);
}

TEST_CASE("block: flush, identity and discard") {
  Rig r;
  r.request(4, 0, 0, true);
  REQUIRE(r.medium.requests.size() == 1);
  CHECK(r.medium.requests[0].operation == BlockOperation::Flush);
  r.medium.finish();
  CHECK(r.status() == 0);
  r.request(8, 0, 20, true);
  CHECK(r.status() == 0);
  CHECK(r.board.ram.get<u64>(kData) == 0x302d6b736964);  // "disk-0"
  r.board.ram.put<u64>(kData, 2);
  r.board.ram.put<u32>(kData + 8, 3);
  r.request(11, 0, 16, false);
  r.medium.finish();
  CHECK(r.status() == 0);
  CHECK(r.medium.content[2 * 512] == 0);
  CHECK(r.medium.content[5 * 512] == 5);
}

TEST_CASE("block: impossible requests are errors of their own, the device goes on") {
  Rig r;
  const auto fails = [&r](u32 type, u64 sector, u32 bytes, bool into_guest, u8 status) {
    r.request(type, sector, bytes, into_guest);
    CHECK(r.medium.requests.empty());
    CHECK(r.status() == status);
  };
  fails(0, 64, 512, true, 1);
  fails(0, ~u64{0}, 512, true, 1);
  fails(0, u64{1} << 55, 512, true, 1);
  fails(0, 0, 511, true, 1);
  fails(1, 63, 1024, false, 1);
  fails(99, 0, 0, true, 2);
  r.request(0, 63, 512, true);
  CHECK(r.medium.requests.size() == 1);
  Rig locked(true);
  locked.request(1, 0, 512, false);
  CHECK(locked.status() == 1);
}

TEST_CASE("block: a medium's failure is the request's") {
  Rig r;
  r.medium.failing = true;
  r.request(0, 0, 512, true);
  r.medium.finish();
  CHECK(r.status() == 1);
  CHECK(r.board.ram.ram[kData + 511] == 0);
}

TEST_CASE("block: a chain without header or status breaks the device until reset") {
  Rig r;
  r.driver.add(0, 0, {{kHeader, 15, false}, {kStatus, 1, true}});
  r.driver.kick(0);
  CHECK((r.driver.status() & vr::kNeedsReset) != 0);
}

TEST_CASE("block: a reset forgets requests in flight") {
  Rig r;
  r.request(0, 0, 512, true);
  r.driver.common(vr::kStatus, 1, 0);
  CHECK(r.medium.requests.empty());
  CHECK(r.device.state().in_flight.empty());
  r.driver.start(vr::kVersion1, 1);
  r.request(0, 1, 512, true);
  r.medium.finish();
  CHECK(r.driver.used_index(0) == 1);
}

TEST_CASE("block: no ring content and no timing of the medium does harm") {
  Random random{3};
  for (int round = 0; round < 200; ++round) {
    Rig r;
    for (u64 i = 0x1000; i < 0x1040; ++i) r.board.ram.ram[i] = static_cast<u8>(random.below(13));
    for (int i = 0; i < 50; ++i) {
      for (u16 d = 0; d < 8; ++d)
        r.driver.describe(VirtioDriver::kRings, d,
                          {0x1000 + random.below(64),
                           static_cast<u32>(random.below(random.below(9) ? 600 : ~0u)), random.below(2) != 0},
                          static_cast<u16>(random.below(8)), static_cast<u16>(random.below(9)));
      r.driver.make_available(0, static_cast<u16>(random.below(8)));
      r.driver.kick(0);
      if (!r.medium.requests.empty()) r.medium.finish(random.below(r.medium.requests.size()));
      if ((r.driver.status() & vr::kNeedsReset) != 0) r.driver.start(r.driver.features(), 1);
    }
  }
  SUCCEED();
}
