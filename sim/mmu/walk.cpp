#include "sim/mmu/walk.hpp"

#include <cstring>

#include "sim/mmu/ept.hpp"
#include "sim/mmu/first_stage.hpp"

namespace hvlab::mmu {

using namespace arch;

u64 read_physical(Cpu& cpu, u64 address, unsigned bytes) {
  if (const u8* page = cpu.bus->ram_page(align_down(address, 4096)); page != nullptr) {
    u64 value = 0;
    std::memcpy(&value, page + (address & 0xFFF), bytes);
    return value;
  }
  return cpu.bus->mmio_read(address, bytes);
}

void write_physical(Cpu& cpu, u64 address, u64 value, unsigned bytes) {
  if (u8* page = cpu.bus->write_page(align_down(address, 4096)); page != nullptr) {
    if (cpu.code != nullptr && cpu.code->holds_code(address >> 12)) cpu.code->written(address, bytes);
    std::memcpy(page + (address & 0xFFF), &value, bytes);
    return;
  }
  cpu.bus->mmio_write(address, bytes, value);
}

namespace {

/// No second stage: addresses in the tables are physical ones.
struct NoSecondStage {
  static constexpr bool kTranslates = false, kChecksPdpte = false;
  bool locate(Cpu&, u64 physical, WalkResult&, u64& address) {
    address = physical;
    return true;
  }
  bool pdpte(Cpu& cpu, u64 linear, WalkResult&, u64& entry) {
    entry = cpu.pdpte[bits(linear, 31, 30)];
    return true;
  }
  bool may_update(Cpu&, u64, const Step*, unsigned, Access, WalkResult&) { return true; }
  bool apply(Cpu&, u64, Access, WalkResult&) { return true; }
};

}  // namespace

WalkResult walk(Cpu& cpu, u64 linear, Access access, bool user, Rights rights) {
  if (!cpu.second_stage.on) return walk_through(cpu, linear, access, user, rights, NoSecondStage{});
  if (cpu.second_stage.kind == cpu::SecondStageKind::Ept) return walk_ept(cpu, linear, access, user, rights);
  return walk_nested(cpu, linear, access, user, rights);
}

Outcome load_pdptes(Cpu& cpu, u64 cr3) {
  if (cpu.second_stage.ept()) return load_pdptes_ept(cpu, cr3);
  if (cpu.second_stage.on) return Outcome::Next;  // read by each walk instead
  return read_pdptes(cpu, cr3 & 0xFFFF'FFE0);
}

Outcome read_pdptes(Cpu& cpu, u64 table) {
  const u64 reserved = pdpte_reserved(cpu);
  u64 entries[4];
  for (unsigned i = 0; i < 4; ++i) {
    entries[i] = read_physical(cpu, table + i * 8, 8);
    if ((entries[i] & kPresent) && (entries[i] & reserved))
      return raise(cpu, Exception::GeneralProtection, 0);
  }
  std::memcpy(cpu.pdpte, entries, sizeof entries);
  return Outcome::Next;
}

}  // namespace hvlab::mmu
