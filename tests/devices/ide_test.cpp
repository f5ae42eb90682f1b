// PIIX3 IDE and its ATA disks: commands, PIO, addressing, resets, and whatever a guest may do.
#include "ide_bench.hpp"

using namespace hvlab;
using namespace hvlab::devices;
using namespace hvlab::test;
using Bench = test::IdeBench;

TEST_CASE("IDENTIFY DEVICE describes the disk, with a valid checksum", "[ide]") {
  Bench bench;
  const auto data = bench.identify();
  CHECK(word(data, 0) == 0x0040);
  CHECK((word(data, 60) | word(data, 61) << 16) == kDiskBytes / 512);
  CHECK((word(data, 100) | word(data, 101) << 16) == kDiskBytes / 512);
  CHECK(word(data, 1) == kDiskBytes / 512 / (16 * 63));
  CHECK((word(data, 49) & 0x0300) == 0x0300);
  CHECK((word(data, 83) & 0x7400) == 0x7400);
  CHECK((word(data, 63) & 0x0707) == 0x0407);
  CHECK(std::string(data.begin() + 54, data.begin() + 60) == "VHaL b");
  u8 sum = 0;
  for (const u8 byte : data) sum = static_cast<u8>(sum + byte);
  CHECK(sum == 0);
  CHECK(data[510] == 0xa5);
  CHECK(bench.in(0x1f7) == 0x50);
}

TEST_CASE("PIO writes and reads move sectors, one interrupt a sector", "[ide]") {
  Bench bench;
  bench.address28(100, 3);
  bench.out(0x1f7, 0x30);
  bench.clock.advance(kMillisecond);
  CHECK_FALSE(bench.irq14.level);  // none before the first block
  REQUIRE(bench.in(0x1f7) == 0x58);
  for (u8 i = 0; i < 3; ++i) {
    bench.write_data(512, static_cast<u8>(0x10 + i));
    REQUIRE(bench.wait());
    CHECK(bench.in(0x1f7) == (i < 2 ? 0x58 : 0x50));
    CHECK_FALSE(bench.irq14.level);  // reading the status withdrew it
  }
  bench.address28(101, 2);
  CHECK(bench.command(0x20) == 0x58);
  CHECK(bench.read_data(512) == std::vector<u8>(512, 0x11));
  REQUIRE(bench.irq14.level);
  CHECK(bench.in(0x1f7) == 0x58);
  CHECK(bench.read_data(512, 4) == std::vector<u8>(512, 0x12));
  CHECK_FALSE(bench.irq14.level);
  CHECK(bench.in(0x1f7) == 0x50);
}

TEST_CASE("multiple mode moves several sectors an interrupt, and must be set first", "[ide]") {
  Bench bench;
  bench.address28(0, 8);
  CHECK(bench.command(0xc4) == 0x51);
  CHECK(bench.in(0x1f1) == 0x04);
  bench.out(0x1f2, 3);
  CHECK(bench.command(0xc6) == 0x51);
  bench.out(0x1f2, 4);
  CHECK(bench.command(0xc6) == 0x50);
  bench.address28(0, 6);
  const unsigned before = bench.irq14.rises;
  CHECK(bench.command(0xc4) == 0x58);
  bench.read_data(4 * 512);
  CHECK(bench.in(0x1f7) == 0x58);
  bench.read_data(2 * 512);
  CHECK(bench.in(0x1f7) == 0x50);
  CHECK(bench.irq14.rises - before == 2);
}

TEST_CASE("CHS, 28-bit and 48-bit addresses reach the same sector", "[ide]") {
  Bench bench;
  bench.address48(2000, 1);
  bench.out(0x1f7, 0x34);
  bench.clock.advance(kMillisecond);
  bench.write_data(512, 0x77);
  bench.wait();
  CHECK(bench.in(0x1f7) == 0x50);
  // Sector 2000 with 16 heads and 63 sectors: cylinder 1, head 15, sector 48.
  bench.out(0x1f6, 0xaf);
  bench.out(0x1f2, 1);
  bench.out(0x1f3, 48);
  bench.out(0x1f4, 1);
  bench.out(0x1f5, 0);
  CHECK(bench.command(0x20) == 0x58);
  CHECK(bench.read_data(512) == std::vector<u8>(512, 0x77));
  bench.out(0x1f6, 0xa3);  // 4 heads, 32 sectors: cylinder 15, head 2, sector 17
  bench.out(0x1f2, 32);
  CHECK(bench.command(0x91) == 0x50);
  bench.out(0x1f6, 0xa2);
  bench.out(0x1f2, 1);
  bench.out(0x1f3, 17);
  bench.out(0x1f4, 15);
  CHECK(bench.command(0x20) == 0x58);
  CHECK(bench.read_data(512) == std::vector<u8>(512, 0x77));
}

TEST_CASE("the high order byte shows what a register held before", "[ide]") {
  Bench bench;
  bench.address48(0x123456789abc, 0x4321);
  CHECK(bench.in(0x1f3) == 0xbc);
  CHECK(bench.in(0x1f2) == 0x21);
  bench.out(0x3f6, 0x80);
  CHECK(bench.in(0x1f3) == 0x56);
  CHECK(bench.in(0x1f4) == 0x34);
  CHECK(bench.in(0x1f5) == 0x12);
  CHECK(bench.in(0x1f2) == 0x43);
}

TEST_CASE("addresses beyond the disk end with ID not found, and nothing moves", "[ide]") {
  Bench bench(1 << 20);
  bench.address28(2047, 2);
  CHECK(bench.command(0x20) == 0x51);
  CHECK(bench.in(0x1f1) == 0x10);
  bench.address28(2048, 1);
  CHECK(bench.command(0x30) == 0x51);
  CHECK(bench.in(0x1f1) == 0x10);
  bench.out(0x1f6, 0xa0);
  bench.out(0x1f3, 0);  // sector 0 does not exist in CHS
  CHECK(bench.command(0x20) == 0x51);
  bench.address48(~u64{0}, 0);
  CHECK(bench.command(0x25) == 0x51);
  bench.address28(2047, 1);
  CHECK(bench.command(0x20) == 0x58);
}

TEST_CASE("unknown commands and features are aborted", "[ide]") {
  Bench bench;
  for (const u8 opcode : std::initializer_list<u8>{0x00, 0xa1, 0xb0, 0x60, 0xff}) {
    CHECK(bench.command(opcode) == 0x51);
    CHECK(bench.in(0x1f1) == 0x04);
  }
  bench.out(0x1f1, 0x99);
  CHECK(bench.command(0xef) == 0x51);
  bench.out(0x1f1, 3);
  bench.out(0x1f2, 0x45);  // Ultra DMA, which the PIIX3 cannot do
  CHECK(bench.command(0xef) == 0x51);
  bench.out(0x1f2, 0x20);
  CHECK(bench.command(0xef) == 0x50);
  CHECK((word(bench.identify(), 63) >> 8) == 1);
}

TEST_CASE("an absent slave answers with status 0, an empty channel floats", "[ide]") {
  // Catches: drivers that find a ghost, or wait for ever for BSY to clear.
  Bench bench;
  bench.out(0x1f6, 0xf0);
  CHECK(bench.in(0x1f7) == 0);
  CHECK(bench.in(0x3f6) == 0);
  bench.out(0x1f7, 0xec);
  bench.clock.advance(kSecond);
  CHECK_FALSE(bench.irq14.level);
  bench.out(0x1f6, 0xe0);
  CHECK(bench.in(0x1f7) == 0x50);
  CHECK(bench.in(0x177) == 0x7f);
  CHECK(bench.in(0x376) == 0x7f);
  bench.out(0x172, 0x55);
  CHECK(bench.in(0x172) == 0x7f);
}

TEST_CASE("a soft reset leaves the signature of an ATA disk, without an interrupt", "[ide]") {
  Bench bench;
  bench.address28(5, 9);
  bench.out(0x1f7, 0x20);
  bench.out(0x3f6, 4);
  CHECK(bench.in(0x1f7) == 0x80);
  bench.clock.advance(kSecond);
  CHECK(bench.in(0x1f7) == 0x80);  // held
  bench.out(0x3f6, 0);
  bench.clock.advance(10 * kMillisecond);
  CHECK(bench.in(0x1f7) == 0x50);
  CHECK(bench.in(0x1f1) == 1);
  CHECK(bench.in(0x1f2) == 1);
  CHECK(bench.in(0x1f3) == 1);
  CHECK(bench.in(0x1f4) == 0);
  CHECK(bench.in(0x1f5) == 0);
  CHECK(bench.irq14.rises == 0);
}

TEST_CASE("nIEN keeps the interrupt off the line", "[ide]") {
  Bench bench;
  bench.out(0x3f6, 2);
  bench.out(0x1f7, 0xec);
  bench.clock.advance(kMillisecond);
  CHECK_FALSE(bench.irq14.level);
  bench.out(0x3f6, 0);
  CHECK(bench.irq14.level);
}

TEST_CASE("a sector count of zero is the largest: 256, or 65536 with 48-bit addresses", "[ide]") {
  Bench bench;
  bench.address28(0, 0);
  bench.command(0x40);
  CHECK(bench.sink.records.back().a == 1);  // RequestDone of the first request
  CHECK(bench.sink.records.back().b == 256 * 512);
  bench.address48(0, 0);
  bench.command(0x42);
  CHECK(bench.sink.records.back().b == 65'536 * 512);
}

TEST_CASE("the ports answer only where channel and function decode them", "[ide]") {
  Bench bench;
  bench.config.write(1, 0, 0x40, 2, 0);
  CHECK_FALSE(bench.bus.find_port(0x1f7));
  CHECK(bench.bus.find_port(0x177));
  CHECK_FALSE(bench.bus.find_port(0x3f7));
  bench.config.write(1, 0, 4, 2, 0);
  CHECK_FALSE(bench.bus.find_port(0x177));
}

TEST_CASE("what a disk does is reported", "[ide]") {
  Bench bench;
  bench.prd({{0x8000, 0x8000'0000 | 512}});
  bench.address28(0, 1);
  bench.dma(0xc8, true);
  for (const auto kind : {observe::EventKind::Doorbell, observe::EventKind::RequestStart,
                          observe::EventKind::RequestDone, observe::EventKind::DmaWrite})
    CHECK(bench.sink.count(kind) == 1);
}

TEST_CASE("whatever a guest does to the ports, the disk survives and answers afterwards", "[ide]") {
  // Catches: positions and counts taken from registers without a check.
  for (u64 seed = 1; seed <= 4; ++seed) {
    Bench bench(1 << 20);
    test::Random random{seed};
    constexpr u8 kLikely[] = {0x20, 0x24, 0x25, 0x29, 0x30, 0x34, 0x35, 0x39, 0xc4,
                              0xc5, 0xc6, 0xc8, 0xca, 0xec, 0xef, 0x91, 0x90, 0xe7};
    for (int i = 0; i < 60'000; ++i) {
      const unsigned size = 1u << random.below(3);
      switch (random.below(8)) {
        case 0: bench.out(0x1f7, kLikely[random.below(sizeof kLikely)]); break;
        case 1:
          bench.out(static_cast<u16>(0x1f0 + random.below(8)), static_cast<u32>(random.next()), size);
          break;
        case 2: bench.in(static_cast<u16>(0x1f0 + random.below(8)), size); break;
        case 3:
          bench.out(static_cast<u16>(Bench::kBusMaster + random.below(16)), static_cast<u32>(random.next()),
                    size);
          break;
        case 4: bench.ram.put<u64>(random.below(1 << 17) * 8, random.next()); break;
        case 5: bench.in(static_cast<u16>(Bench::kBusMaster + random.below(16)), size); break;
        case 6:
          if (random.below(64) == 0) bench.out(0x3f6, static_cast<u32>(random.below(256)));
          break;
        default: bench.clock.advance(random.below(200) * kMicrosecond); break;
      }
    }
    bench.out(Bench::kBusMaster, 0);
    bench.out(0x3f6, 4);
    bench.out(0x3f6, 0);
    bench.clock.advance(10 * kMillisecond);
    bench.out(0x1f6, 0xe0);
    CHECK(word(bench.identify(), 60) == 2048);
  }
}
