// PIIX3 bus-master DMA.
#include "ide_bench.hpp"

using namespace hvlab;
using namespace hvlab::devices;
using namespace hvlab::test;
using Bench = test::IdeBench;

TEST_CASE("DMA scatters over the regions of the table", "[ide]") {
  Bench bench;
  for (u32 i = 0; i < 1024; ++i) bench.ram.put<u32>(0x8000 + 4 * i, i);
  bench.prd({{0x8000, 512}, {0x8200, 0x8000'0000 | 3584}});
  bench.address28(10, 8);
  CHECK(bench.dma(0xca, false) == 0x64);  // interrupt, not active, no error
  CHECK(bench.in(0x1f7) == 0x50);
  bench.out(Bench::kBusMaster, 0);
  bench.prd({{0x2'0000, 2}, {0x3'0000, 4094 | 0x8000'0000}});
  bench.address28(10, 8);
  CHECK(bench.dma(0xc8, true) == 0x64);
  CHECK(bench.in(0x1f7) == 0x50);
  CHECK(bench.ram.get<u16>(0x2'0000) == 0);
  CHECK(bench.ram.get<u16>(0x2'0002) == 0);
  CHECK(bench.ram.get<u16>(0x3'0000) == 0);
  for (u32 i = 1; i < 1024; ++i) REQUIRE(bench.ram.get<u32>(0x3'0002 + 4 * (i - 1)) == i);
}

TEST_CASE("a zero count is 64 KiB", "[ide]") {
  Bench bench;
  bench.ram.put<u8>(0x2'ffff, 0xee);
  bench.prd({{0x2'0000, 0x8000'0000}});
  bench.address28(0, 128);
  CHECK(bench.dma(0xc8, true) == 0x64);
  CHECK(bench.ram.get<u8>(0x2'ffff) == 0);
}

TEST_CASE("a table too short or too long shows in the bus master's status", "[ide]") {
  // The states of the programming interface, 3.1: short = neither active nor interrupt; long = both.
  Bench bench;
  bench.prd({{0x8000, 0x8000'0000 | 512}});
  bench.address28(0, 2);
  bench.out(Bench::kBusMaster + 2, 6);
  bench.out(Bench::kBusMaster, 8);
  bench.out(0x1f7, 0xc8);
  bench.out(Bench::kBusMaster, 9);
  bench.clock.advance(kSecond);
  CHECK((bench.in(Bench::kBusMaster + 2) & 7) == 0);
  CHECK(bench.in(0x3f6) == 0x58);
  bench.out(Bench::kBusMaster, 0);
  bench.out(Bench::kBusMaster, 9);  // goes on with the rest
  CHECK(bench.wait());
  CHECK(bench.in(0x1f7) == 0x50);
  bench.out(Bench::kBusMaster, 0);
  bench.prd({{0x8000, 0x8000'0000 | 4096}});
  bench.address28(0, 2);
  CHECK((bench.dma(0xc8, true) & 7) == 5);
}

TEST_CASE("DMA waits for bus mastering, for the start bit and for the right direction", "[ide]") {
  Bench bench;
  bench.prd({{0x8000, 0x8000'0000 | 512}});
  bench.config.write(1, 0, 4, 2, 1);
  bench.address28(0, 1);
  bench.dma(0xc8, true);
  CHECK_FALSE(bench.irq14.level);
  bench.config.write(1, 0, 4, 2, 5);
  CHECK(bench.wait());
  bench.out(Bench::kBusMaster, 0);
  bench.address28(0, 1);
  bench.dma(0xc8, false);
  CHECK_FALSE(bench.irq14.level);
}

TEST_CASE("DMA data takes the time of the drive's multiword mode", "[ide]") {
  // 64 KiB in mode 2: 32768 words of 120 ns.
  Bench bench;
  bench.prd({{0x2'0000, 0x8000'0000}});
  bench.address28(0, 128);
  const Picoseconds start = bench.clock.now();
  bench.dma(0xc8, true);
  CHECK(bench.clock.now() - start > 3'932 * kMicrosecond);
  CHECK(bench.clock.now() - start < 4'000 * kMicrosecond);
}
