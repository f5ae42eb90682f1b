#include "sim/inspect/page_walk.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cstring>
#include <optional>

#include "sim/mmu/paging_entry.hpp"

namespace hvlab::inspect {

using cpu::Cpu;
using mmu::Access;
using mmu::Levels;
using mmu::Rules;
using mmu::Translation;
namespace pf = arch::pf;

namespace {

constexpr u64 kLongPhysical = low_mask(52);

const char* table_name(const Levels& levels, unsigned level) {
  static constexpr const char* kNames[] = {"", "PT", "PD", "PDPT", "PML4"};
  return kNames[std::min(level, levels.top)];
}

const char* mode_of(const Levels& levels) {
  return levels.top == 4 ? "4-level" : levels.entry_bytes == 8 ? "PAE" : "32-bit";
}

/// Which bits of `address` choose the entry (SDM vol. 3, 4.3 to 4.5).
void choose_entry(WalkStep& step, u64 address, unsigned low_bit, unsigned count) {
  step.low_bit = low_bit;
  step.high_bit = low_bit + count - 1;
  step.index = (address >> low_bit) & low_mask(count);
}

/// An entry in memory; nothing where there is none. (The processor would read a device; that could change
/// it.)
std::optional<u64> read_entry(const Cpu& cpu, u64 address, unsigned bytes) {
  const u8* page = cpu.bus->ram_page(align_down(address, 4096));
  if (page == nullptr) return std::nullopt;
  u64 value = 0;
  std::memcpy(&value, page + (address & 0xFFF), bytes);
  return value;
}

/// Why the walk cannot go on from `entry`; empty if it can. `error` gets the fault's bits.
std::string entry_fault(const Cpu& cpu, const Rules& rules, const Levels& levels, unsigned level, u64 entry,
                        u32& error) {
  if ((entry & mmu::kPresent) == 0) return "not present";
  const u64 reserved = entry & mmu::reserved_bits(cpu, rules, levels, level, entry);
  if (reserved == 0) return "";
  error |= pf::kPresent | pf::kReserved;
  return fmt::format("reserved bits {:#x} are set", reserved);
}

/// Fills what an entry says that can be used; true if it is the last one.
bool take(const Rules& rules, const Levels& levels, WalkStep& step, Translation& t) {
  const bool last = mmu::take_entry(rules, levels, step.level, step.entry, t);
  step.page_shift = last ? t.shift : 0;
  step.next = last ? t.page : mmu::table_of_entry(levels, step.entry);
  return last;
}

/// The page-directory-pointer entry of PAE paging outside long mode.
void take_pdpte(const Cpu& cpu, WalkStep& step, u32& error, bool check) {
  if ((step.entry & mmu::kPresent) == 0) {
    step.fault = "not present";
  } else if (const u64 reserved = step.entry & mmu::pdpte_reserved(cpu); check && reserved != 0) {
    step.fault = fmt::format("reserved bits {:#x} are set", reserved);
    error |= pf::kPresent | pf::kReserved;
  }
  step.next = step.entry & kLongPhysical & ~low_mask(12);
}

/// What a stage came to.
struct Reached {
  bool found = false;
  std::string fault = {};
  u32 error = 0;
  Translation page = {};
};

bool note_fault(Reached& r, const std::string& fault) {
  r.fault = fault;
  return false;
}

/// Reads the entry of `step` where `system_address` says. False: `r` is the fault.
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

/// The second stage for `address` (APM vol. 2, 15.25).
Reached second_stage(const Cpu& cpu, u64 address, Access access, std::vector<WalkStep>& steps,
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
  r.found = true;
  return r;
}

class Walker {
 public:
  Walker(const Cpu& cpu, Walk& walk) : cpu_(cpu), walk_(walk) {}

  void run() {
    Translation t;
    if (walk_.paging) {
      if (!first_stage(t)) return;
    } else {
      t.shift = t.guest_shift = walk_.second_stage ? 30 : 12;
      t.page = walk_.linear & ~low_mask(t.shift);
      t.writable = t.user = true;
    }
    walk_.guest_physical = walk_.physical = t.page | (walk_.linear & low_mask(t.shift));
    walk_.shift = t.shift;
    if (walk_.second_stage && !apply_second_stage(t)) return;
    const auto may = [&](Access access) {
      return mmu::permitted(cpu_, t, access, walk_.user, mmu::Rights::Current);
    };
    walk_.readable = may(Access::Read), walk_.writable = may(Access::Write),
    walk_.executable = may(Access::Execute);
  }

 private:
  bool fail(const std::string& fault, u32 error, bool nested) {
    walk_.fault = fault;
    walk_.error = error;
    walk_.nested_fault = nested;
    return false;
  }

  WalkStep& add(unsigned level, const char* table, u64 address, unsigned bytes) {
    WalkStep& step = walk_.steps.emplace_back();
    step.level = level, step.table = table;
    step.address = step.system_address = address;
    step.entry_bytes = bytes;
    return step;
  }

  /// Finds a table entry of the first stage in the machine's memory, and reads it.
  bool read(WalkStep& step, u32 error) {
    Reached r{.error = error};
    if (walk_.second_stage) {
      // The processor may have to set bits in it, so that it counts as a write (APM vol. 2, 15.25.5).
      const Reached second = second_stage(cpu_, step.address, Access::Write, step.nested, walk_.references);
      if (!second.found) {
        step.fault = "nested: " + second.fault;
        return fail(fmt::format("nested page fault at the guest's {} entry: {}", step.table, second.fault),
                    second.error, true);
      }
      step.system_address = second.page.page | (step.address & low_mask(second.page.shift));
    }
    return fetch(cpu_, step, walk_.references, r) || fail(r.fault, error, false);
  }

  bool first_stage(Translation& t) {
    const Rules rules = mmu::own_rules(cpu_);
    const Levels levels = mmu::levels(rules);
    u32 error = mmu::error_bits(rules, walk_.access, walk_.user);
    t.writable = t.user = true;
    u64 table = mmu::table_of_root(rules, levels, cpu_.cr3);
    if (levels.entry_bytes == 8 && !rules.long_mode() && !pdpte(error, table)) return false;
    for (unsigned level = levels.top; level >= 1; --level) {
      const unsigned shift = 12 + (level - 1) * levels.index_bits;
      const u64 index = (walk_.linear >> shift) & low_mask(levels.index_bits);
      WalkStep& step =
          add(level, table_name(levels, level), table + index * levels.entry_bytes, levels.entry_bytes);
      choose_entry(step, walk_.linear, shift, levels.index_bits);
      if (!read(step, error)) return false;
      step.fault = entry_fault(cpu_, rules, levels, level, step.entry, error);
      if (!step.fault.empty())
        return fail(fmt::format("page fault: {} entry: {}", step.table, step.fault), error, false);
      if (take(rules, levels, step, t)) break;
      table = step.next;
    }
    if (mmu::permitted(cpu_, t, walk_.access, walk_.user, mmu::Rights::Current)) return true;
    return fail("page fault: the tables do not permit the access", error | pf::kPresent, false);
  }

  bool pdpte(u32& error, u64& table) {
    const u64 index = bits(walk_.linear, 31, 30);
    WalkStep& step = add(3, "PDPT", (cpu_.cr3 & 0xFFFF'FFE0) + index * 8, 8);
    choose_entry(step, walk_.linear, 30, 2);
    // A register, but in a guest with nested paging the table is read (APM vol. 2, 15.25.10).
    step.in_register = !walk_.second_stage;
    if (step.in_register) step.entry = cpu_.pdpte[index], step.read = true;
    if (!step.in_register && !read(step, error)) return false;
    take_pdpte(cpu_, step, error, walk_.second_stage);
    table = step.next;
    return step.fault.empty() || fail("page fault: PDPT entry: " + step.fault, error, false);
  }

  bool apply_second_stage(Translation& t) {
    const Reached second =
        second_stage(cpu_, walk_.guest_physical, walk_.access, walk_.nested, walk_.references);
    if (!second.found)
      return fail("nested page fault at the guest's page: " + second.fault, second.error, true);
    const Translation& s = second.page;
    walk_.physical = s.page | (walk_.guest_physical & low_mask(s.shift));
    walk_.shift = std::min(t.shift, s.shift);
    t.second_writable = s.writable;
    t.second_execute = !s.no_execute;
    return true;
  }

  const Cpu& cpu_;
  Walk& walk_;
};

}  // namespace

Walk explain_walk(const Cpu& cpu, u64 linear, Access access) {
  Walk walk{.linear = linear,
            .access = access,
            .user = cpu.cpl == 3,
            .paging = (cpu.cr0 & arch::cr0::kPg) != 0,
            .second_stage = cpu.second_stage.on};
  if (walk.paging) walk.mode = mode_of(mmu::levels(mmu::own_rules(cpu)));
  if (walk.second_stage)
    walk.second_mode = mode_of(mmu::levels(Rules{cpu.second_stage.cr4, cpu.second_stage.efer}));
  if (!cpu.long_active()) walk.linear &= 0xFFFF'FFFF;
  if (cpu.long_active() && !cpu::canonical(linear)) {
    walk.fault = "the address is not canonical: general protection, no walk";
    return walk;
  }
  Walker(cpu, walk).run();
  return walk;
}

std::vector<std::string> entry_flags(u64 entry, bool last) {
  static constexpr std::pair<u64, const char*> kFlags[] = {
      {mmu::kPresent, "present"}, {mmu::kWritable, "writable"}, {mmu::kUser, "user"},
      {bit(3), "write-through"},  {bit(4), "cache-disable"},    {mmu::kAccessed, "accessed"},
      {mmu::kDirty, "dirty"},     {mmu::kGlobal, "global"},     {mmu::kNoExecute, "no-execute"}};
  std::vector<std::string> names;
  for (const auto& [mask, name] : kFlags) {
    const bool of_pages = mask == mmu::kDirty || mask == mmu::kGlobal;
    if ((entry & mask) != 0 && (last || !of_pages)) names.emplace_back(name);
  }
  return names;
}

size_t read_linear(const Cpu& cpu, u64 linear, void* to, size_t bytes) {
  u8* out = static_cast<u8*>(to);
  Cpu system = cpu;
  system.cpl = 0;
  system.rflags_rest |= arch::flag::kAc;  // SMAP is no matter for whoever looks on
  size_t done = 0;
  while (done < bytes) {
    const Walk walk = explain_walk(system, linear + done);
    const u8* page = walk.fault.empty() ? cpu.bus->ram_page(align_down(walk.physical, 4096)) : nullptr;
    if (page == nullptr) break;
    const u64 offset = walk.physical & 0xFFF;
    const size_t part = std::min<size_t>(bytes - done, 4096 - offset);
    std::memcpy(out + done, page + offset, part);
    done += part;
  }
  return done;
}

}  // namespace hvlab::inspect
