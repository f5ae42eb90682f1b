#include "sim/mmu/access.hpp"

#include <algorithm>

#include "sim/cpu/debug.hpp"
#include "sim/mmu/apic_page.hpp"
#include "sim/mmu/device.hpp"
#include "sim/mmu/tlb.hpp"

namespace hvlab::mmu {

using namespace arch;

namespace {

bool is_user(const Cpu& cpu, Rights rights) {
  return rights == Rights::User || (rights == Rights::Current && cpu.cpl == 3);
}

Outcome page_fault(Cpu& cpu, u64 linear, u32 error) {
  cpu.fault =
      cpu::Fault{.vector = Exception::PageFault, .has_error = true, .error = error, .address = linear};
  return Outcome::Fault;
}

/// Raises what a walk came to. EPT has said it already.
[[gnu::cold]] Outcome walk_fault(Cpu& cpu, u64 linear, const WalkResult& r) {
  if (r.nested && cpu.second_stage.kind == cpu::SecondStageKind::Ept) return Outcome::Fault;
  page_fault(cpu, r.nested ? r.address : linear, r.error);
  cpu.fault.nested = r.nested;
  cpu.fault.nested_walk = r.nested_walk;
  return Outcome::Fault;
}

Outcome not_canonical(Cpu& cpu) {
  cpu.fault = cpu::Fault{.vector = Exception::GeneralProtection, .has_error = true, .canonical = true};
  return Outcome::Fault;
}

/// A translated piece of memory, within one page.
struct Target {
  u64 physical = 0;
  u8* host = nullptr;  // nullptr: not RAM
};

/// The bank that accesses with these rights look at, or nullptr where nothing may be entered.
cpu::SoftBank* bank_for(Cpu& cpu, Rights rights) {
  if (rights == Rights::Current) return cpu.bank == cpu.banks[cpu::kBankNever] ? nullptr : cpu.bank;
  return cpu.banks[rights == Rights::User ? cpu::kBankUser : cpu::kBankSupervisor];
}

/// Enters a RAM page into the bank for the kinds of access that need no further look.
void fill_soft(Cpu& cpu, u64 linear, Access access, const Translation& t, u64 physical, u8* page, bool user,
               Rights rights) {
  cpu::SoftBank* bank = access == Access::Execute ? cpu.fetch_bank : bank_for(cpu, rights);
  if (bank == nullptr || page == nullptr) return;
  const u64 tag = linear & ~u64{0xFFF};
  SoftEntry& e = bank->fill(linear, reinterpret_cast<u64>(page) - tag);
  if (access == Access::Execute) {
    e.execute_tag = tag;
    return;
  }
  if (permitted(cpu, t, Access::Read, user, rights)) e.read_tag = tag;
  const u64 number = physical >> 12;
  const bool code = cpu.code != nullptr && cpu.code->holds_code(number);
  // ROM is read directly, and never written so.
  if (!t.dirty || !permitted(cpu, t, Access::Write, user, rights) ||
      cpu.bus->write_page(align_down(physical, 4096)) != page)
    return;
  if (code) {
    e.write_tag = tag | SoftEntry::kBesideCode;
    bank->set_frame(linear, number);
    return;
  }
  e.write_tag = tag;
  if (cpu.code != nullptr) cpu.code->note_write_mapped(number);
}

/// Where `bytes` bytes at `linear` may be written directly although there is code in their page: it stands in
/// other pieces of the page. Otherwise nullptr, which says nothing.
u8* beside_code(const Cpu& cpu, u64 linear, unsigned bytes) {
  const SoftEntry& e = cpu.bank->at(linear);
  const u64 last = linear + bytes - 1;
  if (e.write_tag != ((last & ~u64{0xFFF}) | SoftEntry::kBesideCode)) return nullptr;
  const u64 page = cpu.bank->frame(linear);
  if (!cpu.code->holds_code(page)) return nullptr;  // no longer: the slow path enters it for direct writing
  if (cpu.code->code_at(page, linear & 0xFFF, last & 0xFFF)) return nullptr;
  return reinterpret_cast<u8*>(linear + e.addend);
}

/// Translates an access within one page: the simulated TLB first, then a charged walk.
Outcome translate(Cpu& cpu, u64 linear, Access access, Rights rights, Target& target) {
  const bool user = is_user(cpu, rights);
  Translation t;
  if (!(cpu.cr0 & cr0::kPg) && !cpu.second_stage.on) {
    t.page = linear & ~u64{0xFFF};
    t.writable = t.user = t.dirty = true;
    target.physical = linear;
  } else {
    if (cpu.long_active() && !cpu::canonical(linear)) return not_canonical(cpu);
    const Space space = current_space(cpu);
    const Tlb::Entry* entry = cpu.tlb->find(linear, space);
    const bool usable = entry != nullptr && permitted(cpu, entry->translation, access, user, rights) &&
                        (access != Access::Write || entry->translation.dirty);
    if (usable) {
      t = entry->translation;
    } else {
      // What is fetched next is translated anew: its page may be the one that has to go.
      cpu.fetch_page = SoftEntry::kNoTag;
      // A cached translation that forbids the access is looked up afresh, as the tables may allow it by now.
      if (entry != nullptr) cpu.tlb->flush_page(linear, space, true);
      const WalkResult r = walk(cpu, linear, access, user, rights);
      const u64 cost = u64{r.references} * cpu.costs.page_walk_reference;
      cpu.charge(cost);
      if (r.fault) return walk_fault(cpu, linear, r);
      t = r.translation;
      cpu.tlb->insert(linear, space, t);
      if (!cpu.stepping) return Outcome::Retry;  // the time must be taken from the budget first
    }
    target.physical = t.page | (linear & low_mask(t.shift));
  }
  u8* page = cpu.bus->ram_page(align_down(target.physical, 4096));
  if (in_apic_access_page(cpu, target.physical)) [[unlikely]] {
    if (access == Access::Execute) return apic_fetch_fault(cpu, linear);
  } else {
    fill_soft(cpu, linear, access, t, target.physical, page, user, rights);
  }
  if (access == Access::Write) page = cpu.bus->write_page(align_down(target.physical, 4096));
  target.host = page == nullptr ? nullptr : page + (linear & 0xFFF);
  return Outcome::Next;
}

/// The pieces of an access on its (at most two) pages.
struct Pieces {
  Target target[2];
  unsigned bytes[2] = {0, 0};
  unsigned count = 0;
  u8 is_virtual = 0;  // bit i: target[i], in the APIC-access page, is the interceptor's to do
  bool device() const { return target[0].host == nullptr || (count == 2 && target[1].host == nullptr); }
};

/// The part of an access on its page `i`.
cpu::ApicPageAccess apic_part(const Pieces& p, unsigned i, u64 linear, bool write) {
  return {.linear = i == 0 ? linear : linear + p.bytes[0],
          .offset = static_cast<u16>(p.target[i].physical & 0xFFF),
          .bytes = static_cast<u8>(p.bytes[i]),
          .write = write};
}

/// Asks about what stands in the APIC-access page; page faults of the whole access go before (30.4.1).
[[gnu::cold, gnu::noinline]] Outcome ask_apic_accesses(Cpu& cpu, u64 linear, bool write, Pieces& p) {
  for (unsigned i = 0; i < p.count; ++i) {
    if (!in_apic_access_page(cpu, p.target[i].physical)) continue;
    if (!cpu.stepping) return Outcome::Retry;  // as of a device
    bool is_virtual = false;
    const Outcome o = ask_apic_access(cpu, apic_part(p, i, linear, write), is_virtual);
    if (o != Outcome::Next) return o;
    if (!is_virtual) continue;
    p.target[i].host = nullptr;
    p.is_virtual |= static_cast<u8>(1u << i);
  }
  return Outcome::Next;
}

Outcome prepare(Cpu& cpu, u64 linear, unsigned bytes, Access access, Rights rights, Pieces& pieces) {
  if (rights == Rights::Current && cpu.cpl == 3 && (cpu.cr0 & cr0::kAm) && cpu.rflag(flag::kAc) &&
      (linear & (std::min(bytes, 8u) - 1)) != 0) {
    return raise(cpu, Exception::AlignmentCheck, 0);
  }
  const unsigned room = static_cast<unsigned>(4096 - (linear & 0xFFF));
  pieces.count = bytes <= room ? 1 : 2;
  pieces.bytes[0] = std::min(bytes, room);
  pieces.bytes[1] = bytes - pieces.bytes[0];
  const bool wide = cpu.long_active() && (rights != Rights::Current || cpu.code64());
  // All of an access must be canonical, before any page of it is looked at.
  if (wide && pieces.count == 2 && cpu::canonical(linear) && !cpu::canonical(linear + bytes - 1))
    return not_canonical(cpu);
  u64 address = linear;
  for (unsigned i = 0; i < pieces.count; ++i) {
    if (const Outcome o = translate(cpu, address, access, rights, pieces.target[i]); o != Outcome::Next)
      return o;
    address += pieces.bytes[i];
    if (!wide) address = static_cast<u32>(address);
  }
  if (cpu.apic_access_page != Cpu::kNoPage) [[unlikely]] {
    const Outcome o = ask_apic_accesses(cpu, linear, access == Access::Write, pieces);
    if (o != Outcome::Next) return o;
  }
  if (cpu.stepping) return Outcome::Next;
  // Devices are met, and traps taken, outside blocks.
  const bool watched = rights == Rights::Current && (cpu.dr7 & 0xFF) != 0 &&
                       cpu::match_data_breakpoint(cpu, linear, bytes, access == Access::Write) != 0;
  if (pieces.device() || watched) return Outcome::Retry;
  return Outcome::Next;
}

void watch(Cpu& cpu, u64 linear, unsigned bytes, bool write) {
  if ((cpu.dr7 & 0xFF) == 0) return;
  cpu.pending_debug |= cpu::match_data_breakpoint(cpu, linear, bytes, write);
}

}  // namespace

Outcome read_slow(Cpu& cpu, u64 linear, void* to, unsigned bytes, Rights rights) {
  // Operands that are changed come here although they can be read directly.
  if (const u8* host = rights == Rights::Current ? host_for_read(cpu, linear, bytes) : nullptr;
      host != nullptr) {
    std::memcpy(to, host, bytes);
    return Outcome::Next;
  }
  Pieces p;
  if (const Outcome o = prepare(cpu, linear, bytes, Access::Read, rights, p); o != Outcome::Next) return o;
  u8* out = static_cast<u8*>(to);
  for (unsigned i = 0; i < p.count; ++i) {
    if (p.target[i].host != nullptr) {
      std::memcpy(out, p.target[i].host, p.bytes[i]);
    } else if ((p.is_virtual >> i & 1) != 0) {
      apic_perform(cpu, apic_part(p, i, linear, false), out);
    } else {
      device_read(cpu, p.target[i].physical, out, p.bytes[i]);
    }
    out += p.bytes[i];
  }
  if (rights == Rights::Current) watch(cpu, linear, bytes, false);
  return Outcome::Next;
}

Outcome write_slow(Cpu& cpu, u64 linear, const void* from, unsigned bytes, Rights rights) {
  if (u8* host = rights == Rights::Current ? beside_code(cpu, linear, bytes) : nullptr; host != nullptr) {
    std::memcpy(host, from, bytes);
    return Outcome::Next;
  }
  Pieces p;
  if (const Outcome o = prepare(cpu, linear, bytes, Access::Write, rights, p); o != Outcome::Next) return o;
  const u8* in = static_cast<const u8*>(from);
  for (unsigned i = 0; i < p.count; ++i) {
    const Target& t = p.target[i];
    if (t.host != nullptr) {
      if (cpu.code != nullptr && cpu.code->holds_code(t.physical >> 12))
        cpu.code->written(t.physical, p.bytes[i]);
      std::memcpy(t.host, in, p.bytes[i]);
    } else if ((p.is_virtual >> i & 1) != 0) {
      u64 value = 0;
      apic_perform(cpu, apic_part(p, i, linear, true), std::memcpy(&value, in, p.bytes[i]));
    } else {
      device_write(cpu, t.physical, in, p.bytes[i]);
    }
    in += p.bytes[i];
  }
  if (rights == Rights::Current) watch(cpu, linear, bytes, true);
  return Outcome::Next;
}

Word read_word_slow(Cpu& cpu, u64 linear, unsigned bytes) {
  Word word{0, 0};
  word.outcome = static_cast<u64>(read_slow(cpu, linear, &word.value, bytes, Rights::Current));
  return word;
}

Outcome write_word_slow(Cpu& cpu, u64 linear, u64 value, unsigned bytes) {
  return write_slow(cpu, linear, &value, bytes, Rights::Current);
}

Outcome probe_write(Cpu& cpu, u64 linear, unsigned bytes, Rights rights) {
  if (rights == Rights::Current && beside_code(cpu, linear, bytes) != nullptr) return Outcome::Next;
  Pieces p;
  return prepare(cpu, linear, bytes, Access::Write, rights, p);
}

Outcome probe_read(Cpu& cpu, u64 linear, unsigned bytes, Rights rights) {
  Pieces p;
  return prepare(cpu, linear, bytes, Access::Read, rights, p);
}

Outcome translate_fetch(Cpu& cpu, u64 linear, u64& physical, u8*& host) {
  Target t;
  const Outcome o = translate(cpu, linear, Access::Execute, Rights::Current, t);
  physical = t.physical;
  host = t.host;
  return o;
}

}  // namespace hvlab::mmu
