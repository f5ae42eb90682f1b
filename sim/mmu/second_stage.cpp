// Nested paging (APM vol. 2, 15.25): the walk of its tables, and of a guest's through it.
#include "sim/mmu/first_stage.hpp"

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

namespace {

struct NestedPaging {
  static constexpr bool kTranslates = true, kChecksPdpte = true;

  /// The processor may have to set bits in the entry, therefore the second stage must allow writing
  /// (15.25.5).
  bool locate(Cpu& cpu, u64 guest_physical, WalkResult& r, u64& address) {
    const WalkResult second = walk_second_stage(cpu, guest_physical, Access::Write);
    r.references += second.references;
    if (second.fault) return nested_fault(r, second.error, guest_physical, true);
    address = second.translation.page | (guest_physical & low_mask(second.translation.shift));
    return true;
  }

  /// The table is read at each walk (15.25.10).
  bool pdpte(Cpu& cpu, u64 linear, WalkResult& r, u64& entry) {
    u64 address = 0;
    if (!locate(cpu, (cpu.cr3 & 0xFFFF'FFE0) + bits(linear, 31, 30) * 8, r, address)) return false;
    entry = read_physical(cpu, address, 8);
    ++r.references;
    return true;
  }

  bool may_update(Cpu&, u64, const Step*, unsigned, Access, WalkResult&) { return true; }

  bool apply(Cpu& cpu, u64 linear, Access access, WalkResult& r) {
    const u64 guest_physical = r.translation.page | (linear & low_mask(r.translation.shift));
    const WalkResult second = walk_second_stage(cpu, guest_physical, access);
    r.references += second.references;
    if (second.fault) return nested_fault(r, second.error, guest_physical, false);
    const Translation& s = second.translation;
    const int allowed = second_allows(Access::Read) | (s.writable ? second_allows(Access::Write) : 0) |
                        (s.no_execute ? 0 : second_allows(Access::Execute));
    merge(r.translation, guest_physical, {s.page, s.shift, static_cast<u8>(allowed), s.dirty});
    return true;
  }
};

}  // namespace

WalkResult walk_nested(Cpu& cpu, u64 linear, Access access, bool user, Rights rights) {
  return walk_through(cpu, linear, access, user, rights, NestedPaging{});
}

}  // namespace hvlab::mmu
