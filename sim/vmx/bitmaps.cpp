#include "sim/vmx/bitmaps.hpp"

#include "sim/mmu/walk.hpp"

namespace hvlab::vmx {

bool port_exits(cpu::Cpu& cpu, u64 bitmap_a, u64 bitmap_b, u16 port, unsigned bytes) {
  for (unsigned n = 0; n < bytes; ++n) {
    const u32 at = u32{port} + n;
    if (at > 0xFFFF) return true;
    const u64 map = at < 0x8000 ? bitmap_a : bitmap_b;
    if (test_bit(mmu::read_physical(cpu, map + (at & 0x7FFF) / 8, 1), at % 8)) return true;
  }
  return false;
}

bool msr_exits(cpu::Cpu& cpu, u64 bitmaps, u32 number, bool write) {
  constexpr u32 kHigh = 0xC000'0000, kCount = 0x2000;
  constexpr u64 kHighOffset = 0x400, kWriteOffset = 0x800;
  const bool high = number >= kHigh;
  const u32 index = high ? number - kHigh : number;
  if (index >= kCount) return true;
  const u64 map = bitmaps + (high ? kHighOffset : 0) + (write ? kWriteOffset : 0);
  return test_bit(mmu::read_physical(cpu, map + index / 8, 1), index % 8);
}

}  // namespace hvlab::vmx
