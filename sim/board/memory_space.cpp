#include "sim/board/memory_space.hpp"

#include <algorithm>
#include <cstring>
#include <utility>

#include "sim/base/check.hpp"

namespace hvlab::board {

namespace {

constexpr u64 kAliasBytes = 128 << 10;  // of the ROM, below 1 MiB

// Calls `part(address, bytes)` for the pieces of a range, each within a page.
template <class Part>
void for_each_page(u64 address, size_t count, Part part) {
  while (count != 0) {
    const size_t bytes = std::min<size_t>(count, 4096 - address % 4096);
    part(address, bytes);
    address += bytes;
    count -= bytes;
  }
}

}  // namespace

MemorySpace::MemorySpace(Ram& ram, std::span<const u8> rom)
    : ram_(ram), rom_bytes_(rom.size()), rom_first_(Ram::kHighStart - rom.size()) {
  HVLAB_CHECK(rom.size() % kSmallestRom == 0 && rom.size() <= kLargestRom);
  if (!rom.empty()) {
    rom_.reset(static_cast<u8*>(std::aligned_alloc(4096, rom.size())));
    HVLAB_CHECK(rom_ != nullptr);
    std::memcpy(rom_.get(), rom.data(), rom.size());
  }
  for (unsigned i = 0; i < kSegments; ++i) shadow(i, true, true);
}

u8* MemorySpace::rom_below_1m(u64 address) const {
  const u64 below_end = kEnd - address;
  return below_end > std::min(rom_bytes_, kAliasBytes) ? nullptr : rom_.get() + (rom_bytes_ - below_end);
}

bool MemorySpace::shadow(unsigned number, bool read, bool write) {
  HVLAB_CHECK(number < kSegments);
  const u64 address = kFirst + number * kSegmentBytes;
  u8* const reads = std::exchange(read_[number], read ? ram_.page(address) : rom_below_1m(address));
  u8* const writes = std::exchange(write_[number], write ? ram_.page(address) : nullptr);
  return reads != read_[number] || writes != write_[number];
}

void MemorySpace::read(u64 address, void* to, size_t count) const {
  u8* out = static_cast<u8*>(to);
  for_each_page(address, count, [&](u64 at, size_t bytes) {
    const u8* const page = read_page(at - at % 4096);
    if (page != nullptr) {
      std::memcpy(out, page + at % 4096, bytes);
    } else {
      std::memset(out, 0xff, bytes);
    }
    out += bytes;
  });
}

void MemorySpace::write(u64 address, const void* from, size_t count) {
  const u8* in = static_cast<const u8*>(from);
  for_each_page(address, count, [&](u64 at, size_t bytes) {
    u8* const page = write_page(at - at % 4096);
    if (page != nullptr) std::memcpy(page + at % 4096, in, bytes);
    in += bytes;
  });
}

u64 MemorySpace::address_pages() const {
  return std::max(ram_.address_pages(), rom_bytes_ == 0 ? 0 : Ram::kHighStart / 4096);
}

}  // namespace hvlab::board
