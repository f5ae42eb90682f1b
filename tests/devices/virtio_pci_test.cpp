// The virtio transport: negotiation, status, queue set-up, interrupts; the entropy device stands for any
// device.
#include <catch2/catch.hpp>

#include "sim/devices/virtio_rng.hpp"
#include "virtio_driver.hpp"

using namespace hvlab;
using namespace hvlab::devices;
using namespace hvlab::test;
using vr::Capability;

namespace {

struct Rig {
  VirtioBoard board;
  VirtioRng device{board.services, 42};
  std::unique_ptr<VirtioDriver> made;
  VirtioDriver& driver;
  Rig() : driver(plug()) {}
  VirtioDriver& plug() {
    board.plug(device);
    made = std::make_unique<VirtioDriver>(board);
    return *made;
  }
  void ask(u16 head = 0, u32 bytes = 16) { driver.add(0, head, {{0x1000, bytes, true}}); }
};

}  // namespace

TEST_CASE("the function is a modern virtio device") {
  Rig r;
  CHECK(r.board.config.read(1, 0, 0, 4) == 0x10441af4);
  CHECK(r.board.config.read(1, 0, 8, 1) == 1);
  CHECK(r.driver.features() == (vr::kVersion1 | vr::kRingIndirect | vr::kRingEventIdx));
  CHECK(r.driver.common(vr::kQueueCount, 2) == 1);
  r.driver.common(vr::kDeviceFeatureSelect, 4, 2);
  CHECK(r.driver.common(vr::kDeviceFeature, 4) == 0);
}

TEST_CASE("FEATURES_OK is refused without VERSION_1 and with features that were not offered") {
  Rig r;
  CHECK_FALSE(r.driver.negotiate(vr::kRingIndirect));
  CHECK_FALSE(r.driver.negotiate(vr::kVersion1 | bit(5)));
  CHECK(r.driver.negotiate(vr::kVersion1));
  r.driver.common(vr::kDriverFeatureSelect, 4, 0);
  r.driver.common(vr::kDriverFeature, 4, 0xffffffff);
  CHECK(r.driver.common(vr::kDriverFeature, 4) == 0);
}

TEST_CASE("status bits are only added, until a write of 0 resets everything") {
  Rig r;
  r.driver.start(vr::kVersion1, 1);
  r.driver.common(vr::kStatus, 1, vr::kAcknowledge);
  CHECK(r.driver.status() == (vr::kAcknowledge | vr::kDriver | vr::kFeaturesOk | vr::kDriverOk));
  r.driver.common(vr::kQueueVector, 2, 1);
  r.driver.common(vr::kStatus, 1, 0);
  CHECK(r.driver.status() == 0);
  CHECK(r.driver.common(vr::kQueueEnable, 2) == 0);
  CHECK(r.driver.common(vr::kQueueSize, 2) == 64);
  CHECK(r.driver.common(vr::kQueueVector, 2) == vr::kNoVector);
  CHECK(r.driver.common(vr::kQueueDescriptors, 8) == 0);
}

TEST_CASE("DRIVER_OK without FEATURES_OK, and queues before it, need a reset") {
  Rig r;
  r.driver.common(vr::kStatus, 1, vr::kDriverOk);
  CHECK((r.driver.status() & vr::kNeedsReset) != 0);
  r.driver.common(vr::kStatus, 1, 0);
  r.driver.common(vr::kQueueEnable, 2, 1);
  CHECK((r.driver.status() & vr::kNeedsReset) != 0);
  CHECK(r.driver.common(vr::kQueueEnable, 2) == 0);
}

TEST_CASE("queue registers: sizes are powers of two up to the maximum, fixed once enabled") {
  Rig r;
  r.driver.negotiate(vr::kVersion1);
  CHECK(r.driver.common(vr::kQueueSize, 2) == 64);
  for (const u16 bad : {u16{0}, u16{3}, u16{128}}) r.driver.common(vr::kQueueSize, 2, bad);
  CHECK(r.driver.common(vr::kQueueSize, 2) == 64);
  r.driver.enable_queue(0);
  r.driver.common(vr::kQueueSize, 2, 16);
  r.driver.common(vr::kQueueDescriptors, 8, 0);
  CHECK(r.driver.common(vr::kQueueSize, 2) == 8);
  CHECK(r.driver.common(vr::kQueueDescriptors, 8) == VirtioDriver::kRings);
  r.driver.common(vr::kQueueSelect, 2, 1);
  CHECK(r.driver.common(vr::kQueueSize, 2) == 0);
}

TEST_CASE("a misaligned queue is refused") {
  Rig r;
  r.driver.negotiate(vr::kVersion1);
  r.driver.common(vr::kQueueDescriptors, 8, 8);
  r.driver.common(vr::kQueueEnable, 2, 1);
  CHECK((r.driver.status() & vr::kNeedsReset) != 0);
}

TEST_CASE("buffers are used only from DRIVER_OK on, then also those that waited") {
  Rig r;
  r.driver.negotiate(vr::kVersion1);
  r.driver.enable_queue(0);
  r.ask();
  r.driver.kick(0);
  CHECK(r.driver.used_index(0) == 0);
  r.driver.go();
  CHECK(r.driver.used_index(0) == 1);
}

TEST_CASE("without MSI-X the ISR says why and reading it takes INTx back") {
  Rig r;
  r.driver.start(vr::kVersion1, 1);
  r.ask();
  r.driver.kick(0);
  CHECK(r.board.pirq.level);
  CHECK(r.driver.isr() == vr::kIsrQueue);
  CHECK_FALSE(r.board.pirq.level);
  CHECK(r.driver.isr() == 0);
  r.driver.set_available_flags(0, 1);
  r.ask();
  r.driver.kick(0);
  CHECK_FALSE(r.board.pirq.level);
}

TEST_CASE("with MSI-X a queue's message goes out and the ISR stays clear") {
  Rig r;
  const u32 msix = 0x40;
  REQUIRE(r.board.config.read(1, 0, msix, 1) == 0x11);
  r.board.config.write(1, 0, msix + 2, 2, 0x8000);
  const u64 table = r.board.config.read(1, 0, 0x14, 4) & ~15u;
  auto entry = r.board.bus.find_memory(table + 16);
  entry.target->write(entry.offset, 8, 0xfee00000);
  entry.target->write(entry.offset + 8, 8, 0x55);
  r.driver.start(vr::kVersion1, 1);
  r.driver.common(vr::kQueueVector, 2, 2);  // there are vectors 0 and 1 only
  CHECK(r.driver.common(vr::kQueueVector, 2) == vr::kNoVector);
  r.driver.common(vr::kQueueVector, 2, 1);
  r.ask();
  r.driver.kick(0);
  CHECK(r.board.messages.sent == std::vector<std::pair<u64, u32>>{{0xfee00000, 0x55}});
  CHECK(r.driver.isr() == 0);
  CHECK_FALSE(r.board.pirq.level);
}

TEST_CASE("a broken ring needs a reset, says so once, and a reset cures it") {
  Rig r;
  r.driver.start(vr::kVersion1, 1);
  r.driver.make_available(0, 9);
  r.driver.kick(0);
  CHECK((r.driver.status() & vr::kNeedsReset) != 0);
  CHECK(r.driver.isr() == vr::kIsrConfig);
  r.driver.kick(0);
  CHECK(r.driver.isr() == 0);
  r.driver.start(vr::kVersion1, 1);
  r.ask();
  r.driver.kick(0);
  CHECK(r.driver.used_index(0) == 1);
}

TEST_CASE("the BAR is reachable through configuration space") {
  Rig r;
  const u32 window = r.driver.capability(Capability::Pci);
  auto set = [&](u32 offset, u32 bytes) {
    r.board.config.write(1, 0, window + 4, 1, vr::kBar);
    r.board.config.write(1, 0, window + 8, 4, offset);
    r.board.config.write(1, 0, window + 12, 4, bytes);
  };
  set(vr::kStatus, 1);
  r.board.config.write(1, 0, window + 16, 1, vr::kAcknowledge);
  CHECK(r.driver.status() == vr::kAcknowledge);
  set(vr::kQueueSize, 2);
  CHECK(r.board.config.read(1, 0, window + 16, 2) == 64);
  set(vr::kQueueSize, 3);  // no such width: nothing happens
  r.board.config.write(1, 0, window + 16, 2, 8);
  CHECK(r.driver.common(vr::kQueueSize, 2) == 64);
}

TEST_CASE("a device reset and a bus reset withdraw the interrupt") {
  Rig r;
  r.driver.start(vr::kVersion1, 1);
  r.ask();
  r.driver.kick(0);
  r.driver.common(vr::kStatus, 1, 0);
  CHECK_FALSE(r.board.pirq.level);
  r.driver.start(vr::kVersion1, 1);
  r.ask();
  r.driver.kick(0);
  CHECK(r.board.pirq.level);
  r.board.bus.reset();
  CHECK_FALSE(r.board.pirq.level);
}

TEST_CASE(
    "entropy: the same seed gives the same bytes, whatever the buffer shapes, and fills buffers wholly") {
  Rig r;
  Rig other;
  for (Rig* rig : {&r, &other}) {
    rig->driver.start(vr::kVersion1 | vr::kRingEventIdx, 1);
    rig->driver.add(0, 0, {{0x1000, 5, true}, {0x1010, 11, true}});
    rig->driver.kick(0);
    CHECK(rig->driver.used(0, 0) == std::pair<u32, u32>{0, 16});
    CHECK(rig->driver.available_event(0) == 1);
  }
  CHECK(r.board.ram.ram == other.board.ram.ram);
  CHECK(r.board.ram.get<u32>(0x1000) != 0);
  CHECK(r.board.ram.ram[0x1005] == 0);
  CHECK(r.board.sink.count(observe::EventKind::Doorbell) == 1);
  CHECK(r.board.sink.count(observe::EventKind::RequestDone) == 1);
  CHECK(r.board.sink.count(observe::EventKind::DmaWrite) == 2);
}

TEST_CASE("entropy: a ring that its own answers feed comes to an end") {
  // One entry; the element's length lands on the available index, the used index on the buffer's length.
  Rig r;
  r.driver.negotiate(vr::kVersion1);
  r.driver.common(vr::kQueueSize, 2, 1);
  r.driver.common(vr::kQueueDescriptors, 8, 0x1000);
  r.driver.common(vr::kQueueDriver, 8, 0x2006);  // index at 2008h = length of used element 0
  r.driver.common(vr::kQueueDevice, 8, 0x2000);
  r.driver.common(vr::kQueueEnable, 2, 1);
  r.board.ram.put<u64>(0x1000, 0x8000);
  r.board.ram.put<u32>(0x1008, 2);
  r.board.ram.put<u16>(0x100c, 2);
  r.board.ram.put<u16>(0x2008, 1);
  r.driver.go();
  CHECK(r.board.ram.get<u16>(0x2002) == 1);
}

TEST_CASE("no sequence of register accesses does harm") {
  Random random{99};
  for (int round = 0; round < 20; ++round) {
    Rig r;
    for (size_t i = 0; i < r.board.ram.ram.size(); ++i) r.board.ram.ram[i] = static_cast<u8>(random.below(9));
    for (int i = 0; i < 3000; ++i) {
      const u64 base = r.board.config.read(1, 0, 0x20, 4) & ~15u;
      if (random.below(50) == 0) r.driver.start(vr::kVersion1 | random.next() % 4 << 28, 1);
      if (random.below(4) == 0) r.driver.kick(0);
      if (const auto hit = r.board.bus.find_memory(base); hit)
        poke(*hit.target, random, random.below(2) ? 0x40 : 0x4008);
      if (random.below(8) == 0)
        r.board.config.write(1, 0, static_cast<u32>(0x34 + random.below(0xcc)), 1,
                             static_cast<u32>(random.next()));
    }
  }
  SUCCEED();
}
