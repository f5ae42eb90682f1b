#include "sim/control/segments.hpp"

namespace hvlab::control {

using arch::Descriptor;
using arch::selector_index;
using arch::selector_local;
using arch::selector_null;
using arch::selector_rpl;
using arch::SystemType;
namespace attribute = arch::attribute;

namespace {

/// Base and limit of the table that `selector` points into; an unusable LDTR has none.
bool table_of(const Cpu& cpu, u16 selector, u64& base, u32& limit) {
  if (!selector_local(selector)) {
    base = cpu.gdtr.base, limit = cpu.gdtr.limit;
    return true;
  }
  base = cpu.ldtr.base, limit = cpu.ldtr.limit;
  return cpu.ldtr.usable() && !selector_null(cpu.ldtr.selector);
}

bool entry_address(const Cpu& cpu, u16 selector, unsigned bytes, u64& linear) {
  u64 base = 0;
  u32 limit = 0;
  if (!table_of(cpu, selector, base, limit) || selector_index(selector) + bytes - 1 > limit) return false;
  linear = table_address(cpu, base + selector_index(selector));
  return true;
}

constexpr u64 kBusy = bit(41);

/// A system segment register of LDT or TSS kind; 16-byte descriptors in IA-32e mode.
Outcome system_segment(Cpu& cpu, u16 selector, const TableEntry& entry, SegmentRegister& result) {
  result = make_segment(selector, entry.descriptor);
  if (!cpu.long_active()) return Outcome::Next;
  u64 upper = 0;
  if (const Outcome o = fetch_upper(cpu, selector, 0, entry, upper); !ok(o)) return o;
  result.base |= upper << 32;
  if (!cpu::canonical(result.base)) return raise_selector(cpu, Exception::GeneralProtection, selector);
  return Outcome::Next;
}

}  // namespace

Outcome fetch_descriptor(Cpu& cpu, u16 selector, Exception vector, u32 external, TableEntry& entry) {
  if (!entry_address(cpu, selector, 8, entry.linear)) return raise_selector(cpu, vector, selector, external);
  const auto raw = mmu::load_as<u64>(cpu, entry.linear, Rights::System);
  entry.descriptor.raw = raw.value;
  return raw.outcome;
}

Outcome fetch_upper(Cpu& cpu, u16 selector, u32 external, const TableEntry& entry, u64& upper) {
  u64 linear = 0;
  if (!entry_address(cpu, selector, 16, linear))
    return raise_selector(cpu, Exception::GeneralProtection, selector, external);
  const auto raw = mmu::load_as<u64>(cpu, entry.linear + 8, Rights::System);
  if (raw.failed()) return raw.outcome;
  upper = raw.value;
  if (bits(upper, 44, 40) != 0) return raise_selector(cpu, Exception::GeneralProtection, selector, external);
  return Outcome::Next;
}

Outcome set_accessed(Cpu& cpu, TableEntry& entry) {
  if (test_bit(entry.descriptor.raw, 40)) return Outcome::Next;
  entry.descriptor.raw |= bit(40);
  return mmu::store_as<u8>(cpu, entry.linear + 5, static_cast<u8>(entry.descriptor.raw >> 40),
                           Rights::System);
}

SegmentRegister make_segment(u16 selector, const Descriptor& d) {
  return {.base = d.base(), .limit = d.limit(), .attributes = d.attributes(), .selector = selector};
}

SegmentRegister real_segment(const SegmentRegister& old, u16 selector) {
  constexpr u32 kData = attribute::kNonSystem | attribute::kWritable | attribute::kAccessed;
  return {.base = static_cast<u64>(selector) << 4,
          .limit = old.limit,
          .attributes = (old.usable() ? old.attributes : kData) | attribute::kPresent,
          .selector = selector};
}

SegmentRegister v8086_segment(u16 selector) {
  return {.base = static_cast<u64>(selector) << 4,
          .limit = 0xFFFF,
          .attributes = attribute::kPresent | attribute::kNonSystem | attribute::kWritable |
                        attribute::kAccessed | (3u << attribute::kDplShift),
          .selector = selector};
}

Outcome check_stack_segment(Cpu& cpu, u16 selector, u8 cpl, Exception vector, u32 external,
                            SegmentRegister& result) {
  if (selector_null(selector)) return raise(cpu, vector, external);
  TableEntry entry;
  if (const Outcome o = fetch_descriptor(cpu, selector, vector, external, entry); !ok(o)) return o;
  const Descriptor& d = entry.descriptor;
  if (selector_rpl(selector) != cpl || !d.non_system() || d.code() || !d.readable_or_writable() ||
      d.dpl() != cpl)
    return raise_selector(cpu, vector, selector, external);
  if (!d.present()) return raise_selector(cpu, Exception::StackFault, selector, external);
  if (const Outcome o = set_accessed(cpu, entry); !ok(o)) return o;
  result = make_segment(selector, entry.descriptor);
  return Outcome::Next;
}

Outcome check_data_segment(Cpu& cpu, u16 selector, u8 cpl, Exception vector, u32 external,
                           SegmentRegister& result) {
  if (selector_null(selector)) {
    result = null_segment(selector);
    return Outcome::Next;
  }
  TableEntry entry;
  if (const Outcome o = fetch_descriptor(cpu, selector, vector, external, entry); !ok(o)) return o;
  const Descriptor& d = entry.descriptor;
  const bool readable = d.non_system() && (!d.code() || d.readable_or_writable());
  const bool any_level = d.code() && d.conforming();
  if (!readable || (!any_level && (selector_rpl(selector) > d.dpl() || cpl > d.dpl())))
    return raise_selector(cpu, vector, selector, external);
  if (!d.present()) return raise_selector(cpu, Exception::SegmentNotPresent, selector, external);
  if (const Outcome o = set_accessed(cpu, entry); !ok(o)) return o;
  result = make_segment(selector, entry.descriptor);
  return Outcome::Next;
}

Outcome load_segment(Cpu& cpu, unsigned segment, u16 selector) {
  SegmentRegister& reg = cpu.seg[segment];
  if (!cpu.protected_mode()) {
    reg = real_segment(reg, selector);
  } else if (cpu.v8086()) {
    reg = v8086_segment(selector);
  } else if (segment != arch::kSs) {
    return check_data_segment(cpu, selector, cpu.cpl, Exception::GeneralProtection, 0, reg);
  } else if (selector_null(selector) && cpu.code64() && cpu.cpl < 3 && selector_rpl(selector) == cpu.cpl) {
    reg = null_segment(selector, cpu.cpl);  // SDM vol. 3, 5.4.1.1
  } else {
    const Outcome o = check_stack_segment(cpu, selector, cpu.cpl, Exception::GeneralProtection, 0, reg);
    if (!ok(o)) return o;
  }
  if (segment == arch::kSs) cpu.refresh();
  return Outcome::Next;
}

Outcome load_ldtr(Cpu& cpu, u16 selector) {
  if (selector_null(selector)) {
    cpu.ldtr = null_segment(selector);
    return Outcome::Next;
  }
  if (selector_local(selector)) return raise_selector(cpu, Exception::GeneralProtection, selector);
  TableEntry entry;
  const Exception gp = Exception::GeneralProtection;
  if (const Outcome o = fetch_descriptor(cpu, selector, gp, 0, entry); !ok(o)) return o;
  if (!entry.descriptor.is(SystemType::Ldt)) return raise_selector(cpu, gp, selector);
  if (!entry.descriptor.present()) return raise_selector(cpu, Exception::SegmentNotPresent, selector);
  SegmentRegister loaded;
  if (const Outcome o = system_segment(cpu, selector, entry, loaded); !ok(o)) return o;
  cpu.ldtr = loaded;
  return Outcome::Next;
}

Outcome load_tr(Cpu& cpu, u16 selector) {
  const Exception gp = Exception::GeneralProtection;
  if (selector_null(selector)) return raise(cpu, gp, 0);
  if (selector_local(selector)) return raise_selector(cpu, gp, selector);
  TableEntry entry;
  if (const Outcome o = fetch_descriptor(cpu, selector, gp, 0, entry); !ok(o)) return o;
  const bool available = entry.descriptor.is(SystemType::TssAvailable) ||
                         (entry.descriptor.is(SystemType::Tss16Available) && !cpu.long_active());
  if (!available) return raise_selector(cpu, gp, selector);
  if (!entry.descriptor.present()) return raise_selector(cpu, Exception::SegmentNotPresent, selector);
  entry.descriptor.raw |= kBusy;
  SegmentRegister loaded;
  if (const Outcome o = system_segment(cpu, selector, entry, loaded); !ok(o)) return o;
  const u8 type = static_cast<u8>(entry.descriptor.raw >> 40);
  if (const Outcome o = mmu::store_as<u8>(cpu, entry.linear + 5, type, Rights::System); !ok(o)) return o;
  cpu.tr = loaded;
  return Outcome::Next;
}

// SDM vol. 2, IRET: only the selector changes, FS and GS keep their bases. Hypervisors give their guests FS
// and GS that are in use, with bases and null selectors.
void drop_inner_segments(Cpu& cpu, u8 cpl) {
  for (const unsigned n : {arch::kEs, arch::kDs, arch::kFs, arch::kGs}) {
    SegmentRegister& reg = cpu.seg[n];
    const u32 conforming_code = attribute::kCode | attribute::kConforming;
    const bool any_level = (reg.attributes & conforming_code) == conforming_code;
    if (selector_null(reg.selector) || !reg.usable()) {
      reg.selector = 0;  // a null selector loses its RPL
    } else if (!any_level && reg.dpl() < cpl) {
      const u64 base = reg.base;
      reg = null_segment(0);
      reg.base = base;
    }
  }
}

Outcome look_up(Cpu& cpu, u16 selector, TableEntry& entry, bool& found) {
  found = !selector_null(selector) && entry_address(cpu, selector, 8, entry.linear);
  if (!found) return Outcome::Next;
  const auto raw = mmu::load_as<u64>(cpu, entry.linear, Rights::System);
  entry.descriptor.raw = raw.value;
  return raw.outcome;
}

}  // namespace hvlab::control
