#include <catch2/catch.hpp>

#include "fake_wires.hpp"
#include "sim/devices/ioapic.hpp"

using namespace hvlab;
using namespace hvlab::devices;

namespace {

struct Board {
  test::FakeMessages messages;
  IoApic ioapic{messages, 4};

  u32 get(u8 index) {
    ioapic.registers().write(0x00, 4, index);
    return static_cast<u32>(ioapic.registers().read(0x10, 4));
  }
  void set(u8 index, u32 value) {
    ioapic.registers().write(0x00, 4, index);
    ioapic.registers().write(0x10, 4, value);
  }
  void entry(unsigned pin, u64 value) {
    set(static_cast<u8>(0x11 + 2 * pin), static_cast<u32>(value >> 32));
    set(static_cast<u8>(0x10 + 2 * pin), static_cast<u32>(value));
  }
  void raise(unsigned pin) { ioapic.input(pin).set(true); }
  void lower(unsigned pin) { ioapic.input(pin).set(false); }
};

}  // namespace

TEST_CASE("version and identification as operating systems read them") {
  Board b;
  CHECK(b.get(1) == 0x0017'0020);
  CHECK(b.get(0) == 0x0400'0000);
  CHECK(b.get(0x10) == 0x0001'0000);
  CHECK(b.get(0x40) == 0);
}

// Catches a message whose address or data is not what SDM 11.11 lays down.
TEST_CASE("an edge sends one message with destination, mode and vector") {
  Board b;
  b.entry(5, u64{0x03} << 56 | 0x0931);  // logical 3, lowest priority, vector 31h
  b.raise(5);
  b.raise(5);
  REQUIRE(b.messages.sent.size() == 1);
  CHECK(b.messages.sent[0] == std::pair<u64, u32>{0xFEE0'3004, 0x4131});
  b.lower(5);
  b.raise(5);
  CHECK(b.messages.sent.size() == 2);
}

TEST_CASE("an edge at a masked pin is lost") {
  Board b;
  b.entry(5, 0x1'0031);
  b.raise(5);
  b.entry(5, 0x31);
  CHECK(b.messages.sent.empty());
}

TEST_CASE("a level asks again only after the end of interrupt") {
  Board b;
  b.entry(10, 0x8041);
  b.raise(10);
  REQUIRE(b.messages.sent.size() == 1);
  CHECK(b.messages.sent[0].second == 0xC041);
  CHECK((b.get(0x24) & 0x4000) != 0);
  b.lower(10);
  b.raise(10);
  CHECK(b.messages.sent.size() == 1);
  b.ioapic.end_of_interrupt(0x42);
  CHECK(b.messages.sent.size() == 1);
  b.ioapic.end_of_interrupt(0x41);
  CHECK(b.messages.sent.size() == 2);
  b.lower(10);
  b.ioapic.registers().write(0x40, 4, 0x41);
  CHECK(b.messages.sent.size() == 2);
  CHECK((b.get(0x24) & 0x4000) == 0);
}

TEST_CASE("a level that waited behind the mask comes when unmasked") {
  Board b;
  b.entry(10, 0x1'8041);
  b.raise(10);
  CHECK(b.messages.sent.empty());
  b.entry(10, 0x8041);
  CHECK(b.messages.sent.size() == 1);
}

// Operating systems clear a stuck remote IRR by turning the entry to edge and back.
TEST_CASE("switching an entry to edge clears its remote IRR") {
  Board b;
  b.entry(10, 0x8041);
  b.raise(10);
  b.lower(10);
  b.entry(10, 0x1'0041);
  b.entry(10, 0x1'8041);
  CHECK((b.get(0x24) & 0x4000) == 0);
}

TEST_CASE("NMI and ExtINT are edges whatever the trigger bit says") {
  Board b;
  b.entry(1, 0x8400);
  b.entry(0, 0x8700);
  b.raise(1);
  b.raise(0);
  REQUIRE(b.messages.sent.size() == 2);
  CHECK(b.messages.sent[0].second == 0x4400);
  CHECK(b.messages.sent[1].second == 0x4700);
}

TEST_CASE("no sequence of accesses breaks the I/O APIC") {
  Board b;
  test::Random random{6};
  for (int i = 0; i < 200'000; ++i) {
    const u64 offset = std::array<u64, 3>{0x00, 0x10, 0x40}[random.below(3)];
    b.ioapic.registers().write(offset, 4, random.next() >> random.below(64));
    test::poke(b.ioapic.registers(), random, 0x50);
    b.ioapic.input(static_cast<unsigned>(random.below(24))).set(random.below(2) != 0);
    b.messages.sent.clear();
  }
}
