#include "sim/lab/guest_memory.hpp"

#include <algorithm>
#include <cstring>

#include "sim/arch/ept.hpp"
#include "sim/base/bits.hpp"

namespace hvlab::lab {

namespace {

constexpr u64 kPresent = 1, kLargePage = 0x80;
constexpr u64 kEptPresent = arch::ept::kRead | arch::ept::kWrite | arch::ept::kExecute;
constexpr u64 kFrame = bits(~u64{0}, 51, 12) << 12;

/// Where a table of 4 levels leads (SDM vol. 3, 4.5; APM vol. 2, 15.25: nested tables have the same form; SDM
/// vol. 3, 29.3.2: so has EPT, of 4 or 5 levels, but for what makes an entry present). `page_of` gives the
/// machine's page of one that a table names.
template <class PageOf>
std::optional<u64> walk(const board::Ram& ram, u64 root, u64 address, PageOf page_of, unsigned levels = 4,
                        u64 present = kPresent) {
  u64 table = root & kFrame;
  for (unsigned shift = 3 + levels * 9;; shift -= 9) {
    const std::optional<u64> there = page_of(table);
    const u8* page = there ? ram.page(*there) : nullptr;
    if (page == nullptr) return std::nullopt;
    u64 entry = 0;
    std::memcpy(&entry, page + ((address >> shift) & 511) * 8, sizeof entry);
    if ((entry & present) == 0) return std::nullopt;
    if (shift == 12 || ((entry & kLargePage) != 0 && shift <= 30))
      return (entry & kFrame & ~low_mask(shift)) | (address & low_mask(shift));
    table = entry & kFrame;
  }
}

}  // namespace

std::optional<u64> machine_page(const board::Machine& machine, size_t processor, u64 page) {
  const cpu::Cpu& cpu = machine.processors().at(processor).state();
  if (!cpu.second_stage.on) return page;
  const auto itself = [](u64 table) { return std::optional<u64>(table); };
  if (cpu.second_stage.ept())
    return walk(machine.ram(), cpu.second_stage.root, page, itself, cpu.second_stage.levels, kEptPresent);
  if ((cpu.second_stage.efer & arch::efer::kLma) == 0) return std::nullopt;
  return walk(machine.ram(), cpu.second_stage.root, page, itself);
}

u64 kernel_area(const cpu::Cpu& cpu) {
  const u64 base = cpu.seg[arch::kGs].base;
  return test_bit(base, 63) ? base : cpu.kernel_gs_base;
}

bool peek(const board::Machine& machine, size_t processor, u64 address, void* to, size_t bytes) {
  const cpu::Cpu& cpu = machine.processors().at(processor).state();
  if (!cpu.long_active()) return false;
  const auto page_of = [&](u64 page) { return machine_page(machine, processor, page); };
  u8* out = static_cast<u8*>(to);
  while (bytes != 0) {
    const auto physical = walk(machine.ram(), cpu.cr3, address, page_of);
    const auto there = physical ? page_of(align_down(*physical, 4096)) : std::nullopt;
    const u8* const from = there ? machine.ram().page(*there) : nullptr;
    if (from == nullptr) return false;
    const size_t part = std::min<size_t>(bytes, 4096 - address % 4096);
    std::memcpy(out, from + address % 4096, part);
    out += part;
    address += part;
    bytes -= part;
  }
  return true;
}

}  // namespace hvlab::lab
