#include "machine_code.hpp"

#include "sim/mmu/access.hpp"

namespace hvlab::test {

namespace {

u64 descriptor(u32 base, u32 limit, u32 attributes) {
  return (limit & 0xFFFF) | (u64{base & 0xFF'FFFF} << 16) | (u64{attributes & 0xFF} << 40) |
         (u64{(limit >> 16) & 0xF} << 48) | (u64{(attributes >> 12) & 0xF} << 52) | (u64{base >> 24} << 56);
}

}  // namespace

void Machine::settle() {
  cpu::Cpu& c = cpu();
  mmu::flush_all(c);
  mmu::select_address_space(c);
  c.refresh();
}

void Machine::segments(u16 cs, u16 data, u32 limit, u32 code_attributes, u32 data_attributes) {
  cpu::Cpu& c = cpu();
  c.cpl = 0;
  for (unsigned s = 0; s < 6; ++s)
    c.seg[s] = {.base = 0, .limit = limit, .attributes = data_attributes, .selector = data};
  c.seg[arch::kCs] = {.base = 0, .limit = limit, .attributes = code_attributes, .selector = cs};
}

void Machine::tables() {
  cpu::Cpu& c = cpu();
  c.gdtr = {kGdt, 0x7F};
  c.idtr = {kIdt, 0xFFF};
  c.tr = {.base = kTss, .limit = 0x67, .attributes = 0x8B, .selector = kTssSelector};
  // Ring-0 stacks of both TSS layouts; IST1.
  poke<u64>(kTss + 4, kStack - 0x1000);
  if (!(c.efer & arch::efer::kLma)) poke<u32>(kTss + 8, kData0);
  if (c.efer & arch::efer::kLma) poke<u64>(kTss + 0x24, kStack - 0x4000);
  const bool wide = (c.efer & arch::efer::kLma) != 0;
  for (unsigned v = 0; v < 256; ++v) {
    const u64 handler = kHandlers + v * 16;
    if (wide) {
      poke<u64>(kIdt + v * 16, (handler & 0xFFFF) | (u64{kCode64} << 16) | (u64{0xEE} << 40) |
                                   ((handler >> 16 & 0xFFFF) << 48));
      poke<u64>(kIdt + v * 16 + 8, handler >> 32);
    } else {
      poke<u64>(kIdt + v * 8, (handler & 0xFFFF) | (u64{kCode32} << 16) | (u64{0xEE} << 40) |
                                  ((handler >> 16 & 0xFFFF) << 48));
    }
  }
}

void Machine::build_gdt() {
  poke<u64>(kGdt + kCode64, descriptor(0, 0xFFFFF, 0xA09B));
  poke<u64>(kGdt + kData0, descriptor(0, 0xFFFFF, 0xC093));
  poke<u64>(kGdt + kCode32, descriptor(0, 0xFFFFF, 0xC09B));
  poke<u64>(kGdt + kCode16, descriptor(0, 0xFFFFF, 0x809B));
  poke<u64>(kGdt + kData16, descriptor(0, 0xFFFF, 0x0093));
  poke<u64>(kGdt + (kUserData & ~7), descriptor(0, 0xFFFFF, 0xC0F3));
  poke<u64>(kGdt + (kUserCode64 & ~7), descriptor(0, 0xFFFFF, 0xA0FB));
  poke<u64>(kGdt + (kUserCode32 & ~7), descriptor(0, 0xFFFFF, 0xC0FB));
  poke<u64>(kGdt + kTssSelector, descriptor(kTss, 0x67, 0x008B));
}

void Machine::build_idt() {
  for (unsigned v = 0; v < 256; ++v) {
    poke<u8>(kHandlers + v * 16, 0xF4);
    // Real mode: the same handlers, as segment:offset.
    poke<u32>(v * 4, static_cast<u32>(((kHandlers + v * 16) >> 4) << 16));
  }
}

/// 4 KiB pages for the whole of RAM, user and writable.
void Machine::identity_map() {
  poke<u64>(kTables, (kTables + 0x1000) | 7);
  poke<u64>(kTables + 0x1000, (kTables + 0x2000) | 7);
  for (u64 page = 0; page < bus.ram.size() >> 12; ++page) {
    poke<u64>(pte_address(page << 12), (page << 12) | 7);
    if (page % 512 == 0) poke<u64>(kTables + 0x2000 + page / 512 * 8, (kTables + 0x3000 + page * 8) | 7);
  }
}

}  // namespace hvlab::test
