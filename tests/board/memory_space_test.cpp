// Catches ROM at the wrong place, shadow RAM that answers where the PAM registers say PCI, and ROM that can
// be written.
#include "sim/board/memory_space.hpp"

#include <catch2/catch.hpp>
#include <vector>

namespace hvlab::board {

namespace {

// A ROM whose pages begin with their number, from its start.
std::vector<u8> numbered_rom(size_t bytes) {
  std::vector<u8> rom(bytes, 0xcc);
  for (size_t page = 0; page * 4096 < bytes; ++page) rom[page * 4096] = static_cast<u8>(page);
  return rom;
}

}  // namespace

TEST_CASE("ROM ends at 4 GiB, and its last 128 KiB appear below 1 MiB where RAM does not answer") {
  Ram ram(u64{16} << 20);
  MemorySpace space(ram, numbered_rom(256 << 10));
  CHECK(space.address_pages() == 0x100000);
  REQUIRE(space.read_page(0xfffc0000) != nullptr);
  CHECK(space.read_page(0xfffbf000) == nullptr);
  CHECK(*space.read_page(0xfffc0000) == 0);
  CHECK(*space.read_page(0xfffff000) == 63);
  CHECK(space.write_page(0xfffff000) == nullptr);
  CHECK(space.read_page(0xff000) == ram.page(0xff000));
  for (unsigned i = 0; i < MemorySpace::kSegments; ++i) space.shadow(i, false, false);
  CHECK(*space.read_page(0xff000) == 63);
  CHECK(*space.read_page(0xe0000) == 32);
  CHECK(space.read_page(0xe0000) == space.read_page(0xfffe0000));
  CHECK(space.read_page(0xdf000) == nullptr);
  CHECK(space.write_page(0xff000) == nullptr);
  CHECK(space.read_page(0x100000) == ram.page(0x100000));
  CHECK(space.read_page(0x9f000) == ram.page(0x9f000));
}

TEST_CASE("a ROM of 64 KiB appears in the last segment alone") {
  Ram ram(u64{16} << 20);
  MemorySpace space(ram, numbered_rom(64 << 10));
  for (unsigned i = 0; i < MemorySpace::kSegments; ++i) space.shadow(i, false, false);
  CHECK(space.read_page(0xef000) == nullptr);
  CHECK(*space.read_page(0xf0000) == 0);
}

TEST_CASE("reads and writes of a segment are directed on their own") {
  Ram ram(u64{16} << 20);
  MemorySpace space(ram, numbered_rom(128 << 10));
  CHECK_FALSE(space.shadow(15, true, true));  // as it was
  CHECK(space.shadow(15, false, true));       // copying ROM to the RAM below it
  CHECK(*space.read_page(0xfc000) == 28);
  CHECK(space.write_page(0xfc000) == ram.page(0xfc000));
  space.write(0xfc000, space.read_page(0xfc000), 4096);
  CHECK(space.shadow(15, true, false));
  CHECK(*space.read_page(0xfc000) == 28);
  CHECK(space.read_page(0xfc000) == ram.page(0xfc000));
  CHECK(space.write_page(0xfc000) == nullptr);
}

TEST_CASE("a bus master meets the same memory") {
  Ram ram(u64{16} << 20);
  MemorySpace space(ram, numbered_rom(128 << 10));
  space.shadow(15, false, false);
  std::vector<u8> data(8192, 0x5a), back(8192);
  space.write(0xfb000, data.data(), data.size());  // RAM, then ROM
  space.read(0xfb000, back.data(), back.size());
  CHECK(back[4095] == 0x5a);
  CHECK(back[4096] == 28);
  space.read(0xffffff00, back.data(), 0x200);  // ROM's end, then the RAM above 4 GiB that is not there
  CHECK(back[0xff] == 0xcc);
  CHECK(back[0x100] == 0xff);
}

}  // namespace hvlab::board
