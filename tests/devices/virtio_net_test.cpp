#include <catch2/catch.hpp>

#include "sim/devices/virtio_net.hpp"
#include "virtio_driver.hpp"
#include "virtio_fakes.hpp"

using namespace hvlab;
using namespace hvlab::devices;
using namespace hvlab::test;
using observe::EventKind;

namespace {

constexpr u64 kMergeable = bit(15);

struct Rig {
  VirtioBoard board;
  FakeLink link;
  VirtioNet device{board.services, link, {0x52, 0x54, 0, 1, 2, 3}};
  std::unique_ptr<VirtioDriver> made;
  VirtioDriver& driver;

  explicit Rig(u64 features = kMergeable) : driver(plug()) {
    driver.start(vr::kVersion1 | bit(5) | bit(16) | features, 2);
  }
  VirtioDriver& plug() {
    board.plug(device);
    made = std::make_unique<VirtioDriver>(board);
    return *made;
  }
  void arrive(size_t bytes, u8 fill) {
    const std::vector<u8> frame(bytes, fill);
    link.client->frame_received(frame);
  }
};

}  // namespace

TEST_CASE("net: configuration tells address, link and speed, and that the link went down") {
  Rig r;
  CHECK(r.driver.device(0, 4) == 0x01005452);
  CHECK(r.driver.device(6, 2) == 1);
  CHECK(r.driver.device(12, 4) == 1000);
  const u64 generation = r.driver.common(vr::kConfigGeneration, 1);
  r.link.client->link_changed(false);
  CHECK(r.driver.device(6, 2) == 0);
  CHECK(r.driver.common(vr::kConfigGeneration, 1) != generation);
  CHECK(r.driver.isr() == vr::kIsrConfig);
}

TEST_CASE("net: a frame goes out without its header and its buffer returns when the wire has it") {
  Rig r;
  for (u64 i = 0; i < 60; ++i) r.board.ram.ram[0x1100 + i] = static_cast<u8>(i);
  r.driver.add(1, 0, {{0x1000, 12, false}, {0x1100, 60, false}});
  r.driver.kick(1);
  REQUIRE(r.link.frames.size() == 1);
  CHECK(r.link.frames[0].second.size() == 60);
  CHECK(r.link.frames[0].second[59] == 59);
  CHECK(r.driver.used_index(1) == 0);
  r.link.finish();
  CHECK(r.driver.used(1, 0) == std::pair<u32, u32>{0, 0});
  CHECK(r.driver.isr() == 1);
  CHECK(r.board.sink.count(EventKind::FrameSent) == 1);
}

TEST_CASE("net: frames that are no Ethernet frames are dropped and their buffers returned") {
  Rig r;
  for (const u32 bytes : {5u, 12u, 25u, 12u + 1519u})
    r.driver.add(1, 0, {{0x1000, bytes, false}}), r.driver.kick(1);
  CHECK(r.link.frames.empty());
  CHECK(r.driver.used_index(1) == 4);
}

TEST_CASE("net: a received frame fills a buffer behind a header that counts buffers") {
  Rig r(0);
  r.driver.add(0, 0, {{0x1000, 12, true}, {0x1100, 1514, true}});
  r.arrive(64, 0xab);
  CHECK(r.driver.used(0, 0) == std::pair<u32, u32>{0, 76});
  CHECK(r.board.ram.get<u16>(0x1000 + 10) == 1);
  CHECK(r.board.ram.ram[0x1100 + 63] == 0xab);
  CHECK(r.board.ram.ram[0x1100 + 64] == 0);
  CHECK(r.driver.isr() == 1);
  CHECK(r.board.sink.count(EventKind::FrameReceived) == 1);
}

TEST_CASE("net: mergeable buffers share a long frame, all or none of them") {
  Rig r;
  r.driver.add(0, 0, {{0x1000, 100, true}});
  r.driver.add(0, 1, {{0x1100, 100, true}});
  r.arrive(200, 0xcd);
  CHECK(r.driver.used_index(0) == 0);
  r.driver.add(0, 2, {{0x1200, 100, true}});
  r.driver.kick(0);
  CHECK(r.driver.used_index(0) == 3);
  CHECK(r.driver.used(0, 2) == std::pair<u32, u32>{2, 12});
  CHECK(r.board.ram.get<u16>(0x100a) == 3);
  CHECK(r.board.ram.ram[0x1200 + 11] == 0xcd);
}

TEST_CASE("net: a buffer too small for a frame breaks a device without mergeable buffers") {
  Rig r(0);
  r.driver.add(0, 0, {{0x1000, 64, true}});
  r.arrive(100, 1);
  CHECK((r.driver.status() & vr::kNeedsReset) != 0);
}

TEST_CASE("net: frames wait for buffers, in order, up to a limit; notifications are wanted only then") {
  Rig r;
  CHECK(r.driver.used_flags(0) == 1);
  for (int i = 0; i < 300; ++i) r.arrive(60, static_cast<u8>(i));
  CHECK(r.device.state().dropped == 44);
  CHECK(r.driver.used_flags(0) == 0);
  r.driver.add(0, 0, {{0x1000, 100, true}});
  r.driver.add(0, 1, {{0x1100, 100, true}});
  r.driver.kick(0);
  CHECK(r.board.ram.ram[0x1000 + 12] == 0);
  CHECK(r.board.ram.ram[0x1100 + 12] == 1);
}

TEST_CASE("net: before DRIVER_OK and after a reset nothing arrives and nothing is left") {
  Rig r;
  r.driver.add(1, 0, {{0x1000, 80, false}});
  r.driver.kick(1);
  r.arrive(60, 1);
  r.driver.common(vr::kStatus, 1, 0);
  CHECK(r.link.frames.empty());
  CHECK(r.device.state().waiting.empty());
  r.arrive(60, 1);
  CHECK(r.device.state().waiting.empty());
  CHECK(r.device.state().dropped == 1);
}

TEST_CASE("net: no ring content does harm") {
  Random random{5};
  for (int round = 0; round < 200; ++round) {
    Rig r(round % 2 == 0 ? kMergeable : ~u64{0});
    r.driver.start(r.driver.features() & (round % 2 == 0 ? ~u64{vr::kRingEventIdx} : ~u64{0}), 3);
    for (u64 at = 0; at < 0x8000; ++at)
      r.board.ram.ram[at] = static_cast<u8>(random.below(random.below(6) + 1));
    for (int i = 0; i < 60; ++i) {
      const u16 queue = static_cast<u16>(random.below(3));
      const u64 table = VirtioDriver::kRings + queue * VirtioDriver::kQueueStride;
      for (u16 d = 0; d < 8; ++d)
        r.driver.describe(
            table, d,
            {random.below(0x40000), static_cast<u32>(random.below(random.below(9) ? 2000 : ~0u)),
             random.below(4) != (queue & 1u)},
            static_cast<u16>(random.below(8)), static_cast<u16>(random.below(9)));
      r.driver.make_available(queue, static_cast<u16>(random.below(8)));
      r.driver.kick(queue);
      r.arrive(14 + random.below(1505), 1);
      if (!r.link.frames.empty()) r.link.finish();
      if ((r.driver.status() & vr::kNeedsReset) != 0) r.driver.start(r.driver.features(), 3);
    }
  }
  SUCCEED();
}
