#include "sim/mmu/walk.hpp"

#include <algorithm>
#include <cstring>

#include "sim/mmu/paging_entry.hpp"

namespace hvlab::mmu {

using namespace arch;

u64 read_physical(Cpu& cpu, u64 address, unsigned bytes) {
  if (const u8* page = cpu.bus->ram_page(align_down(address, 4096)); page != nullptr) {
    u64 value = 0;
    std::memcpy(&value, page + (address & 0xFFF), bytes);
    return value;
  }
  return cpu.bus->mmio_read(address, bytes);
}

void write_physical(Cpu& cpu, u64 address, u64 value, unsigned bytes) {
  if (u8* page = cpu.bus->write_page(align_down(address, 4096)); page != nullptr) {
    if (cpu.code != nullptr && cpu.code->holds_code(address >> 12)) cpu.code->written(address, bytes);
    std::memcpy(page + (address & 0xFFF), &value, bytes);
    return;
  }
  cpu.bus->mmio_write(address, bytes, value);
}

bool permitted(const Cpu& cpu, const Translation& t, Access access, bool user, Rights rights) {
  if (access == Access::Write ? !t.second_writable : access == Access::Execute && !t.second_execute)
    return false;
  if (!(cpu.cr0 & cr0::kPg)) return true;
  if (user) {
    if (!t.user) return false;
    if (access == Access::Write) return t.writable;
    return access == Access::Read || !t.no_execute;
  }
  if (access == Access::Execute) return !t.no_execute && !(t.user && (cpu.cr4 & cr4::kSmep));
  const bool smap = (cpu.cr4 & cr4::kSmap) != 0 && (rights == Rights::System || !cpu.rflag(flag::kAc));
  if (t.user && smap) return false;
  return access == Access::Read || t.writable || !(cpu.cr0 & cr0::kWp);
}

namespace {

/// Makes `r` a fault of the second stage, met in reading the guest's tables or at the address they gave.
WalkResult& nested_fault(WalkResult& r, const WalkResult& second, u64 address, bool walking) {
  r.fault = r.nested = true;
  r.nested_walk = walking;
  r.error = second.error;
  r.address = address;
  return r;
}

/// The system address of a guest's table entry. The processor may have to set bits in it, therefore the
/// second stage must allow writing (APM vol. 2, 15.25.5). False: `r` is the fault.
bool locate_entry(Cpu& cpu, u64 guest_physical, WalkResult& r, u64& address) {
  address = guest_physical;
  if (!cpu.second_stage.on) return true;
  const WalkResult second = walk_second_stage(cpu, guest_physical, Access::Write);
  r.references += second.references;
  if (second.fault) return nested_fault(r, second, guest_physical, true), false;
  address = second.translation.page | (guest_physical & low_mask(second.translation.shift));
  return true;
}

/// The page-directory-pointer entry of PAE paging: a register, but in a guest with nested paging the table is
/// read (APM vol. 2, 15.25.10). False: `r` is the fault.
bool take_pdpte(Cpu& cpu, u64 linear, u32 error, WalkResult& r, u64& table) {
  u64 pdpte = cpu.pdpte[bits(linear, 31, 30)];
  if (cpu.second_stage.on) {
    u64 address = 0;
    if (!locate_entry(cpu, (cpu.cr3 & 0xFFFF'FFE0) + bits(linear, 31, 30) * 8, r, address)) return false;
    pdpte = read_physical(cpu, address, 8);
    ++r.references;
  }
  r.fault = !(pdpte & kPresent);
  r.error = error;
  if (cpu.second_stage.on && !r.fault && (pdpte & pdpte_reserved(cpu)) != 0) {
    r.fault = true;
    r.error = error | pf::kPresent | pf::kReserved;
  }
  table = pdpte & low_mask(52) & ~low_mask(12);
  return !r.fault;
}

/// The first stage: what the guest's (or the only) tables say, and the entries met. False: `r` is the fault.
bool walk_tables(Cpu& cpu, u64 linear, u32 error, WalkResult& r, Step* steps, unsigned& count) {
  const Rules rules = own_rules(cpu);
  const Levels l = levels(rules);
  Translation& t = r.translation;
  t.writable = t.user = true;
  u64 table = table_of_root(rules, l, cpu.cr3);
  if (l.entry_bytes == 8 && !cpu.long_active() && !take_pdpte(cpu, linear, error, r, table)) return false;
  for (unsigned level = l.top; level >= 1; --level) {
    const unsigned shift = 12 + (level - 1) * l.index_bits;
    u64 address = table + ((linear >> shift) & low_mask(l.index_bits)) * l.entry_bytes;
    if (!locate_entry(cpu, address, r, address)) return false;
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

/// Sends the page of the first stage through the second; the smaller of the two page sizes remains.
bool apply_second_stage(Cpu& cpu, u64 linear, Access access, WalkResult& r) {
  Translation& t = r.translation;
  const u64 guest_physical = t.page | (linear & low_mask(t.shift));
  const WalkResult second = walk_second_stage(cpu, guest_physical, access);
  r.references += second.references;
  if (second.fault) return nested_fault(r, second, guest_physical, false), false;
  const Translation& s = second.translation;
  const u8 shift = std::min(t.shift, s.shift);
  t.page = (s.page | (guest_physical & low_mask(s.shift))) & ~low_mask(shift);
  t.shift = shift;
  t.dirty = t.dirty && s.dirty;
  t.second_writable = s.writable;
  t.second_execute = !s.no_execute;
  return true;
}

}  // namespace

WalkResult walk(Cpu& cpu, u64 linear, Access access, bool user, Rights rights) {
  WalkResult r;
  Translation& t = r.translation;
  Step steps[4];
  unsigned count = 0;
  if (cpu.cr0 & cr0::kPg) {
    const u32 error = error_bits(own_rules(cpu), access, user);
    if (!walk_tables(cpu, linear, error, r, steps, count)) return r;
    if (!permitted(cpu, t, access, user, rights)) {
      r.fault = true;
      r.error = error | pf::kPresent;
      return r;
    }
    t.dirty = t.dirty || access == Access::Write;
  } else {
    t.shift = t.guest_shift = cpu.second_stage.on ? 30 : 12;
    t.page = linear & ~low_mask(t.shift);
    t.writable = t.user = t.dirty = true;
  }
  if (cpu.second_stage.on && !apply_second_stage(cpu, linear, access, r)) return r;
  for (unsigned i = 0; i + 1 < count; ++i) set_bits(cpu, steps[i], kAccessed);
  if (count != 0) set_bits(cpu, steps[count - 1], access == Access::Write ? kAccessed | kDirty : kAccessed);
  return r;
}

Outcome load_pdptes(Cpu& cpu, u64 cr3) {
  if (cpu.second_stage.on) return Outcome::Next;  // read by each walk instead
  const u64 table = cr3 & 0xFFFF'FFE0;
  const u64 reserved = pdpte_reserved(cpu);
  u64 entries[4];
  for (unsigned i = 0; i < 4; ++i) {
    entries[i] = read_physical(cpu, table + i * 8, 8);
    if ((entries[i] & kPresent) && (entries[i] & reserved))
      return raise(cpu, Exception::GeneralProtection, 0);
  }
  std::memcpy(cpu.pdpte, entries, sizeof entries);
  return Outcome::Next;
}

}  // namespace hvlab::mmu
