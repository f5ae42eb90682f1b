// What is memory in the physical address space: RAM, the firmware's ROM, and which of the two answers between
// C0000h and FFFFFh.
#pragma once

#include <array>
#include <cstdlib>
#include <memory>
#include <span>

#include "sim/board/ram.hpp"

namespace hvlab::board {

/// The ROM ends at 4 GiB; its last 128 KiB appear below 1 MiB as well, where a segment is not RAM (82441FX
/// data sheet, 3.2.18, 4.1; 82371SB data sheet, 3.2.1). At first every segment is RAM.
class MemorySpace {
 public:
  static constexpr u64 kFirst = 0xc0000, kEnd = 0x10'0000, kSegmentBytes = 0x4000;
  static constexpr unsigned kSegments = (kEnd - kFirst) / kSegmentBytes;
  static constexpr u64 kSmallestRom = 64 << 10, kLargestRom = 8 << 20;

  /// `rom` is empty (there is none), or a multiple of 64 KiB from kSmallestRom to kLargestRom.
  MemorySpace(Ram& ram, std::span<const u8> rom);

  /// Where reads of segment `number` (16 KiB each, from C0000h) go, and where writes: RAM, or else the ROM.
  /// True if that is a change.
  bool shadow(unsigned number, bool read, bool write);

  /// The host address of what reads of the 4 KiB page at `address` see, or nullptr if it is no memory.
  u8* read_page(u64 address) const {
    if (address - kFirst < kEnd - kFirst) return in_segment(read_, address);
    u8* const page = ram_.page(address);
    return page != nullptr || address - rom_first_ >= rom_bytes_ ? page : rom_.get() + (address - rom_first_);
  }
  /// The same for writes; nullptr where they are dropped, as in ROM.
  u8* write_page(u64 address) const {
    return address - kFirst < kEnd - kFirst ? in_segment(write_, address) : ram_.page(address);
  }

  /// A bus master's accesses, in the same way: elsewhere reads give all ones and writes are dropped.
  void read(u64 address, void* to, size_t count) const;
  void write(u64 address, const void* from, size_t count);

  /// The number of 4 KiB pages from address 0 to the end of the last memory.
  u64 address_pages() const;

 private:
  using Segments = std::array<u8*, kSegments>;
  struct Free {
    void operator()(u8* bytes) const { std::free(bytes); }
  };

  static u8* in_segment(const Segments& segments, u64 address) {
    u8* const first = segments[(address - kFirst) / kSegmentBytes];
    return first == nullptr ? nullptr : first + address % kSegmentBytes;
  }
  u8* rom_below_1m(u64 address) const;

  Ram& ram_;
  std::unique_ptr<u8, Free> rom_;
  u64 rom_bytes_, rom_first_;
  Segments read_{}, write_{};
};

}  // namespace hvlab::board
