// Entries of paging structures, for both stages: their bits, the modes that decide their layout, what may not
// be set (SDM vol. 3, 4.3 to 4.5).
#pragma once

#include "sim/cpu/cpuid.hpp"
#include "sim/mmu/walk.hpp"

namespace hvlab::mmu {

namespace cr4 = arch::cr4;
namespace efer = arch::efer;
namespace pf = arch::pf;

inline constexpr u64 kPresent = bit(0), kWritable = bit(1), kUser = bit(2), kAccessed = bit(5),
                     kDirty = bit(6), kPageSize = bit(7), kGlobal = bit(8), kNoExecute = bit(63);

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

/// The registers that decide the mode in which tables are read: the processor's own, or the host's of a
/// second stage.
struct Rules {
  u64 cr4, efer;
  bool long_mode() const { return (efer & efer::kLma) != 0; }
};

inline Rules own_rules(const Cpu& cpu) { return {cpu.cr4, cpu.efer}; }

inline Levels levels(const Rules& rules) {
  if (rules.long_mode()) return {4, 8, 9};
  if (rules.cr4 & cr4::kPae) return {2, 8, 9};
  return {2, 4, 10};
}

/// Bits that must be zero in a present entry (SDM vol. 3, 4.3 to 4.5). `level` counts from 1 (page table).
inline u64 reserved_bits(const Cpu& cpu, const Rules& rules, const Levels& l, unsigned level, u64 entry) {
  const bool large = level > 1 && (entry & kPageSize) != 0;
  if (l.entry_bytes == 4) {
    if (!large || !(rules.cr4 & cr4::kPse)) return 0;
    // A 4 MiB page: bits 20..13 are address bits 39..32 (PSE-36), bit 21 is reserved.
    return bit(21);
  }
  u64 reserved = low_mask(52) & ~low_mask(cpu.identity.physical_address_bits);
  if (!(rules.efer & efer::kNxe)) reserved |= kNoExecute;
  if (!rules.long_mode()) reserved |= low_mask(63) & ~low_mask(52);
  if (large) {
    if (level == 2) reserved |= low_mask(21) & ~low_mask(13);
    if (level == 3) reserved |= cpu.has(cpu::Feature::Pdpe1gb) ? (low_mask(30) & ~low_mask(13)) : kPageSize;
    if (level == 4) reserved |= kPageSize;
  }
  // AMD's also want bit 8 clear in the top level (APM vol. 2, figure 5-20).
  if (level == 4 && cpu::vendor(cpu) == cpu::Vendor::Amd) reserved |= kGlobal;
  return reserved;
}

/// Bits that must be zero in a present page-directory-pointer entry of PAE paging (SDM vol. 3, 4.4.1).
inline u64 pdpte_reserved(const Cpu& cpu) {
  return (low_mask(9) & ~low_mask(5)) | 0x6 | ~low_mask(cpu.identity.physical_address_bits);
}

inline bool is_leaf(const Rules& rules, const Levels& l, unsigned level, u64 entry) {
  if (level == 1) return true;
  if (!(entry & kPageSize)) return false;
  return l.entry_bytes == 8 || (rules.cr4 & cr4::kPse) != 0;
}

inline u64 leaf_address(const Levels& l, unsigned level, u64 entry, u8 shift) {
  if (l.entry_bytes == 4) {
    if (level == 1) return entry & 0xFFFF'F000;
    return (entry & 0xFFC0'0000) | (bits(entry, 20, 13) << 32);
  }
  return entry & low_mask(52) & ~low_mask(shift);
}

inline u32 error_bits(const Rules& rules, Access access, bool user) {
  u32 error = 0;
  if (access == Access::Write) error |= pf::kWrite;
  if (user) error |= pf::kUser;
  const bool fetch_reported =
      ((rules.cr4 & cr4::kPae) && (rules.efer & efer::kNxe)) || (rules.cr4 & cr4::kSmep);
  if (access == Access::Execute && fetch_reported) error |= pf::kFetch;
  return error;
}

/// Where a walk begins.
inline u64 table_of_root(const Rules& rules, const Levels& l, u64 root) {
  if (l.entry_bytes == 4) return root & 0xFFFF'F000;
  return rules.long_mode() ? root & low_mask(52) & ~low_mask(12) : root & 0xFFFF'FFE0;
}
inline u64 table_of_entry(const Levels& l, u64 entry) {
  return l.entry_bytes == 4 ? entry & 0xFFFF'F000 : entry & low_mask(52) & ~low_mask(12);
}

/// Collects what an entry of `level` says; true if it is the last one.
inline bool take_entry(const Rules& rules, const Levels& l, unsigned level, u64 entry, Translation& t) {
  t.writable = t.writable && (entry & kWritable);
  t.user = t.user && (entry & kUser);
  t.no_execute = t.no_execute || (l.entry_bytes == 8 && (entry & kNoExecute));
  if (!is_leaf(rules, l, level, entry)) return false;
  t.shift = t.guest_shift = static_cast<u8>(12 + (level - 1) * l.index_bits);
  t.page = leaf_address(l, level, entry, t.shift);
  t.global = (entry & kGlobal) && (rules.cr4 & cr4::kPge);
  t.dirty = (entry & kDirty) != 0;
  return true;
}

/// Sets bits of an entry that a walk has met, if they are not set.
inline void set_bits(Cpu& cpu, const Step& step, u64 mask) {
  if ((step.value & mask) != mask) write_physical(cpu, step.address, step.value | mask, step.bytes);
}

}  // namespace hvlab::mmu
