// The PCI bus and the serial port of the models that guests see.
#include <catch2/catch.hpp>

#include "test_board.hpp"

using namespace hvlab;
using namespace hvlab::test;

namespace {

devices::BoardConfiguration everything() {
  devices::BoardConfiguration c = {};
  c.ide = c.virtio_network = c.virtio_block = true;
  return c;
}

}  // namespace

// Would catch: a function that answers for its neighbours, a bus without end.
TEST_CASE("functions are where a PC has them, and nothing is elsewhere") {
  TestBoard t(everything());
  CHECK(t.config(0, 0, 0) == 0x1237'8086);
  CHECK(t.config(1, 0, 0) == 0x7000'8086);
  CHECK(t.config(1, 1, 0) == 0x7010'8086);
  CHECK(t.config(3, 0, 0) == 0x1041'1af4);
  CHECK(t.config(4, 0, 0) == 0x1042'1af4);
  CHECK((t.config(1, 0, 0x0c) >> 16 & 0x80) != 0);  // several functions
  for (unsigned slot = 0; slot < 32; ++slot) {
    for (unsigned function = 0; function < 8; ++function) {
      const bool known =
          (function == 0 && (slot <= 1 || slot == 3 || slot == 4)) || (slot == 1 && function == 1);
      CHECK((t.config(slot, function, 0) != ~0u) == known);
    }
  }
  t.out(0xcf8, 1u << 31 | 1 << 16, 4);  // bus 1
  CHECK(t.in(0xcfc, 4) == ~0u);
  t.out(0xcf8, 0, 4);  // not enabled
  CHECK(t.in(0xcfc, 4) == ~0u);
  t.out(0xcf8, 1u << 31, 4);
  CHECK(t.in(0xcf8, 4) == 1u << 31);
  CHECK(t.in(0xcfe, 2) == 0x1237);
  CHECK(t.in(0xcfd, 1) == 0x80);
}

// Would catch: sizes that drivers cannot find, ranges that stay where they were, devices that answer though
// they were told not to.
TEST_CASE("a base address register says its size, moves its range, and the command register closes it") {
  TestBoard t(everything());
  const u32 old = t.config(4, 0, 0x20);
  CHECK((old & 15) == 0);
  t.set_config(4, 0, 0x20, ~0u);
  CHECK(t.config(4, 0, 0x20) == ~u32{0x3fff});
  t.set_config(4, 0, 0x20, 0xf000'0000);
  CHECK(t.config(4, 0, 0x20) == 0xf000'0000);
  CHECK(t.load(old + 0x12, 2) == 0xffff);
  CHECK(t.load(0xf000'0012, 2) == 1);  // one queue
  t.set_config(4, 0, 0x20, 0xe1, 1);   // the lowest byte is not the driver's
  CHECK(t.config(4, 0, 0x20) == 0xf000'0000);
  t.set_config(4, 0, 0x04, 0, 2);
  CHECK(t.load(0xf000'0012, 2) == 0xffff);
  t.set_config(4, 0, 0x04, 2, 2);
  CHECK(t.load(0xf000'0012, 2) == 1);
  // The bus master's ports.
  t.set_config(1, 1, 0x20, ~0u);
  CHECK(t.config(1, 1, 0x20) == (~u32{0x0f} | 1));
  t.set_config(1, 1, 0x20, 0xd001);
  t.out(0xd004, 0x1234'5670, 4);
  CHECK(t.in(0xd004, 4) == 0x1234'5670);
  CHECK(t.in(0xc004, 4) == ~0u);
  t.set_config(1, 1, 0x04, 2, 2);
  CHECK(t.in(0xd004, 4) == ~0u);
}

TEST_CASE("what is read-only stays, the interrupt line keeps what it is told") {
  TestBoard t(everything());
  for (unsigned slot : {0u, 3u, 4u}) {
    for (u32 offset = 0; offset < 256; offset += 4) {
      const u32 before = t.config(slot, 0, offset);
      t.set_config(slot, 0, offset, ~before);
      const u32 changed = before ^ t.config(slot, 0, offset);
      const u32 allowed = offset == 0x04                ? 0x407
                          : offset == 0x20 && slot != 0 ? ~u32{0x3fff}
                          : offset == 0x3c              ? 0xff
                                                        : 0;
      CAPTURE(slot, offset);
      CHECK((changed & ~allowed) == 0);
    }
  }
  t.set_config(3, 0, 0x3c, 9, 1);
  CHECK(t.config(3, 0, 0x3c, 2) == 0x0109);
}

// Would catch: characters lost, and an interrupt that is never raised or never ends.
TEST_CASE("the serial port takes characters, and says by an interrupt that it can take more") {
  TestBoard t({});
  t.out(0x3fb, 0x80);
  t.out(0x3f8, 1);
  t.out(0x3f9, 0);
  CHECK(t.in(0x3f8) == 1);  // the divisor
  t.out(0x3fb, 0x03);
  for (const char c : std::string("hello")) {
    REQUIRE((t.in(0x3fd) & 0x20) != 0);
    t.out(0x3f8, static_cast<u8>(c));
  }
  CHECK(t.console == "hello");
  CHECK_FALSE(t.level[4]);
  t.out(0x3f9, 0x02);
  CHECK(t.level[4]);
  CHECK((t.in(0x3fa) & 0x0f) == 0x02);
  CHECK_FALSE(t.level[4]);
  CHECK((t.in(0x3fa) & 0x0f) == 0x01);
  t.out(0x3f8, '!');
  CHECK(t.level[4]);
  t.out(0x3f9, 0);
  CHECK_FALSE(t.level[4]);
  t.out(0x3ff, 0x5a);
  CHECK(t.in(0x3ff) == 0x5a);
  CHECK(t.in(0x3f8) == 0);  // nobody types
}

TEST_CASE("what no device answers reads as ones") {
  TestBoard t({});
  CHECK(t.in(0x60) == 0xff);
  CHECK(t.in(0x1f7) == 0xff);  // no IDE
  CHECK(t.load(0xe000'0000) == ~0u);
  CHECK(t.access(Space::Memory, ~u64{0} - 7, 8) == ~u64{0});
  t.store(0xe000'0000, 1);
}
