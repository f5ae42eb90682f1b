#include "sim/svm/maps.hpp"

#include "sim/mmu/walk.hpp"

namespace hvlab::svm {

bool port_intercepted(cpu::Cpu& cpu, u64 map, u16 port, unsigned bytes) {
  map = align_down(map, 4096);
  for (unsigned n = 0; n < bytes; ++n) {
    const u32 at = u32{port} + n;  // the map has bits beyond port FFFFh
    if (test_bit(mmu::read_physical(cpu, map + at / 8, 1), at % 8)) return true;
  }
  return false;
}

bool msr_intercepted(cpu::Cpu& cpu, u64 map, u32 number, bool write) {
  struct Range {
    u32 first, offset;
  };
  constexpr Range kRanges[] = {{0, 0}, {0xC000'0000, 0x800}, {0xC001'0000, 0x1000}};
  map = align_down(map, 4096);
  for (const Range& range : kRanges) {
    const u32 index = number - range.first;
    if (number < range.first || index >= 0x2000) continue;
    const u64 byte = mmu::read_physical(cpu, map + range.offset + index / 4, 1);
    return test_bit(byte, index % 4 * 2 + (write ? 1 : 0));
  }
  return true;
}

}  // namespace hvlab::svm
