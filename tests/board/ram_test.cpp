// Catches RAM that appears in a hole, twice, or not at all, and copies that run out of it.
#include "sim/board/ram.hpp"

#include <catch2/catch.hpp>
#include <cstring>
#include <vector>

namespace hvlab::board {

TEST_CASE("RAM below 3 GiB lies in one piece, without the VGA window") {
  const Ram ram(u64{64} << 20);
  REQUIRE(ram.page(0) != nullptr);
  REQUIRE(ram.page(0x9f000) == ram.page(0) + 0x9f000);
  REQUIRE(ram.page(0xa0000) == nullptr);
  REQUIRE(ram.page(0xbf000) == nullptr);
  REQUIRE(ram.page(0xf0000) == ram.page(0) + 0xf0000);
  REQUIRE(ram.page((u64{64} << 20) - 4096) != nullptr);
  REQUIRE(ram.page(u64{64} << 20) == nullptr);
  REQUIRE(ram.page(u64{1} << 32) == nullptr);
  REQUIRE(ram.address_pages() == (u64{64} << 20) / 4096);
}

TEST_CASE("what exceeds 3 GiB appears from 4 GiB on") {
  const Ram ram(u64{5} << 30);
  REQUIRE(ram.low_bytes() == 0xc0000000);
  REQUIRE(ram.high_bytes() == u64{2} << 30);
  REQUIRE(ram.page(0xbffff000) != nullptr);
  REQUIRE(ram.page(0xc0000000) == nullptr);
  REQUIRE(ram.page(0xfffff000) == nullptr);
  REQUIRE(ram.page(0x1'0000'0000) == ram.page(0xbffff000) + 4096);
  REQUIRE(ram.page(0x1'7fff'f000) != nullptr);
  REQUIRE(ram.page(0x1'8000'0000) == nullptr);
  REQUIRE(ram.page(~u64{4095}) == nullptr);
  REQUIRE(ram.address_pages() == 0x180000);
}

TEST_CASE("copies cross pages; what lies outside reads as ones and is not written") {
  Ram ram(u64{1} << 20);
  std::vector<u8> data(8192, 0x5a), back(8192);
  ram.write(0x9f800, data.data(), data.size());  // half in RAM, then into the VGA window
  ram.read(0x9f800, back.data(), back.size());
  REQUIRE(std::count(back.begin(), back.begin() + 0x800, 0x5a) == 0x800);
  REQUIRE(std::count(back.begin() + 0x800, back.end(), 0xff) == 0x1800);
  ram.write((u64{1} << 20) - 1, data.data(), 4096);
  ram.write(~u64{0} - 10, data.data(), 11);
  u8 last = 0;
  ram.read((u64{1} << 20) - 1, &last, 1);
  REQUIRE(last == 0x5a);
}

}  // namespace hvlab::board
