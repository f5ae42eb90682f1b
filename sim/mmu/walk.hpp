// The page walk of linear addresses: 32-bit, PAE and 4-level paging (SDM vol. 3, chapter 4).
#pragma once

#include "sim/mmu/access.hpp"

namespace hvlab::mmu {

/// What a translation allows, whatever the access: kept in TLB entries.
struct Translation {
  u64 page = 0;   // physical address of the page
  u8 shift = 12;  // log2 of its size: 12, 21, 22, 30
  u8 guest_shift =
      12;  // log2 of the page's size in the guest's tables, where a second stage cuts it into smaller ones
  bool writable = false, user = false, no_execute = false, global = false, dirty = false;
  u8 second = 7;  // what the second stage allows: bits of second_allows()
};

/// The bit of Translation::second for a kind of access.
constexpr u8 second_allows(Access access) { return static_cast<u8>(1u << static_cast<unsigned>(access)); }

/// The outcome of a walk. What only a fault of EPT tells besides is in Cpu::fault.
struct WalkResult {
  Translation translation;
  bool fault = false;
  u32 error = 0;             // of the page fault
  bool nested = false;       // a fault of the second stage, at guest-physical `address`
  bool nested_walk = false;  // ... in reading the guest's tables
  u64 address = 0;
  unsigned references = 0;  // table entries read, of both stages
};

// Every miss of the TLB copies them.
static_assert(sizeof(Translation) == 16 && sizeof(WalkResult) == 48);

/// Walks the current tables for `linear`. If the access is permitted, sets the accessed bits on the way and,
/// for a write, the dirty bit; else reports the fault and sets nothing of the tables at fault. Paging or a
/// second stage must be on; with a second stage the page found is the system's. A fault of EPT
/// (WalkResult::nested in a guest with such a second stage) is in Cpu::fault already.
WalkResult walk(Cpu& cpu, u64 linear, Access access, bool user, Rights rights);

/// Walks the second stage of a guest, in the host's paging mode at VM entry, for guest-physical `address`;
/// all accesses are user accesses (APM vol. 2, 15.25.5). The page found has the permissions and the dirty bit
/// of the second stage.
WalkResult walk_second_stage(Cpu& cpu, u64 address, Access access);
/// walk() in a guest with nested paging.
WalkResult walk_nested(Cpu& cpu, u64 linear, Access access, bool user, Rights rights);

/// True if the access may use the translation (SDM vol. 3, 4.6).
inline bool permitted(const Cpu& cpu, const Translation& t, Access access, bool user, Rights rights) {
  if ((t.second & second_allows(access)) == 0) return false;
  if (!(cpu.cr0 & arch::cr0::kPg)) return true;
  if (user) {
    if (!t.user) return false;
    if (access == Access::Write) return t.writable;
    return access == Access::Read || !t.no_execute;
  }
  if (access == Access::Execute) return !t.no_execute && !(t.user && (cpu.cr4 & arch::cr4::kSmep));
  const bool smap =
      (cpu.cr4 & arch::cr4::kSmap) != 0 && (rights == Rights::System || !cpu.rflag(arch::flag::kAc));
  if (t.user && smap) return false;
  return access == Access::Read || t.writable || !(cpu.cr0 & arch::cr0::kWp);
}

/// Reads the four PDPTEs that CR3 value `cr3` points at into the processor (PAE paging, SDM vol. 3, 4.4.1).
/// Raises #GP(0) if a reserved bit is set in a present one, or what EPT says, with nothing loaded. Nested
/// paging does not load them: each walk reads the table.
Outcome load_pdptes(Cpu& cpu, u64 cr3);
/// The same from physical address `table`.
Outcome read_pdptes(Cpu& cpu, u64 table);

/// Physical memory as the page walk and other implicit accesses reach it; little-endian.
u64 read_physical(Cpu& cpu, u64 address, unsigned bytes);
void write_physical(Cpu& cpu, u64 address, u64 value, unsigned bytes);

}  // namespace hvlab::mmu
