// The ATAPI CD drive: the PACKET protocol, the packets, the tray, and whatever a guest may do. Offsets and
// values are typed from ATA/ATAPI-6 and MMC-4.
#include "atapi_bench.hpp"

using namespace hvlab;
using namespace hvlab::test;
using Bench = AtapiBench;

namespace {

u64 big_endian(const Bytes& data, size_t at, size_t count) {
  u64 value = 0;
  for (size_t i = 0; i < count; ++i) value = value << 8 | data[at + i];
  return value;
}

}  // namespace

// Catches a drive that an ATA driver takes for a disk, or that no driver recognises.
TEST_CASE("the signature says packet device, after reset and to commands of disks", "[atapi]") {
  Bench bench;
  const auto signature = [&] {
    return bench.in(0x1f2) | bench.in(0x1f3) << 8 | bench.in(0x1f4) << 16 | bench.in(0x1f5) << 24;
  };
  CHECK(signature() == 0xeb140101);
  CHECK(bench.in(0x1f7) == 0);  // not ready for commands of disks
  for (const u8 opcode : {u8{0xec}, u8{0x20}}) {
    bench.out(0x1f4, 0);
    bench.out(0x1f5, 0);
    CHECK(bench.command(opcode) == 0x51);
    CHECK(bench.in(0x1f1) == 0x04);
    CHECK(signature() == 0xeb140101);
  }
  bench.out(0x1f4, 0);
  bench.out(0x3f6, 4);
  bench.out(0x3f6, 0);
  bench.clock.advance(10 * kMillisecond);
  CHECK(signature() == 0xeb140101);
}

TEST_CASE("IDENTIFY PACKET DEVICE describes a CD drive with DMA, with a valid checksum", "[atapi]") {
  Bench bench;
  CHECK(bench.command(0xa1) == 0x58);
  const Bytes data = bench.read_data(512);
  const auto word = [&](unsigned i) { return data[2 * i] | data[2 * i + 1] << 8; };
  CHECK(word(0) == 0x85c0);
  CHECK((word(49) & 0x0300) == 0x0300);
  CHECK((word(63) & 7) == 7);
  CHECK((word(82) & 0x0210) == 0x0210);
  u8 sum = 0;
  for (const u8 byte : data) sum = static_cast<u8>(sum + byte);
  CHECK(sum == 0);
}

TEST_CASE("what has happened is told once, before anything but INQUIRY and REQUEST SENSE", "[atapi]") {
  Bench bench;
  CHECK(bench.packet({0x12, 0, 0, 0, 36}).status == 0x50);
  CHECK(bench.packet({0x00}).status == 0x51);
  CHECK(bench.in(0x1f1) == 0x64);
  CHECK(bench.sense() == 0x062900);
  CHECK(bench.sense() == 0);
  CHECK(bench.packet({0x00}).status == 0x50);
}

TEST_CASE("INQUIRY, READ CAPACITY and READ TOC describe drive and disc", "[atapi]") {
  Bench bench;
  bench.settle_in();
  const Bytes inquiry = bench.packet({0x12, 0, 0, 0, 96}).data;
  REQUIRE(inquiry.size() == 36);
  CHECK(inquiry[0] == 5);
  CHECK(inquiry[1] == 0x80);
  CHECK(inquiry[4] == 31);
  CHECK(std::string(inquiry.begin() + 8, inquiry.begin() + 24) == "HVLab   DVD-ROM ");
  CHECK(bench.packet({0x12, 0, 0, 0, 5}).data ==
        Bytes(inquiry.begin(), inquiry.begin() + 5));  // an odd count
  CHECK(bench.packet({0x25}).data == Bytes{0, 0, 999 >> 8, 999 & 0xff, 0, 0, 8, 0});
  CHECK(bench.packet({0x43, 0, 0, 0, 0, 0, 0, 0, 100}).data ==
        Bytes{0, 18, 1, 1, 0, 0x14, 1, 0, 0, 0, 0, 0, 0, 0x14, 0xaa, 0, 0, 0, 1000 >> 8, 1000 & 0xff});
  const Bytes msf = bench.packet({0x43, 2, 0, 0, 0, 0, 0xaa, 0, 100}).data;  // block 1000: 1150 frames
  CHECK(msf == Bytes{0, 10, 1, 1, 0, 0x14, 0xaa, 0, 0, 0, 15, 25});
  CHECK(bench.packet({0x43, 0, 0, 0, 0, 0, 2, 0, 100}).status == 0x51);
  CHECK(bench.sense() == 0x052400);
}

TEST_CASE("READ(10) and READ(12) move blocks in pieces of at most the byte count", "[atapi]") {
  Bench bench;
  bench.settle_in();
  const Bench::Answer ten = bench.packet({0x28, 0, 0, 0, 0, 7, 0, 0, 3}, 2048);
  CHECK(ten.status == 0x50);
  REQUIRE(ten.data.size() == 3 * 2048);
  for (unsigned i = 0; i < 3; ++i) CHECK(ten.data[i * 2048] == 7 + i);
  CHECK(ten.interrupts == 4);  // three blocks, and the end
  const Bench::Answer twelve = bench.packet({0xa8, 0, 0, 0, 0, 9, 0, 0, 0, 1}, 1025);  // odd: one less
  CHECK(twelve.data.size() == 2048);
  CHECK(twelve.data[0] == 9);
  CHECK(twelve.interrupts == 3);
  CHECK(bench.packet({0x28, 0, 0, 0, 0, 9}).data.empty());  // no blocks: nothing wrong
  const Bench::Answer many =
      bench.packet({0xa8, 0, 0, 0, 0, 0, 0, 0, 0, 100});  // more than it reads at a time
  REQUIRE(many.data.size() == 100 * 2048);
  for (unsigned i = 0; i < 100; ++i) CHECK(many.data[i * 2048] == i);
}

TEST_CASE("reading past the disc's end is refused with nothing moved", "[atapi]") {
  Bench bench;
  bench.settle_in();
  for (const Bytes& packet :
       {Bytes{0x28, 0, 0, 0, 3, 0xe7, 0, 0, 2},
        Bytes{0xa8, 0, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff}, Bytes{0x2b, 0, 0, 0, 3, 0xe8}}) {
    const Bench::Answer answer = bench.packet(packet);
    CHECK(answer.status == 0x51);
    CHECK(answer.data.empty());
    CHECK(bench.sense() == 0x052100);
  }
  CHECK(bench.packet({0x28, 0, 0, 0, 3, 0xe7, 0, 0, 1}).status == 0x50);
}

TEST_CASE("a byte count of zero moves nothing by PIO", "[atapi]") {
  Bench bench;
  bench.settle_in();
  CHECK(bench.packet({0x25}, 0).status == 0x51);
  CHECK(bench.in(0x1f1) == 0x04);
  CHECK(bench.packet({0x28, 0, 0, 0, 0, 0, 0, 0, 1}, 0).status == 0x51);
  CHECK(bench.packet({0x00}, 0).status == 0x50);
}

TEST_CASE("the bus master moves what PACKET with DMA reads, however long", "[atapi]") {
  Bench bench;
  bench.settle_in();
  bench.ram.put<u32>(0x1000, 0x20000);
  bench.ram.put<u32>(0x1004, 0);  // 64 KiB
  bench.ram.put<u32>(0x1008, 0x40000);
  bench.ram.put<u32>(0x100c, 0x8000'4000);
  bench.out(Bench::kBusMaster + 4, 0x1000, 4);
  bench.out(Bench::kBusMaster + 2, 0x66);
  bench.out(Bench::kBusMaster, 8);
  bench.send({0x28, 0, 0, 0, 0, 20, 0, 0, 40}, 0, 1);
  bench.out(Bench::kBusMaster, 9);
  REQUIRE(bench.wait());
  CHECK(bench.in(0x1f7) == 0x50);
  CHECK(bench.in(0x1f2) == 3);
  CHECK((bench.in(Bench::kBusMaster + 2) & 7) == 4);  // done, and the interrupt
  for (unsigned i = 0; i < 40; ++i)
    CHECK(bench.ram.get<u32>((i < 32 ? 0x20000 : 0x30000) + i * 2048) == 20 + i);
}

TEST_CASE("the tray opens unless it is locked, and a disc that comes back is announced", "[atapi]") {
  Bench bench;
  bench.settle_in();
  CHECK(bench.packet({0x1e, 0, 0, 0, 1}).status == 0x50);
  CHECK(bench.packet({0x1b, 0, 0, 0, 2}).status == 0x51);
  CHECK(bench.sense() == 0x055302);
  CHECK(bench.packet({0x1e}).status == 0x50);
  CHECK(bench.packet({0x1b, 0, 0, 0, 2}).status == 0x50);
  CHECK(bench.packet({0x28, 0, 0, 0, 0, 0, 0, 0, 1}).status == 0x51);
  CHECK(bench.sense() == 0x023a02);
  CHECK(bench.packet({0x4a, 1, 0, 0, 0x10, 0, 0, 0, 8}).data == Bytes{0, 6, 4, 0x10, 3, 1, 0, 0});
  CHECK(bench.packet({0x1b, 0, 0, 0, 3}).status == 0x50);
  CHECK(bench.packet({0x4a, 1, 0, 0, 0x10, 0, 0, 0, 8}).data == Bytes{0, 6, 4, 0x10, 2, 2, 0, 0});
  CHECK(bench.packet({0x00}).status == 0x51);
  CHECK(bench.sense() == 0x062800);
  CHECK(bench.packet({0x00}).status == 0x50);
}

TEST_CASE("GET CONFIGURATION tells CDs from DVDs by their size", "[atapi]") {
  for (const u64 blocks : {u64{360'000}, u64{360'001}}) {
    Bench bench(blocks);
    const Bytes data = bench.packet({0x46, 0, 0, 0, 0, 0, 0, 1, 0}).data;
    REQUIRE(data.size() >= 8);
    CHECK(big_endian(data, 0, 4) == data.size() - 4);
    CHECK(big_endian(data, 6, 2) == (blocks == 360'000 ? 0x0008 : 0x0010));
    u64 last = 0;  // features come in ascending order, each with its length
    size_t at = 8;
    for (; at < data.size(); at += 4u + data[at + 3]) {
      CHECK((at == 8 || big_endian(data, at, 2) > last));
      last = big_endian(data, at, 2);
      CHECK(data[at + 3] % 4 == 0);
    }
    CHECK(at == data.size());
    const Bytes one = bench.packet({0x46, 2, 0, 3, 0, 0, 0, 1, 0}).data;
    CHECK(big_endian(one, 8, 2) == 3);
    CHECK(one.size() == 16);
  }
}

TEST_CASE("MODE SENSE has the pages that it says, and refuses others", "[atapi]") {
  Bench bench;
  bench.settle_in();
  const Bytes all = bench.packet({0x5a, 0, 0x3f, 0, 0, 0, 0, 0, 200}).data;
  REQUIRE(all.size() == 8 + 8 + 20);
  CHECK(big_endian(all, 0, 2) == all.size() - 2);
  CHECK(all[8] == 0x01);
  CHECK(all[16] == 0x2a);
  CHECK(all[17] == 18);
  const Bytes changeable = bench.packet({0x5a, 0, 0x6a, 0, 0, 0, 0, 0, 200}).data;
  CHECK(std::count(changeable.begin() + 10, changeable.end(), 0) == 18);
  CHECK(bench.packet({0x5a, 0, 0x05, 0, 0, 0, 0, 0, 200}).status == 0x51);
  CHECK(bench.sense() == 0x052400);
  CHECK(bench.packet({0x5a, 0, 0xea, 0, 0, 0, 0, 0, 200}).status == 0x51);
  CHECK(bench.sense() == 0x053900);
  CHECK(bench.packet({0xff}).status == 0x51);
  CHECK(bench.sense() == 0x052000);
}

TEST_CASE("DEVICE RESET ends a command in progress", "[atapi]") {
  Bench bench;
  bench.settle_in();
  bench.send({0x28, 0, 0, 0, 0, 0, 0, 0, 200}, 2048);
  bench.out(0x1f7, 0x08);
  bench.clock.advance(10 * kMillisecond);
  CHECK(bench.in(0x3f6) == 0);
  CHECK(bench.in(0x1f4) == 0x14);
  CHECK(bench.packet({0x25}).data.size() == 8);
}

// Catches crashes, endless loops and lost drives under any order of accesses.
TEST_CASE("whatever a guest does, the drive comes back after a reset", "[atapi]") {
  for (u64 seed = 1; seed <= 3; ++seed) {
    Bench bench;
    test::Random random{seed};
    constexpr u8 kLikely[] = {0xa0, 0xa0, 0xa0, 0xa0, 0xa1, 0x08, 0xec, 0xef, 0x90};
    constexpr u8 kPackets[] = {0x00, 0x03, 0x12, 0x1b, 0x1e, 0x25, 0x28,
                               0x43, 0x46, 0x4a, 0x51, 0x5a, 0xa8, 0xbd};
    for (int i = 0; i < 60'000; ++i) {
      const unsigned size = 1u << random.below(3);
      switch (random.below(9)) {
        case 0: bench.out(0x1f7, kLikely[random.below(sizeof kLikely)]); break;
        case 1:
          bench.out(static_cast<u16>(0x1f1 + random.below(6)), static_cast<u32>(random.below(4)), 1);
          break;
        case 2: bench.in(static_cast<u16>(0x1f0 + random.below(8)), size); break;
        case 3:
          bench.out(static_cast<u16>(Bench::kBusMaster + random.below(16)), static_cast<u32>(random.next()),
                    size);
          break;
        case 4: bench.ram.put<u64>(random.below(1 << 17) * 8, random.next()); break;
        case 5:  // a packet, as far as one is wanted
          bench.out(0x1f0, kPackets[random.below(sizeof kPackets)] | static_cast<u32>(random.below(256)) << 8,
                    2);
          for (int word = 0; word < 5; ++word) bench.out(0x1f0, static_cast<u32>(random.next() & 0x0f0f), 2);
          break;
        case 6:
          if (random.below(64) == 0) bench.out(0x3f6, static_cast<u32>(random.below(256)));
          break;
        case 7: bench.in(0x1f7); break;
        default: bench.clock.advance(random.below(200) * kMicrosecond); break;
      }
    }
    bench.out(Bench::kBusMaster, 0);
    bench.out(0x3f6, 4);
    bench.out(0x3f6, 0);
    bench.clock.advance(10 * kMillisecond);
    bench.out(0x1f6, 0xa0);
    CHECK(bench.packet({0x1e}).status != 0);
    bench.packet({0x1b, 0, 0, 0, 3});
    bench.packet({0x1b, 0, 0, 0, 3});
    bench.packet({0x00});
    CHECK(bench.packet({0x25}).data == Bytes{0, 0, 3, 0xe7, 0, 0, 8, 0});
  }
}
