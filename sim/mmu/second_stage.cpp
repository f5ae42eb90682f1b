// The walk of nested paging's tables (APM vol. 2, 15.25).
#include "sim/mmu/paging_entry.hpp"

namespace hvlab::mmu {

WalkResult walk_second_stage(Cpu& cpu, u64 guest_physical, Access access) {
  const Rules rules{cpu.second_stage.cr4, cpu.second_stage.efer};
  const Levels l = levels(rules);
  WalkResult r;
  Translation& t = r.translation;
  t.writable = t.user = true;
  const u32 error = error_bits(rules, access, true);
  const auto fail = [&](u32 bits_of) {
    r.fault = true;
    r.error = bits_of;
    return r;
  };
  if (!rules.long_mode() && (guest_physical >> 32) != 0) return fail(error);
  u64 table = table_of_root(rules, l, cpu.second_stage.root);
  if (l.entry_bytes == 8 && !rules.long_mode()) {
    const u64 pdpte = read_physical(cpu, table + bits(guest_physical, 31, 30) * 8, 8);
    ++r.references;
    if (!(pdpte & kPresent)) return fail(error);
    if ((pdpte & pdpte_reserved(cpu)) != 0) return fail(error | pf::kPresent | pf::kReserved);
    table = pdpte & low_mask(52) & ~low_mask(12);
  }
  Step steps[4];
  unsigned count = 0;
  for (unsigned level = l.top; level >= 1; --level) {
    const unsigned shift = 12 + (level - 1) * l.index_bits;
    const u64 address = table + ((guest_physical >> shift) & low_mask(l.index_bits)) * l.entry_bytes;
    const u64 entry = read_physical(cpu, address, l.entry_bytes);
    ++r.references;
    steps[count++] = {address, entry, l.entry_bytes};
    if (!(entry & kPresent)) return fail(error);
    if (entry & reserved_bits(cpu, rules, l, level, entry)) return fail(error | pf::kPresent | pf::kReserved);
    if (take_entry(rules, l, level, entry, t)) break;
    table = table_of_entry(l, entry);
  }
  const bool allowed =
      t.user && (access != Access::Write || t.writable) && (access != Access::Execute || !t.no_execute);
  if (!allowed) return fail(error | pf::kPresent);
  for (unsigned i = 0; i + 1 < count; ++i) set_bits(cpu, steps[i], kAccessed);
  set_bits(cpu, steps[count - 1], access == Access::Write ? kAccessed | kDirty : kAccessed);
  t.dirty = t.dirty || access == Access::Write;
  return r;
}

}  // namespace hvlab::mmu
