#include "sim/lab/guest_memory.hpp"

#include <algorithm>
#include <cstring>

#include "sim/base/bits.hpp"

namespace hvlab::lab {

namespace {

constexpr u64 kPresent = 1, kLargePage = 0x80;
constexpr u64 kFrame = bits(~u64{0}, 51, 12) << 12;

// The host address of the byte at linear `address`, or null (SDM vol. 3, 4.5: 4-level paging).
const u8* host_of(const board::Ram& ram, u64 cr3, u64 address) {
  u64 table = cr3 & kFrame;
  for (unsigned shift = 39;; shift -= 9) {
    const u8* page = ram.page(table);
    if (page == nullptr) return nullptr;
    u64 entry = 0;
    std::memcpy(&entry, page + ((address >> shift) & 511) * 8, sizeof entry);
    if ((entry & kPresent) == 0) return nullptr;
    if (shift == 12 || ((entry & kLargePage) != 0 && shift <= 30)) {
      const u64 physical = (entry & kFrame & ~low_mask(shift)) | (address & low_mask(shift));
      const u8* const target = ram.page(align_down(physical, 4096));
      return target == nullptr ? nullptr : target + physical % 4096;
    }
    table = entry & kFrame;
  }
}

}  // namespace

bool peek(const board::Machine& machine, size_t processor, u64 address, void* to, size_t bytes) {
  const cpu::Cpu& cpu = machine.processors().at(processor).state();
  if (!cpu.long_active()) return false;
  u8* out = static_cast<u8*>(to);
  while (bytes != 0) {
    const u8* const from = host_of(machine.ram(), cpu.cr3, address);
    if (from == nullptr) return false;
    const size_t part = std::min<size_t>(bytes, 4096 - address % 4096);
    std::memcpy(out, from, part);
    out += part;
    address += part;
    bytes -= part;
  }
  return true;
}

}  // namespace hvlab::lab
