// PIIX3 IDE with a disk, driven the way a driver does it: by ports, interrupts and PRD tables.
#pragma once

#include "piix_bench.hpp"

namespace hvlab::test {

using namespace devices;

inline constexpr u64 kDiskBytes = 64u << 20;

/// A machine with a disk as primary master; a slave if wanted.
struct IdeBench : PiixBench {
  media::DiskMedium disk;

  explicit IdeBench(u64 bytes = kDiskBytes, const char* profile = "ram")
      : disk("disk", media::DiskImage::blank(bytes), media::load_disk_profile(profile), clock) {
    ide.plug(0, 0, disk);
    switch_on();
  }

  void address28(u32 sector, u8 count, u8 drive = 0) {
    out(0x1f6, 0xe0 | drive << 4 | sector >> 24);
    out(0x1f2, count);
    out(0x1f3, sector & 0xff);
    out(0x1f4, sector >> 8 & 0xff);
    out(0x1f5, sector >> 16 & 0xff);
  }
  void address48(u64 sector, u16 count) {
    out(0x1f6, 0xe0);
    for (const unsigned shift : {8u, 0u}) {
      out(0x1f2, count >> shift & 0xff);
      for (unsigned i = 0; i < 3; ++i)
        out(static_cast<u16>(0x1f3 + i), static_cast<u32>(sector >> (3 * shift + 8 * i) & 0xff));
    }
  }
  std::vector<u8> read_data(size_t bytes, unsigned width = 2) {
    std::vector<u8> data;
    while (data.size() < bytes) {
      const u32 value = in(0x1f0, width);
      for (unsigned i = 0; i < width; ++i) data.push_back(static_cast<u8>(value >> (8 * i)));
    }
    return data;
  }
  void write_data(size_t bytes, u8 fill) {
    for (size_t i = 0; i < bytes; i += 4) out(0x1f0, fill * 0x01010101u, 4);
  }
  std::vector<u8> identify() {
    CHECK(command(0xec) == 0x58);
    return read_data(512);
  }
  void prd(std::initializer_list<std::pair<u32, u32>> regions) {
    u32 at = 0x1000;
    for (const auto& [address, flags_and_count] : regions) {
      ram.put<u32>(at, address);
      ram.put<u32>(at + 4, flags_and_count);
      at += 8;
    }
    out(kBusMaster + 4, 0x1000, 4);
  }
  /// Starts a DMA command and waits for its interrupt; returns the bus master's status.
  u8 dma(u8 opcode, bool to_memory) {
    out(kBusMaster + 2, 0x66);
    out(kBusMaster, to_memory ? 8 : 0);
    out(0x1f7, opcode);
    out(kBusMaster, to_memory ? 9 : 1);
    wait();
    return static_cast<u8>(in(kBusMaster + 2));
  }
};

inline u16 word(const std::vector<u8>& data, unsigned index) {
  return static_cast<u16>(data[2 * index] | data[2 * index + 1] << 8);
}

}  // namespace hvlab::test
