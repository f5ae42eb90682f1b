#include "sim/control/code_segment.hpp"

#include "sim/mmu/segmented.hpp"

namespace hvlab::control {

using arch::Descriptor;
using arch::selector_null;
using arch::selector_rpl;

bool code_address_valid(const Cpu& cpu, const SegmentRegister& cs, u64 rip) {
  if (cpu.long_active() && (cs.attributes & arch::attribute::kLong) != 0) return cpu::canonical(rip);
  return rip <= cs.limit;
}

Outcome enter_segment(Cpu& cpu, u16 selector, TableEntry& entry, Through through, SegmentRegister& cs,
                      u8& level) {
  const Exception gp = Exception::GeneralProtection;
  const Descriptor& d = entry.descriptor;
  bool allowed = d.code();
  if (d.conforming()) {
    allowed &= d.dpl() <= cpu.cpl;
  } else if (through == Through::Direct) {
    allowed &= d.dpl() == cpu.cpl && selector_rpl(selector) <= cpu.cpl;
  } else {
    allowed &= through == Through::GateCall ? d.dpl() <= cpu.cpl : d.dpl() == cpu.cpl;
  }
  if (cpu.long_active()) {
    if (through == Through::Direct)
      allowed &= !(d.long_code() && d.default_big());
    else
      allowed &= d.long_code() && !d.default_big();
  }
  if (!allowed) return raise_selector(cpu, gp, selector);
  if (!d.present()) return raise_selector(cpu, Exception::SegmentNotPresent, selector);
  if (const Outcome o = set_accessed(cpu, entry); !ok(o)) return o;
  level = d.conforming() ? cpu.cpl : d.dpl();
  cs = make_segment(static_cast<u16>((selector & ~3) | level), entry.descriptor);
  return Outcome::Next;
}

Outcome return_segment(Cpu& cpu, u16 selector, SegmentRegister& cs) {
  const Exception gp = Exception::GeneralProtection;
  if (selector_null(selector)) return raise(cpu, gp, 0);
  TableEntry entry;
  if (const Outcome o = fetch_descriptor(cpu, selector, gp, 0, entry); !ok(o)) return o;
  const Descriptor& d = entry.descriptor;
  const u8 rpl = selector_rpl(selector);
  const bool level_fits = d.conforming() ? d.dpl() <= rpl : d.dpl() == rpl;
  const bool both_sizes = cpu.long_active() && d.long_code() && d.default_big();
  if (!d.code() || rpl < cpu.cpl || !level_fits || both_sizes) return raise_selector(cpu, gp, selector);
  if (!d.present()) return raise_selector(cpu, Exception::SegmentNotPresent, selector);
  if (const Outcome o = set_accessed(cpu, entry); !ok(o)) return o;
  cs = make_segment(selector, entry.descriptor);
  return Outcome::Next;
}

Outcome return_stack(Cpu& cpu, u16 selector, const SegmentRegister& cs, SegmentRegister& ss) {
  const u8 level = selector_rpl(cs.selector);
  const bool code64 = cpu.long_active() && (cs.attributes & arch::attribute::kLong) != 0;
  if (selector_null(selector) && code64 && level != 3 && selector_rpl(selector) == level) {
    ss = null_segment(selector, level);
    return Outcome::Next;
  }
  return check_stack_segment(cpu, selector, level, Exception::GeneralProtection, 0, ss);
}

mmu::Loaded<u64> peek_sized(Cpu& cpu, unsigned bytes, unsigned depth) {
  const auto widen = [](auto loaded) { return mmu::Loaded<u64>{loaded.value, loaded.outcome}; };
  if (bytes == 8) return mmu::peek<u64>(cpu, depth);
  return bytes == 4 ? widen(mmu::peek<u32>(cpu, depth)) : widen(mmu::peek<u16>(cpu, depth));
}

void return_outer(Cpu& cpu, const SegmentRegister& cs, u64 rip, const SegmentRegister& ss, u64 sp) {
  const u8 level = selector_rpl(cs.selector);
  const bool outer = level > cpu.cpl;
  cpu.seg[arch::kCs] = cs;
  cpu.seg[arch::kSs] = ss;
  cpu.rip = rip;
  cpu.cpl = level;
  cpu.refresh();
  mmu::set_stack_pointer(cpu, sp);
  if (outer) drop_inner_segments(cpu, level);
}

}  // namespace hvlab::control
