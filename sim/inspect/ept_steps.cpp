// The explained walk of extended page tables (SDM vol. 3, 29.3).
#include <fmt/format.h>

#include "sim/inspect/walk_steps.hpp"

namespace hvlab::inspect {

namespace ept = arch::ept;
using mmu::EptFlaw;

namespace {

constexpr const char* kTables[] = {"", "PT", "PD", "PDPT", "PML4", "PML5"};

/// Why the entry is misconfigured; empty if it is not.
std::string flaw_of(const cpu::Cpu& cpu, unsigned level, u64 entry) {
  switch (mmu::ept_flaw(cpu, level, entry)) {
    case EptFlaw::None: return "";
    case EptFlaw::WriteOnly: return "writable, but not readable";
    case EptFlaw::ExecuteOnly: return "executable, but not readable";
    case EptFlaw::Reserved:
      return fmt::format("reserved bits {:#x} are set", entry & mmu::ept_reserved(cpu, level, entry));
    case EptFlaw::MemoryType: break;
  }
  return fmt::format("memory type {} is reserved", bits(entry, 5, 3));
}

/// Which permission is missing.
const char* denied(const mmu::EptAccess& access, u64 permissions) {
  const u64 missing = access.needs & ~permissions;
  if ((missing & ept::kRead) != 0) return "not readable";
  return (missing & ept::kWrite) != 0     ? "not writable"
         : (missing & ept::kExecute) != 0 ? "not executable"
                                          : "not executable for users";
}

/// Table 28-7, without a linear address.
u32 qualification(const mmu::EptAccess& access, u64 permissions) {
  return static_cast<u32>(access.kinds | (permissions & low_mask(3)) << 3 |
                          ((permissions & ept::kExecuteUser) != 0 ? ept::violation::kExecutableUser : 0));
}

const char* memory_type(u64 entry) {
  static constexpr const char* kNames[] = {"uncacheable",   "write-combining", "memory-type-2",
                                           "memory-type-3", "write-through",   "write-protected",
                                           "write-back",    "memory-type-7"};
  return kNames[bits(entry, 5, 3)];
}

/// The names of what is set in an entry.
std::vector<std::string> flags_of(const cpu::Cpu& cpu, u64 entry, bool last) {
  static constexpr std::pair<u64, const char*> kFlags[] = {
      {ept::kRead, "read"}, {ept::kWrite, "write"}, {ept::kExecute, "execute"}};
  const cpu::SecondStage& s = cpu.second_stage;
  std::vector<std::string> names;
  for (const auto& [mask, name] : kFlags)
    if ((entry & mask) != 0) names.emplace_back(name);
  if (s.mode_based_execute && (entry & ept::kExecuteUser) != 0) names.emplace_back("execute-user");
  const bool present = mmu::ept_present(s, entry);
  if (last) names.emplace_back(memory_type(entry));
  if (last && (entry & ept::kIgnorePat) != 0) names.emplace_back("ignore-pat");
  if (present && s.accessed_dirty && (entry & ept::kAccessed) != 0) names.emplace_back("accessed");
  if (last && s.accessed_dirty && (entry & ept::kDirty) != 0) names.emplace_back("dirty");
  if ((last || !present) && (entry & ept::kSuppressVe) != 0) names.emplace_back("suppress-ve");
  return names;
}

}  // namespace

Reached ept_stage(const cpu::Cpu& cpu, const mmu::EptAccess& access, bool user_mode,
                  std::vector<WalkStep>& steps, unsigned& references) {
  const cpu::SecondStage& s = cpu.second_stage;
  Reached r{.error = qualification(access, 0)};
  if (s.levels == 4 && (access.address >> 48) != 0) return note_fault(r, "beyond 48 bits"), r;
  u64 permissions = mmu::ept_permissions(s), table = s.root;
  for (unsigned level = s.levels; level >= 1; --level) {
    const unsigned shift = 12 + (level - 1) * 9;
    WalkStep& step = steps.emplace_back();
    step.stage = Stage::Second;
    step.extended = true;
    step.level = level, step.table = kTables[level];
    step.address = step.system_address = table + ((access.address >> shift) & low_mask(9)) * 8;
    choose_entry(step, access.address, shift, 9);
    if (!fetch(cpu, step, references, r)) return r;
    step.flags = flags_of(cpu, step.entry, mmu::ept_maps_page(level, step.entry));
    if (!mmu::ept_present(s, step.entry)) step.fault = "not present";
    if (step.fault.empty())
      step.fault = flaw_of(cpu, level, step.entry), r.misconfigured = !step.fault.empty();
    if (!step.fault.empty()) return note_fault(r, step.fault), r;
    permissions &= step.entry;
    const bool last = mmu::ept_maps_page(level, step.entry);
    step.page_shift = last ? shift : 0;
    step.next = table = step.entry & low_mask(52) & ~low_mask(last ? shift : 12);
    if (!last) continue;
    r.page.page = table;
    r.page.shift = static_cast<u8>(shift);
    break;
  }
  if ((access.needs & ~permissions) != 0) {
    r.error = qualification(access, permissions);
    return note_fault(r, denied(access, permissions)), r;
  }
  const u64 execute = s.mode_based_execute && user_mode ? ept::kExecuteUser : ept::kExecute;
  r.page.second = static_cast<u8>((permissions & (ept::kRead | ept::kWrite)) |
                                  ((permissions & execute) != 0 ? ept::kExecute : 0));
  r.found = true;
  return r;
}

}  // namespace hvlab::inspect
