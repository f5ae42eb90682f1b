// The walk of a system's own tables, for every kind of second stage that may stand behind them. `Second` says
// how a guest-physical address becomes a physical one:
//
//   static constexpr bool kTranslates;  // false: there is none
//   bool locate(cpu, guest_physical, r, address);  // where a table entry stands
//   bool pdpte(cpu, linear, r, entry);             // the page-directory-pointer entry of PAE paging
//   static constexpr bool kChecksPdpte;            // ... may have reserved bits set
//   bool may_update(cpu, linear, steps, count, access, r);  // accessed and dirty flags of the entries met
//   bool apply(cpu, linear, access, r);            // sends the page found through the second stage
//
// All return false for a fault, which `r` then has. A template, so that a walk without second stage does not
// pay for the others.
#pragma once

#include <algorithm>

#include "sim/mmu/paging_entry.hpp"

namespace hvlab::mmu {

inline constexpr unsigned kFirstStageLevels = 4;

/// What the second stage says of a page: log2 of its size, and second_allowed bits.
struct SecondPage {
  u64 page;
  u8 shift, allowed;
  bool dirty;
};

/// Makes `r` a fault of the second stage, met in reading the guest's tables or at the address they gave.
[[gnu::cold]] inline bool nested_fault(WalkResult& r, u32 error, u64 address, bool walking) {
  r.fault = r.nested = true;
  r.nested_walk = walking;
  r.error = error;
  r.address = address;
  return false;
}

/// Puts the page of the second stage in place of the guest's: the smaller of the two sizes remains.
inline void merge(Translation& t, u64 guest_physical, const SecondPage& s) {
  const u8 shift = std::min(t.shift, s.shift);
  t.page = (s.page | (guest_physical & low_mask(s.shift))) & ~low_mask(shift);
  t.shift = shift;
  t.dirty = t.dirty && s.dirty;
  t.second = s.allowed;
}

/// What an entry of the processor's registers, or of memory, gives for a PAE walk.
template <class Second>
bool take_pdpte(Cpu& cpu, u64 linear, u32 error, WalkResult& r, u64& table, Second& second) {
  u64 pdpte = 0;
  if (!second.pdpte(cpu, linear, r, pdpte)) return false;
  r.fault = !(pdpte & kPresent);
  r.error = error;
  if (Second::kChecksPdpte && !r.fault && (pdpte & pdpte_reserved(cpu)) != 0) {
    r.fault = true;
    r.error = error | pf::kPresent | pf::kReserved;
  }
  table = pdpte & low_mask(52) & ~low_mask(12);
  return !r.fault;
}

/// What the guest's (or the only) tables say, and the entries met.
template <class Second>
bool walk_tables(Cpu& cpu, u64 linear, u32 error, WalkResult& r, Step* steps, unsigned& count,
                 Second& second) {
  const Rules rules = own_rules(cpu);
  const Levels l = levels(rules);
  Translation& t = r.translation;
  t.writable = t.user = true;
  u64 table = table_of_root(rules, l, cpu.cr3);
  if (l.entry_bytes == 8 && !cpu.long_active() && !take_pdpte(cpu, linear, error, r, table, second))
    return false;
  for (unsigned level = l.top; level >= 1; --level) {
    const unsigned shift = 12 + (level - 1) * l.index_bits;
    u64 address = table + ((linear >> shift) & low_mask(l.index_bits)) * l.entry_bytes;
    if (!second.locate(cpu, address, r, address)) return false;
    const u64 entry = read_physical(cpu, address, l.entry_bytes);
    ++r.references;
    steps[count++] = {address, entry, l.entry_bytes};
    const bool reserved = (entry & reserved_bits(cpu, rules, l, level, entry)) != 0;
    if (!(entry & kPresent) || reserved) {
      r.fault = true;
      r.error = (entry & kPresent) ? error | pf::kPresent | pf::kReserved : error;
      return false;
    }
    if (take_entry(rules, l, level, entry, t)) break;
    table = table_of_entry(l, entry);
  }
  return true;
}

/// mmu::walk() with this kind of second stage.
template <class Second>
WalkResult walk_through(Cpu& cpu, u64 linear, Access access, bool user, Rights rights, Second second) {
  WalkResult r;
  Translation& t = r.translation;
  Step steps[kFirstStageLevels];
  unsigned count = 0;
  if (cpu.cr0 & arch::cr0::kPg) {
    const u32 error = error_bits(own_rules(cpu), access, user);
    if (!walk_tables(cpu, linear, error, r, steps, count, second)) return r;
    if (!permitted(cpu, t, access, user, rights)) {
      r.fault = true;
      r.error = error | pf::kPresent;
      return r;
    }
    if (!second.may_update(cpu, linear, steps, count, access, r)) return r;
    t.dirty = t.dirty || access == Access::Write;
  } else {
    t.shift = t.guest_shift = Second::kTranslates ? 30 : 12;
    t.page = linear & ~low_mask(t.shift);
    t.writable = t.user = t.dirty = true;
  }
  if (!second.apply(cpu, linear, access, r)) return r;
  for (unsigned i = 0; i + 1 < count; ++i) set_bits(cpu, steps[i], kAccessed);
  if (count != 0) set_bits(cpu, steps[count - 1], access == Access::Write ? kAccessed | kDirty : kAccessed);
  return r;
}

}  // namespace hvlab::mmu
