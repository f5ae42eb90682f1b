// One guest-physical address through the extended page tables (SDM vol. 3, 29.3.2 to 29.3.6).
#include "sim/mmu/ept.hpp"

#include "sim/mmu/paging_entry.hpp"

namespace hvlab::mmu {

namespace ept = arch::ept;

namespace {

constexpr unsigned kMaximalLevels = 5;

/// Raises what the second stage has met.
[[gnu::cold]] bool fail(Cpu& cpu, u64 address, cpu::NestedFault what) {
  cpu.fault = cpu::Fault{
      .vector = arch::Exception::PageFault, .address = address, .nested = true, .nested_fault = what};
  return false;
}

/// `permissions` of all entries that were met: none where one is not present. `last` is the entry that maps
/// the page, or is not present: it says whether the violation may become #VE (26.5.7.1).
[[gnu::cold]] bool violate(Cpu& cpu, const EptAccess& access, u64 permissions, u64 last) {
  fail(cpu, access.address, cpu::NestedFault::Violation);
  cpu.fault.qualification = access.kinds | (permissions & low_mask(3)) << 3 |
                            ((permissions & ept::kExecuteUser) != 0 ? ept::violation::kExecutableUser : 0);
  cpu.fault.convertible = (last & ept::kSuppressVe) == 0;
  return false;
}

/// Accessed flags on the way and, for a write, the dirty flag of the page. False: the page cannot be logged.
bool set_flags(Cpu& cpu, const EptAccess& access, const Step* steps, unsigned count) {
  const Step& last = steps[count - 1];
  const bool write = (access.kinds & ept::violation::kWrite) != 0;
  if (write && cpu.second_stage.logs_pages && (last.value & ept::kDirty) == 0 &&
      !cpu.guest->page_dirtied(cpu, align_down(access.address, 4096)))
    return fail(cpu, access.address, cpu::NestedFault::LogFull);
  for (unsigned i = 0; i + 1 < count; ++i) set_bits(cpu, steps[i], ept::kAccessed);
  set_bits(cpu, last, write ? ept::kAccessed | ept::kDirty : ept::kAccessed);
  return true;
}

}  // namespace

u64 ept_reserved(const Cpu& cpu, unsigned level, u64 entry) {
  const cpu::EptFeatures& features = cpu.second_stage.ept_features;
  const u64 reserved = low_mask(52) & ~low_mask(cpu.identity.physical_address_bits);
  if (level == 1) return reserved;
  if (level >= 4) return reserved | (low_mask(8) & ~low_mask(3));
  const bool sizes = level == 2 ? features.pages_2m : features.pages_1g;
  if (!sizes) return reserved | (low_mask(8) & ~low_mask(3));
  if ((entry & ept::kPage) == 0) return reserved | (low_mask(7) & ~low_mask(3));
  return reserved | (low_mask(level == 2 ? 21 : 30) & ~low_mask(12));
}

EptFlaw ept_flaw(const Cpu& cpu, unsigned level, u64 entry) {
  const SecondStage& s = cpu.second_stage;
  if ((entry & ept::kRead) == 0) {
    if ((entry & ept::kWrite) != 0) return EptFlaw::WriteOnly;
    if (!s.ept_features.execute_only) return EptFlaw::ExecuteOnly;
  }
  if ((entry & ept_reserved(cpu, level, entry)) != 0) return EptFlaw::Reserved;
  if (!ept_maps_page(level, entry)) return EptFlaw::None;
  const u64 type = bits(entry, 5, 3);
  return type == 2 || type == 3 || type == 7 ? EptFlaw::MemoryType : EptFlaw::None;
}

EptAccess ept_linear(const SecondStage& s, u64 address, Access kind, bool user_mode) {
  const u64 bit_of = u64{1} << static_cast<unsigned>(kind);
  const bool by_mode = kind == Access::Execute && s.mode_based_execute && user_mode;
  return {address, bit_of, by_mode ? ept::kExecuteUser : bit_of};
}

bool ept_translate(Cpu& cpu, const EptAccess& access, EptPage& page, unsigned& references) {
  const SecondStage& s = cpu.second_stage;
  // Four levels have no entry for addresses beyond 48 bits: a violation that no entry can suppress.
  if (s.levels == 4 && (access.address >> 48) != 0) return violate(cpu, access, 0, 0);
  Step steps[kMaximalLevels];
  unsigned count = 0;
  page.permissions = ept_permissions(s);
  u64 table = s.root;
  for (unsigned level = s.levels; level >= 1; --level) {
    const unsigned shift = 12 + (level - 1) * 9;
    const u64 at = table + ((access.address >> shift) & low_mask(9)) * 8;
    const u64 entry = read_physical(cpu, at, 8);
    ++references;
    steps[count++] = {at, entry, 8};
    if (!ept_present(s, entry)) return violate(cpu, access, 0, entry);
    if (ept_flaw(cpu, level, entry) != EptFlaw::None)
      return fail(cpu, access.address, cpu::NestedFault::Misconfiguration);
    page.permissions &= entry;
    table = entry & low_mask(52) & ~low_mask(12);
    if (!ept_maps_page(level, entry)) continue;
    page.shift = static_cast<u8>(shift);
    page.page = table & ~low_mask(shift);
    break;
  }
  const Step& last = steps[count - 1];
  if ((access.needs & ~page.permissions) != 0) return violate(cpu, access, page.permissions, last.value);
  if (!s.accessed_dirty) return true;
  page.dirty = (last.value & ept::kDirty) != 0 || (access.kinds & ept::violation::kWrite) != 0;
  return set_flags(cpu, access, steps, count);
}

}  // namespace hvlab::mmu
