// What steps of tables in the own format are made of, and those of nested paging (APM vol. 2, 15.25).
#include "sim/inspect/walk_steps.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cstring>
#include <optional>

namespace hvlab::inspect {

using cpu::Cpu;
using mmu::Access;
using mmu::Levels;
using mmu::Rules;
using mmu::Translation;
namespace pf = arch::pf;

namespace {

/// An entry in memory; nothing where there is none. (The processor would read a device; that could change
/// it.)
std::optional<u64> read_entry(const Cpu& cpu, u64 address, unsigned bytes) {
  const u8* page = cpu.bus->ram_page(align_down(address, 4096));
  if (page == nullptr) return std::nullopt;
  u64 value = 0;
  std::memcpy(&value, page + (address & 0xFFF), bytes);
  return value;
}

}  // namespace

const char* table_name(const Levels& levels, unsigned level) {
  static constexpr const char* kNames[] = {"", "PT", "PD", "PDPT", "PML4"};
  return kNames[std::min(level, levels.top)];
}

const char* mode_of(const Levels& levels) {
  return levels.top == 4 ? "4-level" : levels.entry_bytes == 8 ? "PAE" : "32-bit";
}

std::string entry_fault(const Cpu& cpu, const Rules& rules, const Levels& levels, unsigned level, u64 entry,
                        u32& error) {
  if ((entry & mmu::kPresent) == 0) return "not present";
  const u64 reserved = entry & mmu::reserved_bits(cpu, rules, levels, level, entry);
  if (reserved == 0) return "";
  error |= pf::kPresent | pf::kReserved;
  return fmt::format("reserved bits {:#x} are set", reserved);
}

bool take(const Rules& rules, const Levels& levels, WalkStep& step, Translation& t) {
  const bool last = mmu::take_entry(rules, levels, step.level, step.entry, t);
  step.page_shift = last ? t.shift : 0;
  step.next = last ? t.page : mmu::table_of_entry(levels, step.entry);
  return last;
}

void take_pdpte(const Cpu& cpu, WalkStep& step, u32& error, bool check) {
  if ((step.entry & mmu::kPresent) == 0) {
    step.fault = "not present";
  } else if (const u64 reserved = step.entry & mmu::pdpte_reserved(cpu); check && reserved != 0) {
    step.fault = fmt::format("reserved bits {:#x} are set", reserved);
    error |= pf::kPresent | pf::kReserved;
  }
  step.next = step.entry & low_mask(52) & ~low_mask(12);
}

void choose_entry(WalkStep& step, u64 address, unsigned low_bit, unsigned count) {
  step.low_bit = low_bit;
  step.high_bit = low_bit + count - 1;
  step.index = (address >> low_bit) & low_mask(count);
}

bool note_fault(Reached& r, const std::string& fault) {
  r.fault = fault;
  return false;
}

bool fetch(const Cpu& cpu, WalkStep& step, unsigned& references, Reached& r) {
  const auto entry = read_entry(cpu, step.system_address, step.entry_bytes);
  if (!entry) {
    step.fault = "the table is not in memory; it is not read, for it would be a device's register";
    return note_fault(r, step.fault);
  }
  step.entry = *entry;
  step.read = true;
  ++references;
  return true;
}

Reached nested_stage(const Cpu& cpu, u64 address, Access access, std::vector<WalkStep>& steps,
                     unsigned& references) {
  const Rules rules{cpu.second_stage.cr4, cpu.second_stage.efer};
  const Levels levels = mmu::levels(rules);
  Reached r{.error = mmu::error_bits(rules, access, true)};
  r.page.writable = r.page.user = true;
  if (!rules.long_mode() && (address >> 32) != 0)
    return note_fault(r, "above 4 GiB, and the host has no long mode"), r;
  u64 table = mmu::table_of_root(rules, levels, cpu.second_stage.root);
  const auto add = [&](unsigned level, const char* name, u64 at, unsigned bytes) -> WalkStep& {
    WalkStep& step = steps.emplace_back();
    step.stage = Stage::Second;
    step.level = level, step.table = name;
    step.address = step.system_address = at;
    step.entry_bytes = bytes;
    return step;
  };
  if (levels.entry_bytes == 8 && !rules.long_mode()) {
    WalkStep& step = add(3, "PDPT", table + bits(address, 31, 30) * 8, 8);
    choose_entry(step, address, 30, 2);
    if (!fetch(cpu, step, references, r)) return r;
    take_pdpte(cpu, step, r.error, true);
    if (!step.fault.empty()) return note_fault(r, step.fault), r;
    table = step.next;
  }
  for (unsigned level = levels.top; level >= 1; --level) {
    const unsigned shift = 12 + (level - 1) * levels.index_bits;
    WalkStep& step = add(level, table_name(levels, level),
                         table + ((address >> shift) & low_mask(levels.index_bits)) * levels.entry_bytes,
                         levels.entry_bytes);
    choose_entry(step, address, shift, levels.index_bits);
    if (!fetch(cpu, step, references, r)) return r;
    step.fault = entry_fault(cpu, rules, levels, level, step.entry, r.error);
    if (!step.fault.empty()) return note_fault(r, step.fault), r;
    if (take(rules, levels, step, r.page)) break;
    table = step.next;
  }
  const Translation& t = r.page;
  const char* denied = !t.user                                     ? "not a user page"
                       : access == Access::Write && !t.writable    ? "not writable"
                       : access == Access::Execute && t.no_execute ? "not executable"
                                                                   : nullptr;
  if (denied != nullptr) {
    r.error |= pf::kPresent;
    return note_fault(r, denied), r;
  }
  r.page.second = static_cast<u8>(mmu::second_allows(Access::Read) |
                                  (t.writable ? mmu::second_allows(Access::Write) : 0) |
                                  (t.no_execute ? 0 : mmu::second_allows(Access::Execute)));
  r.found = true;
  return r;
}

}  // namespace hvlab::inspect
