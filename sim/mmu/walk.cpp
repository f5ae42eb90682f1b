#include "sim/mmu/walk.hpp"

#include <cstring>

namespace hvlab::mmu {

using namespace arch;

namespace {

constexpr u64 kPresent = bit(0), kWritable = bit(1), kUser = bit(2), kAccessed = bit(5), kDirty = bit(6),
              kPageSize = bit(7), kGlobal = bit(8), kNoExecute = bit(63);

/// A paging structure entry met on the way.
struct Step {
  u64 address;
  u64 value;
  unsigned bytes;
};

/// The layout of one paging mode.
struct Levels {
  unsigned top;          // number of levels that are walked in memory
  unsigned entry_bytes;  // 4 or 8
  unsigned index_bits;   // 10 or 9
};

Levels levels(const Cpu& cpu) {
  if (cpu.long_active()) return {4, 8, 9};
  if (cpu.cr4 & cr4::kPae) return {2, 8, 9};
  return {2, 4, 10};
}

/// Bits that must be zero in a present entry (SDM vol. 3, 4.3 to 4.5). `level` counts from 1 (page table).
u64 reserved_bits(const Cpu& cpu, const Levels& l, unsigned level, u64 entry) {
  const bool large = level > 1 && (entry & kPageSize) != 0;
  if (l.entry_bytes == 4) {
    if (!large || !(cpu.cr4 & cr4::kPse)) return 0;
    // A 4 MiB page: bits 20..13 are address bits 39..32 (PSE-36), bit 21 is reserved.
    return bit(21);
  }
  u64 reserved = low_mask(52) & ~low_mask(cpu.identity.physical_address_bits);
  if (!(cpu.efer & efer::kNxe)) reserved |= kNoExecute;
  if (!cpu.long_active()) reserved |= low_mask(63) & ~low_mask(52);
  if (large) {
    if (level == 2) reserved |= low_mask(21) & ~low_mask(13);
    if (level == 3) reserved |= cpu.has(cpu::Feature::Pdpe1gb) ? (low_mask(30) & ~low_mask(13)) : kPageSize;
    if (level == 4) reserved |= kPageSize;
  }
  return reserved;
}

bool is_leaf(const Cpu& cpu, const Levels& l, unsigned level, u64 entry) {
  if (level == 1) return true;
  if (!(entry & kPageSize)) return false;
  return l.entry_bytes == 8 || (cpu.cr4 & cr4::kPse) != 0;
}

u64 leaf_address(const Levels& l, unsigned level, u64 entry, u8 shift) {
  if (l.entry_bytes == 4) {
    if (level == 1) return entry & 0xFFFF'F000;
    return (entry & 0xFFC0'0000) | (bits(entry, 20, 13) << 32);
  }
  return entry & low_mask(52) & ~low_mask(shift);
}

u32 error_bits(const Cpu& cpu, Access access, bool user) {
  u32 error = 0;
  if (access == Access::Write) error |= pf::kWrite;
  if (user) error |= pf::kUser;
  const bool fetch_reported = ((cpu.cr4 & cr4::kPae) && (cpu.efer & efer::kNxe)) || (cpu.cr4 & cr4::kSmep);
  if (access == Access::Execute && fetch_reported) error |= pf::kFetch;
  return error;
}

void set_bits(Cpu& cpu, const Step& step, u64 mask) {
  if ((step.value & mask) != mask) write_physical(cpu, step.address, step.value | mask, step.bytes);
}

}  // namespace

u64 read_physical(Cpu& cpu, u64 address, unsigned bytes) {
  if (const u8* page = cpu.bus->ram_page(align_down(address, 4096)); page != nullptr) {
    u64 value = 0;
    std::memcpy(&value, page + (address & 0xFFF), bytes);
    return value;
  }
  return cpu.bus->mmio_read(address, bytes);
}

void write_physical(Cpu& cpu, u64 address, u64 value, unsigned bytes) {
  if (u8* page = cpu.bus->ram_page(align_down(address, 4096)); page != nullptr) {
    if (cpu.code != nullptr && cpu.code->holds_code(address >> 12)) cpu.code->written(address, bytes);
    std::memcpy(page + (address & 0xFFF), &value, bytes);
    return;
  }
  cpu.bus->mmio_write(address, bytes, value);
}

bool permitted(const Cpu& cpu, const Translation& t, Access access, bool user, Rights rights) {
  if (user) {
    if (!t.user) return false;
    if (access == Access::Write) return t.writable;
    return access == Access::Read || !t.no_execute;
  }
  if (access == Access::Execute) return !t.no_execute && !(t.user && (cpu.cr4 & cr4::kSmep));
  const bool smap = (cpu.cr4 & cr4::kSmap) != 0 && (rights == Rights::System || !cpu.rflag(flag::kAc));
  if (t.user && smap) return false;
  return access == Access::Read || t.writable || !(cpu.cr0 & cr0::kWp);
}

WalkResult walk(Cpu& cpu, u64 linear, Access access, bool user, Rights rights) {
  const Levels l = levels(cpu);
  WalkResult r;
  Translation& t = r.translation;
  t.writable = t.user = true;
  Step steps[4];
  u64 table = 0;
  if (l.entry_bytes == 4) {
    table = cpu.cr3 & 0xFFFF'F000;
  } else if (cpu.long_active()) {
    table = cpu.cr3 & low_mask(52) & ~low_mask(12);
  } else {
    const u64 pdpte = cpu.pdpte[bits(linear, 31, 30)];
    if (!(pdpte & kPresent)) {
      r.fault = true;
      r.error = error_bits(cpu, access, user);
      return r;
    }
    table = pdpte & low_mask(52) & ~low_mask(12);
  }
  for (unsigned level = l.top; level >= 1; --level) {
    const u8 shift = static_cast<u8>(12 + (level - 1) * l.index_bits);
    const u64 address = table + ((linear >> shift) & low_mask(l.index_bits)) * l.entry_bytes;
    const u64 entry = read_physical(cpu, address, l.entry_bytes);
    steps[r.references++] = {address, entry, l.entry_bytes};
    if (!(entry & kPresent)) {
      r.fault = true;
      r.error = error_bits(cpu, access, user);
      return r;
    }
    if (entry & reserved_bits(cpu, l, level, entry)) {
      r.fault = true;
      r.error = error_bits(cpu, access, user) | pf::kPresent | pf::kReserved;
      return r;
    }
    t.writable = t.writable && (entry & kWritable);
    t.user = t.user && (entry & kUser);
    t.no_execute = t.no_execute || (l.entry_bytes == 8 && (entry & kNoExecute));
    if (!is_leaf(cpu, l, level, entry)) {
      table = l.entry_bytes == 4 ? entry & 0xFFFF'F000 : entry & low_mask(52) & ~low_mask(12);
      continue;
    }
    t.shift = shift;
    t.page = leaf_address(l, level, entry, shift);
    t.global = (entry & kGlobal) && (cpu.cr4 & cr4::kPge);
    t.dirty = (entry & kDirty) != 0;
    break;
  }
  if (!permitted(cpu, t, access, user, rights)) {
    r.fault = true;
    r.error = error_bits(cpu, access, user) | pf::kPresent;
    return r;
  }
  for (unsigned i = 0; i + 1 < r.references; ++i) set_bits(cpu, steps[i], kAccessed);
  set_bits(cpu, steps[r.references - 1], access == Access::Write ? kAccessed | kDirty : kAccessed);
  t.dirty = t.dirty || access == Access::Write;
  return r;
}

Outcome load_pdptes(Cpu& cpu, u64 cr3) {
  const u64 table = cr3 & 0xFFFF'FFE0;
  const u64 reserved = ((low_mask(9) & ~low_mask(5)) | 0x6 |
                                               ~low_mask(cpu.identity.physical_address_bits));
  u64 entries[4];
  for (unsigned i = 0; i < 4; ++i) {
    entries[i] = read_physical(cpu, table + i * 8, 8);
    if ((entries[i] & kPresent) && (entries[i] & reserved)) return raise(cpu, Exception::GeneralProtection, 0);
  }
  std::memcpy(cpu.pdpte, entries, sizeof entries);
  return Outcome::Next;
}

}  // namespace hvlab::mmu
