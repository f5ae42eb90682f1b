#include "sim/inspect/page_walk.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cstring>

#include "sim/inspect/walk_steps.hpp"

namespace hvlab::inspect {

using cpu::Cpu;
using mmu::Access;
using mmu::Levels;
using mmu::Rules;
using mmu::Translation;
namespace pf = arch::pf;

namespace {

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

  bool fail_second(const Reached& r, const std::string& where, u64 linear_bits) {
    if (!walk_.extended)
      return fail("nested page fault at the guest's " + where + ": " + r.fault, r.error, true);
    const char* what = r.misconfigured ? "EPT misconfiguration" : "EPT violation";
    const u64 told = r.error | arch::ept::violation::kLinearValid | linear_bits;
    return fail(fmt::format("{} at the guest's {}: {}", what, where, r.fault),
                r.misconfigured ? 0 : static_cast<u32>(told), true);
  }

  /// Where a table entry of the guest is. The processor may have to set bits in it: for nested paging that is
  /// a write (APM vol. 2, 15.25.5), for EPT if it has accessed and dirty flags itself (SDM vol. 3, 29.3.3.2).
  Reached locate(WalkStep& step) {
    if (!walk_.extended)
      return nested_stage(cpu_, step.address, Access::Write, step.nested, walk_.references);
    const u64 kinds =
        arch::ept::violation::kRead | (cpu_.second_stage.accessed_dirty ? arch::ept::violation::kWrite : 0);
    return ept_stage(cpu_, mmu::ept_data(step.address, kinds), false, step.nested, walk_.references);
  }

  /// Finds a table entry of the first stage in the machine's memory, and reads it.
  bool read(WalkStep& step, u32 error) {
    Reached r{.error = error};
    if (walk_.second_stage) {
      const Reached second = locate(step);
      if (!second.found) {
        step.fault = (walk_.extended ? "EPT: " : "nested: ") + second.fault;
        return fail_second(second, std::string(step.table) + " entry", 0);
      }
      step.system_address = second.page.page | (step.address & low_mask(second.page.shift));
      if (walk_.extended && align_down(step.system_address, 4096) == cpu_.apic_access_page) {
        step.fault = "in the APIC-access page";
        constexpr u64 kType = static_cast<u64>(arch::ept::apic_access::Type::GuestPhysical);
        return fail(fmt::format("APIC-access VM exit at the guest's {} entry", step.table),
                    kType << arch::ept::apic_access::kTypeShift, true);
      }
      updatable_.push_back((second.page.second & mmu::second_allows(Access::Write)) != 0);
    }
    return fetch(cpu_, step, walk_.references, r) || fail(r.fault, error, false);
  }

  /// EPT must let the guest's tables be written where a flag has to be set in them.
  bool may_update() {
    for (size_t i = 0; i < updatable_.size(); ++i) {
      // What PAE paging keeps in registers has no flags.
      WalkStep& step = walk_.steps[walk_.steps.size() - updatable_.size() + i];
      const bool dirties = step.page_shift != 0 && walk_.access == Access::Write;
      const u64 wanted = dirties ? mmu::kAccessed | mmu::kDirty : mmu::kAccessed;
      if (updatable_[i] || (step.entry & wanted) == wanted) continue;
      std::vector<WalkStep> again;
      unsigned references = 0;
      constexpr u64 kUpdate = arch::ept::violation::kRead | arch::ept::violation::kWrite;
      const Reached r = ept_stage(cpu_, mmu::ept_data(step.address, kUpdate), false, again, references);
      return fail_second(r, std::string(step.table) + " entry", 0);
    }
    return true;
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
    if (mmu::permitted(cpu_, t, walk_.access, walk_.user, mmu::Rights::Current))
      return !walk_.extended || may_update();
    return fail("page fault: the tables do not permit the access", error | pf::kPresent, false);
  }

  bool pdpte(u32& error, u64& table) {
    const u64 index = bits(walk_.linear, 31, 30);
    WalkStep& step = add(3, "PDPT", (cpu_.cr3 & 0xFFFF'FFE0) + index * 8, 8);
    choose_entry(step, walk_.linear, 30, 2);
    // A register, but in a guest with nested paging the table is read (APM vol. 2, 15.25.10).
    const bool from_table = walk_.second_stage && !walk_.extended;
    step.in_register = !from_table;
    if (step.in_register) step.entry = cpu_.pdpte[index], step.read = true;
    if (!step.in_register && !read(step, error)) return false;
    take_pdpte(cpu_, step, error, from_table);
    table = step.next;
    return step.fault.empty() || fail("page fault: PDPT entry: " + step.fault, error, false);
  }

  bool apply_second_stage(Translation& t) {
    const u64 address = walk_.guest_physical;
    const Reached second =
        walk_.extended ? ept_stage(cpu_, mmu::ept_linear(cpu_.second_stage, address, walk_.access, t.user),
                                   t.user, walk_.nested, walk_.references)
                       : nested_stage(cpu_, address, walk_.access, walk_.nested, walk_.references);
    if (!second.found) return fail_second(second, "page", mmu::ept_final_bits(cpu_, t));
    walk_.physical = second.page.page | (address & low_mask(second.page.shift));
    walk_.shift = std::min(t.shift, second.page.shift);
    t.second = second.page.second;
    return true;
  }

  const Cpu& cpu_;
  Walk& walk_;
  std::vector<bool>
      updatable_;  // of the steps that were read through a second stage: it lets them be written
};

}  // namespace

Walk explain_walk(const Cpu& cpu, u64 linear, Access access) {
  Walk walk{.linear = linear,
            .access = access,
            .user = cpu.cpl == 3,
            .paging = (cpu.cr0 & arch::cr0::kPg) != 0,
            .second_stage = cpu.second_stage.on,
            .extended = cpu.second_stage.ept()};
  if (walk.paging) walk.mode = mode_of(mmu::levels(mmu::own_rules(cpu)));
  if (walk.extended) {
    walk.second_mode = cpu.second_stage.levels == 5 ? "5-level" : "4-level";
  } else if (walk.second_stage)
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
