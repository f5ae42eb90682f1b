// The IDE controller that guests see: PIO and bus master, and what a guest gets wrong.
#include <catch2/catch.hpp>

#include "test_board.hpp"

using namespace hvlab;
using namespace hvlab::test;

namespace {

constexpr u16 kData = 0x1f0, kCount = 0x1f2, kDevice = 0x1f6, kCommand = 0x1f7, kControl = 0x3f6;
constexpr u16 kMaster = 0xc000;
constexpr u8 kReady = 0x50, kRequest = 0x08, kBusy = 0x80, kError = 0x01;
constexpr unsigned kPin = 14;
constexpr u64 kTable = 0x1000;

struct Disk : TestBoard {
  Disk() : TestBoard(with_ide()) { set_config(1, 1, 4, 5, 2); }
  static devices::BoardConfiguration with_ide() {
    devices::BoardConfiguration c = {};
    c.ide = true;
    return c;
  }
  void command(u8 command, u32 sector, u8 count) {
    out(kCount, count);
    for (u16 i = 0; i < 3; ++i) out(static_cast<u16>(kCount + 1 + i), sector >> 8 * i & 0xff);
    out(kDevice, 0xe0 | (sector >> 24 & 15));
    out(kCommand, command);
  }
  void region(unsigned index, u32 address, u32 bytes, bool last) {
    put<u32>(kTable + 8 * index, address);
    put<u32>(kTable + 8 * index + 4, (bytes & 0xffff) | (last ? 1u << 31 : 0));
  }
  // Status with the interrupt that goes with it.
  u8 status() { return static_cast<u8>(in(kCommand)); }
};

}  // namespace

// Would catch: words in the wrong order, a missing interrupt or request, a sector too many.
TEST_CASE("IDE: sectors by PIO, an interrupt for each") {
  for (const u8 count : {u8{1}, u8{3}, u8{16}, u8{17}, u8{40}}) {
    Disk t;
    t.command(0x20, 5, count);
    std::vector<u8> got;
    for (unsigned sector = 0; sector < count; ++sector) {
      REQUIRE(t.level[kPin]);
      REQUIRE(t.status() == (kReady | kRequest));
      CHECK_FALSE(t.level[kPin]);
      for (unsigned i = 0; i < 256; ++i) {
        const u32 word = t.in(kData, 2);
        got.push_back(static_cast<u8>(word));
        got.push_back(static_cast<u8>(word >> 8));
      }
    }
    CHECK(t.status() == kReady);
    CHECK_FALSE(t.level[kPin]);
    CHECK(got == t.sectors(5, count));

    t.command(0x30, 100, count);
    CHECK_FALSE(t.level[kPin]);  // the first one is asked for without
    for (unsigned sector = 0; sector < count; ++sector) {
      REQUIRE(t.status() == (kReady | kRequest));
      for (unsigned i = 0; i < 128; ++i) t.out(kData, 0x0101'0101u * (sector + 1), 4);
      CHECK(t.level[kPin]);
    }
    CHECK(t.status() == kReady);
    for (unsigned sector = 0; sector < count; ++sector)
      CHECK(t.disk[(100 + sector) * 512 + 511] == sector + 1);
    CHECK(t.disk[(100 + count) * 512] == static_cast<u8>((100 + count) * 512 * 7 + 100 + count));
  }
}

// Would catch: DMA that depends on whether command or start comes first; regions that are not followed.
TEST_CASE("IDE: by bus master, command and start in either order, over any regions") {
  for (const bool start_first : {false, true}) {
    for (const bool write : {false, true}) {
      Disk t;
      t.fill(0x8000, 0x3000, 1);
      t.region(0, 0x8000, 0x200, false);
      t.region(1, 0x9002, 0x3fe, false);
      t.region(2, 0xa000, 0x1000, true);
      t.out(kMaster + 4, kTable, 4);
      t.out(kMaster + 2, 0x06);
      const u8 start = write ? 1 : 9;
      if (start_first) t.out(kMaster, start);
      t.command(write ? 0xca : 0xc8, 7, 4);
      if (!start_first) {
        CHECK((t.in(kControl)&kBusy) != 0);
        t.out(kMaster, start);
      }
      CHECK(t.level[kPin]);
      CHECK((t.in(kMaster + 2) & 7) == 4);
      CHECK(t.status() == kReady);
      t.out(kMaster, 0);
      t.out(kMaster + 2, 4);
      CHECK((t.in(kMaster + 2) & 7) == 0);
      std::vector<u8> memory = t.bytes_at(0x8000, 0x200);
      for (const u8 byte : t.bytes_at(0x9002, 0x3fe)) memory.push_back(byte);
      for (const u8 byte : t.bytes_at(0xa000, 0x202)) memory.push_back(byte);
      CHECK(memory == t.sectors(7, 4));
      // What lies behind the command's bytes is not touched.
      if (!write) CHECK(t.get<u8>(0xa202) == static_cast<u8>(1 + 0x2202 * 3));
    }
  }
}

// Would catch: 64 KiB taken for nothing; a region over the end of a block of the host's memory refused.
TEST_CASE("IDE: a region of length 0 is 64 KiB, and may lie in two places of the host's memory") {
  Disk t;
  const u32 address = static_cast<u32>(TestBoard::kHalf - 0x8000);
  t.region(0, address, 0, false);
  t.region(1, 0x2'0000, 0, true);
  t.out(kMaster + 4, kTable, 4);
  t.command(0xc8, 0, 0);  // 256 sectors
  t.out(kMaster, 9);
  CHECK(t.status() == kReady);
  CHECK((t.in(kMaster + 2) & 7) == 4);
  std::vector<u8> memory = t.bytes_at(address, 0x1'0000);
  for (const u8 byte : t.bytes_at(0x2'0000, 0x1'0000)) memory.push_back(byte);
  CHECK(memory == t.sectors(0, 256));
}

// Would catch: a model that follows a table out of the guest's memory, or round and round.
TEST_CASE("IDE: tables that are wrong are errors of the bus master, and nothing is moved") {
  struct Case {
    u32 table, address, bytes;
    bool last;
  };
  for (const Case& c : {Case{0xffff'fff8, 0x8000, 512, true}, Case{kTable, 0xffff'f000, 512, true},
                        Case{kTable, TestBoard::kMemory - 256, 512, true}, Case{kTable, 0x8000, 256, true},
                        Case{kTable, 0x8000, 2, false}, Case{TestBoard::kMemory - 4, 0x8000, 512, true}}) {
    Disk t;
    // Without a last entry the table goes on and on: tiny regions all over the memory.
    if (c.table == kTable) {
      for (unsigned i = 0; i < 300; ++i) t.region(i, c.address, c.bytes, c.last);
    }
    const auto before = t.disk;
    t.out(kMaster + 4, c.table, 4);
    t.command(0xca, 1, 1);
    t.out(kMaster, 1);
    CAPTURE(c.table, c.address, c.bytes);
    CHECK((t.status() & (kBusy | kError)) == kError);
    CHECK((t.in(kMaster + 2) & 6) == 6);
    CHECK(t.disk == before);
    t.out(kMaster, 0);
    t.command(0x20, 1, 1);  // and it goes on
    CHECK(t.status() == (kReady | kRequest));
  }
}

TEST_CASE(
    "IDE: sectors that the disk does not have, commands that it does not know, a drive that is not there") {
  Disk t;
  for (const u8 command : {u8{0x20}, u8{0x30}, u8{0xc8}, u8{0xca}}) {
    for (const u32 sector : {u32{TestBoard::kSectors}, u32{TestBoard::kSectors - 3}, u32{0x0fff'ffff}}) {
      t.command(command, sector, 4);
      CHECK(t.level[kPin]);
      CHECK((t.status() & (kRequest | kError)) == kError);
      CHECK((t.in(0x1f1) & 0x10) != 0);
    }
  }
  t.command(0x99, 0, 1);
  CHECK((t.status() & kError) != 0);
  CHECK(t.in(0x1f1) == 0x04);
  t.out(kDevice, 0xf0);
  CHECK(t.status() == 0);
  t.out(kCommand, 0xec);
  CHECK_FALSE(t.level[kPin]);
}

// Would catch: registers that change while the disk works; a reset or error that is lost.
TEST_CASE("IDE: while the disk works it is busy, and its failure is told") {
  Disk t;
  t.disk_waits = true;
  t.command(0x20, 9, 2);
  CHECK(t.status() == kBusy);
  t.out(kCount, 77);
  t.out(kCommand, 0xec);
  CHECK(t.status() == kBusy);
  REQUIRE(t.work());
  CHECK(t.status() == (kReady | kRequest));
  CHECK(t.in(kCount) == 2);
  t.command(0xe7, 0, 0);
  REQUIRE(t.work(true));
  CHECK((t.status() & kError) != 0);
  t.command(0xe7, 0, 0);
  REQUIRE(t.work());
  CHECK(t.status() == kReady);
  CHECK(t.flushes == 2);
}

// Would catch: an interrupt that comes back when nIEN is cleared though a new command was given since.
TEST_CASE("IDE: nIEN holds the interrupt back, and a new command ends the old one's") {
  Disk t;
  t.out(kControl, 2);
  t.command(0xe7, 0, 0);
  CHECK_FALSE(t.level[kPin]);
  t.out(kControl, 0);
  CHECK(t.level[kPin]);
  t.disk_waits = true;
  t.command(0x20, 0, 1);
  CHECK_FALSE(t.level[kPin]);
  t.out(kControl, 0);
  CHECK_FALSE(t.level[kPin]);
}

TEST_CASE("IDE: identify says how large the disk is; a reset leaves a disk's signature") {
  Disk t;
  t.command(0xec, 0, 0);
  REQUIRE(t.status() == (kReady | kRequest));
  u16 words[256];
  for (u16& word : words) word = static_cast<u16>(t.in(kData, 2));
  CHECK(t.status() == kReady);
  CHECK((words[60] | u32{words[61]} << 16) == TestBoard::kSectors);
  CHECK((words[49] & 0x300) == 0x300);
  CHECK((words[63] & 0xff) != 0);
  t.out(kControl, 4);
  t.out(kControl, 0);
  CHECK(t.in(kCount) == 1);
  CHECK(t.in(0x1f4) == 0);
  CHECK(t.in(0x1f5) == 0);
  CHECK(t.status() == kReady);
}
