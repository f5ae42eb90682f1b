// The split virtqueue against drivers that keep the rules and drivers that do not.
#include <catch2/catch.hpp>

#include "fake_wires.hpp"
#include "pci_fakes.hpp"
#include "sim/devices/virtqueue.hpp"

using namespace hvlab;
using namespace hvlab::devices;
using namespace hvlab::test;
using Pop = Virtqueue::Pop;

namespace {

constexpr u16 kNext = 1, kWrite = 2, kIndirect = 4;

struct Ring {
  FakeDma ram{0x10000};
  Virtqueue queue{ram};
  VirtqueueChain chain;
  u16 available = 0;

  explicit Ring(bool indirect = true, bool event_idx = false) {
    queue.state() = {.size = 4,
                     .enabled = true,
                     .indirect = indirect,
                     .event_idx = event_idx,
                     .descriptors = 0x1000,
                     .driver = 0x2000,
                     .device = 0x3000};
  }
  void descriptor(u64 table, u16 index, u64 address, u32 bytes, u16 flags, u16 next = 0) {
    ram.put<u64>(table + 16u * index, address);
    ram.put<u32>(table + 16u * index + 8, bytes);
    ram.put<u16>(table + 16u * index + 12, flags);
    ram.put<u16>(table + 16u * index + 14, next);
  }
  void offer(u16 head) {
    ram.put<u16>(0x2004 + 2u * (available % 4), head);
    ram.put<u16>(0x2002, ++available);
  }
  Pop pop() { return queue.pop(chain); }
};

}  // namespace

TEST_CASE("a chain comes back with its readable and writable parts in order") {
  Ring r;
  r.descriptor(0x1000, 2, 0x8000, 16, kNext, 0);
  r.descriptor(0x1000, 0, 0x9000, 512, kNext | kWrite, 3);
  r.descriptor(0x1000, 3, 0xa000, 1, kWrite);
  CHECK(r.pop() == Pop::Empty);
  r.offer(2);
  REQUIRE(r.pop() == Pop::Chain);
  CHECK(r.chain.head == 2);
  CHECK(r.chain.readable_bytes == 16);
  CHECK(r.chain.writable_bytes == 513);
  CHECK(r.chain.writable[1].address == 0xa000);
  CHECK(r.pop() == Pop::Empty);
  r.queue.push(2, 513);
  CHECK(r.ram.get<u16>(0x3002) == 1);
  CHECK(r.ram.get<u32>(0x3004) == 2);
  CHECK(r.ram.get<u32>(0x3008) == 513);
}

TEST_CASE("a disabled queue is empty") {
  Ring r;
  r.offer(0);
  r.queue.state().enabled = false;
  CHECK(r.pop() == Pop::Empty);
}

TEST_CASE("indices run freely past 65535") {
  Ring r;
  r.descriptor(0x1000, 1, 0x8000, 4, kWrite);
  for (u32 i = 0; i < 70000; ++i) {
    r.offer(1);
    REQUIRE(r.pop() == Pop::Chain);
    r.queue.push(1, 4);
  }
  CHECK(r.ram.get<u16>(0x3002) == static_cast<u16>(70000));
}

TEST_CASE("an unpopped chain comes again") {
  Ring r;
  r.descriptor(0x1000, 1, 0x8000, 4, kWrite);
  r.offer(1);
  REQUIRE(r.pop() == Pop::Chain);
  r.queue.unpop(1);
  CHECK(r.pop() == Pop::Chain);
}

TEST_CASE("an indirect table holds the whole chain") {
  Ring r;
  r.descriptor(0x1000, 0, 0x4000, 32, kIndirect);
  r.descriptor(0x4000, 0, 0x8000, 8, kNext, 1);
  r.descriptor(0x4000, 1, 0x9000, 8, kWrite);
  r.offer(0);
  REQUIRE(r.pop() == Pop::Chain);
  CHECK(r.chain.readable_bytes == 8);
  CHECK(r.chain.writable_bytes == 8);
}

TEST_CASE("what breaks the rules is Broken") {
  Ring r;
  r.descriptor(0x1000, 0, 0x8000, 8, 0);
  SECTION("the available index jumps further than the queue is long") { r.ram.put<u16>(0x2002, 5); }
  SECTION("a head beyond the table") { r.offer(4); }
  SECTION("a next beyond the table") {
    r.descriptor(0x1000, 0, 0x8000, 8, kNext, 4);
    r.offer(0);
  }
  SECTION("a loop") {
    r.descriptor(0x1000, 0, 0x8000, 8, kNext, 1);
    r.descriptor(0x1000, 1, 0x8000, 8, kNext, 0);
    r.offer(0);
  }
  SECTION("readable after writable") {
    r.descriptor(0x1000, 0, 0x8000, 8, kNext | kWrite, 1);
    r.descriptor(0x1000, 1, 0x8000, 8, 0);
    r.offer(0);
  }
  SECTION("an address that wraps") {
    r.descriptor(0x1000, 0, ~u64{0} - 3, 8, 0);
    r.offer(0);
  }
  SECTION("more than 4 GiB in a chain") {
    r.descriptor(0x1000, 0, 0, 0xffffffff, kNext, 1);
    r.descriptor(0x1000, 1, 0, 0xffffffff, 0);
    r.offer(0);
  }
  SECTION("an indirect table within an indirect table") {
    r.descriptor(0x1000, 0, 0x4000, 16, kIndirect);
    r.descriptor(0x4000, 0, 0x4000, 16, kIndirect);
    r.offer(0);
  }
  SECTION("an indirect table that is no multiple of a descriptor") {
    r.descriptor(0x1000, 0, 0x4000, 17, kIndirect);
    r.offer(0);
  }
  SECTION("an empty indirect table") {
    r.descriptor(0x1000, 0, 0x4000, 0, kIndirect);
    r.offer(0);
  }
  SECTION("a descriptor behind an indirect one") {
    r.descriptor(0x1000, 0, 0x4000, 16, kIndirect | kNext, 1);
    r.offer(0);
  }
  SECTION("an indirect table that was not negotiated") {
    r.queue.state().indirect = false;
    r.descriptor(0x1000, 0, 0x4000, 16, kIndirect);
    r.offer(0);
  }
  SECTION("a ring outside memory") { r.queue.state().driver = 0x7fff'ffff'0000; }
  CHECK(r.pop() == Pop::Broken);
}

TEST_CASE("without EVENT_IDX the driver's flag alone silences interrupts, the device's notifications") {
  Ring r;
  r.descriptor(0x1000, 0, 0x8000, 8, kWrite);
  CHECK_FALSE(r.queue.take_interrupt());
  r.offer(0);
  r.pop();
  r.queue.push(0, 8);
  CHECK(r.queue.take_interrupt());
  CHECK_FALSE(r.queue.take_interrupt());
  r.ram.put<u16>(0x2000, 1);
  r.offer(0);
  r.pop();
  r.queue.push(0, 8);
  CHECK_FALSE(r.queue.take_interrupt());
  r.queue.want_notifications(false);
  CHECK(r.ram.get<u16>(0x3000) == 1);
  r.queue.want_notifications(true);
  CHECK(r.ram.get<u16>(0x3000) == 0);
}

TEST_CASE("with EVENT_IDX an interrupt comes exactly when the used index passes used_event") {
  Ring r(true, true);
  r.descriptor(0x1000, 0, 0x8000, 8, kWrite);
  r.ram.put<u16>(0x2000 + 4 + 8, 2);  // used_event: after the third
  for (int i = 0; i < 5; ++i) {
    r.offer(0);
    r.pop();
    r.queue.push(0, 8);
    CHECK(r.queue.take_interrupt() == (i == 2));
  }
  r.queue.want_notifications(true);
  CHECK(r.ram.get<u16>(0x3000 + 4 + 32) == 5);
  r.queue.want_notifications(false);
  CHECK(r.ram.get<u16>(0x3000 + 4 + 32) == 5);
  CHECK(r.ram.get<u16>(0x3000) == 0);
}

TEST_CASE("gather and scatter cross segments, honour the offset and stop at the end") {
  FakeDma ram{64};
  const std::vector<VirtqueueSegment> segments{{0, 4}, {10, 0}, {20, 4}};
  CHECK(scatter(ram, segments, 2, "abcdefgh", 8) == 6);
  CHECK(ram.ram[2] == 'a');
  CHECK(ram.ram[23] == 'f');
  char text[8] = {};
  CHECK(gather(ram, segments, 3, text, 8) == 5);
  CHECK(std::string(text) == "bcdef");
}

TEST_CASE("no ring content does harm") {
  Random random{7};
  for (int round = 0; round < 3000; ++round) {
    Ring r(true, round % 2 == 0);
    r.queue.state().size = static_cast<u16>(1u << random.below(9));
    r.queue.state().device = random.below(3) == 0 ? 0x2000 : 0x3000;  // rings that overlap
    for (u64 at = 0x1000; at < 0x3100; at += 2)
      if (random.below(3) != 0)
        r.ram.put<u16>(at, static_cast<u16>(random.below(random.below(2) ? 8 : 65536)));
    for (int i = 0; i < 300 && r.pop() == Pop::Chain; ++i) {
      r.queue.push(r.chain.head, static_cast<u32>(random.next()));
      r.queue.take_interrupt();
      r.queue.want_notifications(random.below(2) != 0);
    }
  }
  SUCCEED();
}
