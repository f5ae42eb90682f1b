// Would catch: a range that is RAM only at its ends, an overlap that goes unnoticed, an address that
// overflows.
#include "sim/boot/placement.hpp"

#include "fake_memory.hpp"
#include "sim/base/user_error.hpp"

using namespace hvlab;
using namespace hvlab::boot;
using Catch::Contains;

TEST_CASE("the memory map is ascending, without overlaps, and holds all RAM but the EBDA to F0000h hole") {
  for (const u64 mib : {4, 64, 512, 3071, 3072, 3073, 4096, 16384}) {
    const u64 ram = mib << 20;
    u64 end = 0, total = 0;
    for (const MemoryRange& range : memory_map(ram)) {
      CHECK(range.address >= end);
      CHECK(range.bytes > 0);
      end = range.end();
      if (range.type != MemoryType::Reserved) total += range.bytes;
    }
    CHECK(total == ram - (0x10'0000 - kEbda));
    CHECK(end == (ram <= kLowRamLimit ? ram : kHighRamStart + ram - kLowRamLimit));
  }
  CHECK_THROWS_AS(memory_map(0), UserError);
  CHECK_THROWS_AS(memory_map((16 << 20) + 1), UserError);
  CHECK_THROWS_AS(memory_map(u64{17} << 30), UserError);
}

TEST_CASE("a reservation must be RAM throughout and free") {
  FakeMemory memory(64 << 20);
  Placement placement(memory_map(64 << 20), memory);
  placement.reserve(0x10'0000, 0x1000, "first");
  CHECK_THROWS_WITH(placement.reserve(0x10'0FFF, 1, "second"),
                    Contains("second") && Contains("overlaps first"));
  CHECK_THROWS_WITH(placement.reserve(0x500, 1, "low"), Contains("BIOS data area"));
  CHECK_THROWS_WITH(placement.reserve(0x9'0000, 0x10'0000, "across"), Contains("does not lie in"));
  CHECK_THROWS_WITH(placement.reserve(0xA'0000, 1, "hole"), Contains("does not lie in"));
  CHECK_THROWS_WITH(placement.reserve(0x20'0000, ~u64{0}, "huge"), Contains("does not lie in"));
  CHECK_THROWS_WITH(placement.reserve(~u64{0} - 1, 16, "wrapped"), Contains("does not lie in"));
  CHECK_NOTHROW(placement.reserve(~u64{0}, 0, "nothing"));
  CHECK_NOTHROW(placement.reserve(0x10'1000, 0x1000, "neighbour"));
}

TEST_CASE("free ranges are found from above and from below, aligned, around what is taken") {
  FakeMemory memory(64 << 20);
  Placement placement(memory_map(64 << 20), memory);
  const u64 top = (64 << 20) - kTableBytes;
  CHECK(placement.take_highest(kHighRamStart, 0x1801, 0x1000, "a") == top - 0x2000);
  CHECK(placement.take_highest(kHighRamStart, 0x1000, 0x1000, "b") == top - 0x3000);
  CHECK(placement.take_highest(0x200'0000, 0x1000, 0x1000, "c") == 0x1FF'F000);
  CHECK(placement.take_lowest(0, 16, 16, "d") == 0x1000);
  CHECK(placement.take_lowest(0, 16, 4096, "e") == 0x2000);
  CHECK(placement.take_lowest(0x9'F000, 0x1000, 16, "f") == 0x10'0000);
  CHECK_THROWS_WITH(placement.take_lowest(0, u64{64} << 20, 16, "big"), Contains("no room for big (64 MiB)"));
  CHECK_THROWS_WITH(placement.take_highest(0x2000, 0x1000, ~u64{0}, "odd"), Contains("no room"));
}

TEST_CASE("high RAM takes segments, but nothing that is found by a 32-bit pointer") {
  FakeMemory memory(u64{8} << 30);
  Placement placement(memory_map(u64{8} << 30), memory);
  CHECK_NOTHROW(placement.reserve(kHighRamStart, u64{5} << 30, "segment"));
  CHECK_THROWS_AS(placement.take_lowest(kHighRamStart, 1, 1, "pointer"), UserError);
  CHECK(placement.take_highest(kHighRamStart, 4096, 4096, "initrd") == kLowRamLimit - kTableBytes - 4096);
}

TEST_CASE("the GDT holds flat 32-bit code and data where the entry state says") {
  FakeMemory memory(64 << 20);
  Placement placement(memory_map(64 << 20), memory);
  EntryState state;
  store_gdt(placement, state);
  CHECK(state.gdt_limit == 5 * 8 - 1);
  CHECK(memory.get<u64>(state.gdt_address) == 0);
  CHECK(memory.get<u64>(state.gdt_address + state.code_selector) == 0x00CF9B000000FFFF);
  CHECK(memory.get<u64>(state.gdt_address + state.data_selector) == 0x00CF93000000FFFF);
}
