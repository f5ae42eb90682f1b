// Extended page tables (SDM vol. 3, 29.3): rules of their entries, and the translation of one guest-physical
// address.
#pragma once

#include "sim/arch/ept.hpp"
#include "sim/mmu/walk.hpp"

namespace hvlab::mmu {

using cpu::SecondStage;

// --- entries ---

/// The bits of an entry that give permissions.
inline u64 ept_permissions(const SecondStage& s) {
  return arch::ept::kRead | arch::ept::kWrite | arch::ept::kExecute |
         (s.mode_based_execute ? arch::ept::kExecuteUser : 0);
}

inline bool ept_present(const SecondStage& s, u64 entry) { return (entry & ept_permissions(s)) != 0; }

/// `level` counts from 1 (EPT page table) to 5.
inline bool ept_maps_page(unsigned level, u64 entry) {
  return level == 1 || (level <= 3 && (entry & arch::ept::kPage) != 0);
}

/// What makes a present entry a misconfiguration (29.3.3.1).
enum class EptFlaw : u8 { None, WriteOnly, ExecuteOnly, Reserved, MemoryType };
EptFlaw ept_flaw(const Cpu& cpu, unsigned level, u64 entry);

/// The bits of a present entry that must be zero.
u64 ept_reserved(const Cpu& cpu, unsigned level, u64 entry);

// --- translation ---

/// An access by guest-physical address: `kinds` of it (arch::ept::violation::kRead, kWrite, kFetch), and the
/// permission bits that it needs in every entry.
struct EptAccess {
  u64 address;
  u64 kinds, needs;
};

/// Data accesses need the permission bits that have the numbers of their kinds.
constexpr EptAccess ept_data(u64 address, u64 kinds) { return {address, kinds, kinds}; }

/// The access `kind` of a linear address that has been translated to `address`. `user_mode`: the linear
/// address is a user-mode one, as all are without paging (29.3.3.2; table 28-7, bit 9).
EptAccess ept_linear(const SecondStage& s, u64 address, Access kind, bool user_mode);

/// What a guest-physical address leads to.
struct EptPage {
  u64 page = 0;         // physical address
  u64 permissions = 0;  // bits of ept_permissions() that all entries have
  u8 shift = 12;        // log2 of the page's size
  bool dirty = true;    // its dirty flag is set, or there are none
};

/// Translates, sets accessed and dirty flags and asks for an entry in the page-modification log (29.3.5,
/// 29.3.6). Adds the entries read to `references`. False: Cpu::fault tells why, but for what a linear address
/// adds (Fault::linear, bits 7 to 11 of the qualification) and Fault::nested_walk.
bool ept_translate(Cpu& cpu, const EptAccess& access, EptPage& page, unsigned& references);

/// Bits 8 to 11 of a violation's qualification (table 28-7): the access is to the translation of a linear
/// address, of which the guest's tables say `t`.
u64 ept_final_bits(const Cpu& cpu, const Translation& t);

/// mmu::walk() in a guest with EPT.
WalkResult walk_ept(Cpu& cpu, u64 linear, Access access, bool user, Rights rights);
/// mmu::load_pdptes() in such a guest, whose CR3 is guest-physical.
Outcome load_pdptes_ept(Cpu& cpu, u64 cr3);

}  // namespace hvlab::mmu
