// A guest's tables behind extended page tables (SDM vol. 3, 29.3.3).
#include "sim/base/check.hpp"
#include "sim/mmu/apic_page.hpp"
#include "sim/mmu/ept.hpp"
#include "sim/mmu/first_stage.hpp"

namespace hvlab::mmu {

namespace violation = arch::ept::violation;

namespace {

/// What the exit tells of the linear address; of violations only (28.2.1).
void add_linear(Cpu& cpu, u64 linear, u64 qualification) {
  if (cpu.fault.nested_fault != cpu::NestedFault::Violation) return;
  cpu.fault.linear = linear;
  cpu.fault.qualification |= violation::kLinearValid | qualification;
}

class ExtendedTables {
 public:
  static constexpr bool kTranslates = true, kChecksPdpte = false;

  explicit ExtendedTables(u64 linear) : linear_(linear) {}

  /// An access to an entry is a read, and with accessed and dirty flags for EPT a write too (29.3.3.2).
  bool locate(Cpu& cpu, u64 guest_physical, WalkResult& r, u64& address) {
    const u64 kinds = violation::kRead | (cpu.second_stage.accessed_dirty ? violation::kWrite : 0);
    EptPage page;
    if (!ept_translate(cpu, ept_data(guest_physical, kinds), page, r.references))
      return table_fault(cpu, guest_physical, r);
    address = page.page | (guest_physical & low_mask(page.shift));
    if (in_apic_access_page(cpu, address)) {
      apic_access_fault(cpu, guest_physical);
      return table_fault(cpu, guest_physical, r);
    }
    met_[count_++] = {guest_physical, (page.permissions & arch::ept::kWrite) != 0};
    return true;
  }

  /// Loaded by MOV to CR.
  bool pdpte(Cpu& cpu, u64 linear, WalkResult&, u64& entry) {
    entry = cpu.pdpte[bits(linear, 31, 30)];
    return true;
  }

  /// Without accessed and dirty flags for EPT entries are not written anyway, only where a flag of the
  /// guest's changes. Such an update reads and writes the entry in one, and a violation tells both, as the
  /// parts do.
  bool may_update(Cpu& cpu, u64, const Step* steps, unsigned count, Access access, WalkResult& r) {
    for (unsigned i = 0; i < count; ++i) {
      const bool dirties = i + 1 == count && access == Access::Write;
      const u64 wanted = dirties ? kAccessed | kDirty : kAccessed;
      if (met_[i].writable || (steps[i].value & wanted) == wanted) continue;
      EptPage unused;
      unsigned again = 0;
      constexpr u64 kUpdate = violation::kRead | violation::kWrite;
      HVLAB_CHECK(!ept_translate(cpu, ept_data(met_[i].guest_physical, kUpdate), unused, again));
      return table_fault(cpu, met_[i].guest_physical, r);
    }
    return true;
  }

  bool apply(Cpu& cpu, u64 linear, Access access, WalkResult& r) {
    const SecondStage& s = cpu.second_stage;
    Translation& t = r.translation;
    const u64 guest_physical = t.page | (linear & low_mask(t.shift));
    EptPage page;
    if (!ept_translate(cpu, ept_linear(s, guest_physical, access, t.user), page, r.references)) {
      add_linear(cpu, linear_, ept_final_bits(cpu, t));
      return nested_fault(r, 0, guest_physical, false);
    }
    const u64 execute = s.mode_based_execute && t.user ? arch::ept::kExecuteUser : arch::ept::kExecute;
    const u64 allowed = (page.permissions & (arch::ept::kRead | arch::ept::kWrite)) |
                        ((page.permissions & execute) != 0 ? second_allows(Access::Execute) : 0);
    merge(t, guest_physical, {page.page, page.shift, static_cast<u8>(allowed), page.dirty});
    return true;
  }

 private:
  bool table_fault(Cpu& cpu, u64 guest_physical, WalkResult& r) {
    add_linear(cpu, linear_, 0);
    cpu.fault.nested_walk = true;
    return nested_fault(r, 0, guest_physical, true);
  }

  /// The entries of the guest's tables, in the order of the walk's steps.
  struct Met {
    u64 guest_physical;
    bool writable;
  };
  u64 linear_;
  Met met_[kFirstStageLevels];
  unsigned count_ = 0;
};

}  // namespace

u64 ept_final_bits(const Cpu& cpu, const Translation& t) {
  if (!cpu.second_stage.ept_features.advanced_information) return violation::kFinal;
  return violation::kFinal | (t.user ? violation::kUserMode : 0) | (t.writable ? violation::kReadWrite : 0) |
         (t.no_execute ? violation::kExecuteDisable : 0);
}

WalkResult walk_ept(Cpu& cpu, u64 linear, Access access, bool user, Rights rights) {
  return walk_through(cpu, linear, access, user, rights, ExtendedTables(linear));
}

// Reads, even with accessed and dirty flags; a violation has no linear address (29.3.3.2; table 28-7, bit 7).
Outcome load_pdptes_ept(Cpu& cpu, u64 cr3) {
  const u64 table = cr3 & 0xFFFF'FFE0;
  EptPage page;
  unsigned references = 0;
  const bool found = ept_translate(cpu, ept_data(table, violation::kRead), page, references);
  cpu.charge(u64{references} * cpu.costs.page_walk_reference);
  const u64 address = page.page | (table & low_mask(page.shift));
  if (found && in_apic_access_page(cpu, address)) apic_access_fault(cpu, table);
  if (!found || in_apic_access_page(cpu, address)) {
    cpu.fault.nested_walk = true;
    return Outcome::Fault;
  }
  return read_pdptes(cpu, address);
}

}  // namespace hvlab::mmu
