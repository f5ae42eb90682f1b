#include "sim/control/task_switch.hpp"

#include <cstring>

#include "sim/control/code_segment.hpp"
#include "sim/mmu/walk.hpp"

namespace hvlab::control {

using arch::selector_local;
using arch::selector_null;
using arch::selector_rpl;
using arch::SystemType;
namespace flag = arch::flag;

namespace {

constexpr Exception kTs = Exception::InvalidTss;
constexpr unsigned kMinimum32 = 0x67, kMinimum16 = 0x2B;  // least limits (SDM vol. 3, 8.2.2)

/// The general part of both kinds of TSS (SDM vol. 3, figures 8-2 and 8-10).
struct Image {
  u64 cr3 = 0;
  u32 eip = 0, eflags = 0;
  u32 gpr[8] = {};
  u16 segment[6] = {};
  u16 ldt = 0;
  bool debug_trap = false;
};

struct Layout {
  unsigned width, eip, segments, segment_step, ldt;
};
constexpr Layout kLayout32{4, 0x20, 0x48, 4, 0x60};
constexpr Layout kLayout16{2, 0x0E, 0x22, 2, 0x2A};

/// The task being switched to.
struct Target {
  TableEntry entry;
  SegmentRegister tr;
  bool wide = false;
};

Outcome find_target(Cpu& cpu, u16 selector, TaskSwitch cause, u32 external, Target& target) {
  const bool back = cause == TaskSwitch::Return;
  const Exception vector = back ? kTs : Exception::GeneralProtection;
  if (selector_null(selector) || selector_local(selector))
    return raise_selector(cpu, vector, selector, external);
  if (const Outcome o = fetch_descriptor(cpu, selector, vector, external, target.entry); !ok(o)) return o;
  const arch::Descriptor& d = target.entry.descriptor;
  const bool wide = d.is(back ? SystemType::TssBusy : SystemType::TssAvailable);
  const bool narrow = d.is(back ? SystemType::Tss16Busy : SystemType::Tss16Available);
  if (!wide && !narrow) return raise_selector(cpu, vector, selector, external);
  if (!d.present()) return raise_selector(cpu, Exception::SegmentNotPresent, selector, external);
  if (d.limit() < (wide ? kMinimum32 : kMinimum16)) return raise_selector(cpu, kTs, selector, external);
  target.wide = wide;
  target.tr = make_segment(selector, d);
  target.tr.attributes |= 2;  // busy
  return Outcome::Next;
}

Outcome read_image(Cpu& cpu, const Target& target, Image& image) {
  const Layout& l = target.wide ? kLayout32 : kLayout16;
  u8 raw[0x68] = {};
  const unsigned size = (target.wide ? kMinimum32 : kMinimum16) + 1;
  for (unsigned at = 0; at < size; at += 4) {
    const u64 linear = table_address(cpu, target.tr.base + at);
    if (const Outcome o = mmu::read_slow(cpu, linear, raw + at, 4, Rights::System); !ok(o)) return o;
  }
  const auto field = [&](unsigned at, unsigned bytes) {
    u32 value = 0;
    std::memcpy(&value, raw + at, bytes);
    return value;
  };
  if (target.wide) image.cr3 = field(0x1C, 4);
  image.eip = field(l.eip, l.width);
  image.eflags = field(l.eip + l.width, l.width);
  for (unsigned n = 0; n < 8; ++n) image.gpr[n] = field(l.eip + (2 + n) * l.width, l.width);
  for (unsigned n = 0; n < (target.wide ? 6u : 4u); ++n)
    image.segment[n] = static_cast<u16>(field(l.segments + n * l.segment_step, 2));
  image.ldt = static_cast<u16>(field(l.ldt, 2));
  image.debug_trap = target.wide && (field(0x64, 2) & 1) != 0;
  return Outcome::Next;
}

/// Writes the old task's registers to its TSS; first probes all of it, so that a fault leaves it untouched.
Outcome save_old(Cpu& cpu, u64 next_rip, u64 flags) {
  const bool wide = wide_tss(cpu.tr);
  const Layout& l = wide ? kLayout32 : kLayout16;
  const unsigned end = wide ? 0x60 : 0x2A;
  const auto linear = [&](unsigned at) { return table_address(cpu, cpu.tr.base + at); };
  for (unsigned at = l.eip; at < end; at += 2)
    if (const Outcome o = mmu::probe_write(cpu, linear(at), 2, Rights::System); !ok(o)) return o;
  Outcome o = Outcome::Next;
  const auto put = [&](unsigned at, u64 value, unsigned bytes) {
    if (ok(o)) o = mmu::write_slow(cpu, linear(at), &value, bytes, Rights::System);
  };
  put(l.eip, next_rip, l.width);
  put(l.eip + l.width, flags, l.width);
  for (unsigned n = 0; n < 8; ++n) put(l.eip + (2 + n) * l.width, cpu.gpr[n], l.width);
  for (unsigned n = 0; n < (wide ? 6u : 4u); ++n)
    put(l.segments + n * l.segment_step, cpu.seg[n].selector, 2);
  return o;
}

Outcome set_busy(Cpu& cpu, u64 linear, bool busy) {
  const auto type = mmu::load_as<u8>(cpu, linear + 5, Rights::System);
  if (type.failed()) return type.outcome;
  const u8 value = static_cast<u8>(busy ? type.value | 2 : type.value & ~2);
  return mmu::store_as<u8>(cpu, linear + 5, value, Rights::System);
}

/// Busy flags and the back link (SDM vol. 3, table 8-2).
Outcome link(Cpu& cpu, const Target& target, TaskSwitch cause) {
  if (cause == TaskSwitch::Jump || cause == TaskSwitch::Return) {
    const u64 old = table_address(cpu, cpu.gdtr.base + arch::selector_index(cpu.tr.selector));
    if (const Outcome o = set_busy(cpu, old, false); !ok(o)) return o;
  } else {
    const u64 at = table_address(cpu, target.tr.base);
    if (const Outcome o = mmu::store_as<u16>(cpu, at, cpu.tr.selector, Rights::System); !ok(o)) return o;
  }
  return cause == TaskSwitch::Return ? Outcome::Next : set_busy(cpu, target.entry.linear, true);
}

/// The new task's registers, with segment selectors only: their descriptors come after.
void take_registers(Cpu& cpu, const Target& target, const Image& image, bool nested) {
  constexpr u64 kFlags = flag::kStatus | flag::kTf | flag::kIf | flag::kDf | flag::kIopl | flag::kNt |
                         flag::kRf | flag::kVm | flag::kAc | flag::kVif | flag::kVip | flag::kId;
  for (unsigned n = 0; n < 8; ++n) cpu.gpr[n] = target.wide ? image.gpr[n] : 0xFFFF'0000u | image.gpr[n];
  cpu.rip = image.eip;
  cpu.set_rflags((image.eflags & kFlags) | (nested ? flag::kNt : 0));
  for (unsigned n = 0; n < 6; ++n) cpu.seg[n] = null_segment(image.segment[n]);
  cpu.ldtr = null_segment(image.ldt);
  cpu.tr = target.tr;
  cpu.cr0 |= arch::cr0::kTs;
  cpu.dr7 &= ~u64{0x155};  // local breakpoints L0..L3 and LE (SDM vol. 3, 18.2.4)
}

Outcome load_task_ldt(Cpu& cpu, u16 selector, u32 external) {
  if (selector_null(selector)) return Outcome::Next;
  if (selector_local(selector)) return raise_selector(cpu, kTs, selector, external);
  TableEntry entry;
  if (const Outcome o = fetch_descriptor(cpu, selector, kTs, external, entry); !ok(o)) return o;
  if (!entry.descriptor.is(SystemType::Ldt) || !entry.descriptor.present())
    return raise_selector(cpu, kTs, selector, external);
  cpu.ldtr = make_segment(selector, entry.descriptor);
  return Outcome::Next;
}

/// CS of the new task; its RPL is the new CPL (SDM vol. 3, table 8-1).
Outcome load_task_code(Cpu& cpu, u16 selector, u32 external, SegmentRegister& cs) {
  if (selector_null(selector)) return raise_selector(cpu, kTs, selector, external);
  TableEntry entry;
  if (const Outcome o = fetch_descriptor(cpu, selector, kTs, external, entry); !ok(o)) return o;
  const arch::Descriptor& d = entry.descriptor;
  const u8 rpl = selector_rpl(selector);
  if (!d.code() || (d.conforming() ? d.dpl() > rpl : d.dpl() != rpl))
    return raise_selector(cpu, kTs, selector, external);
  if (!d.present()) return raise_selector(cpu, Exception::SegmentNotPresent, selector, external);
  if (const Outcome o = set_accessed(cpu, entry); !ok(o)) return o;
  cs = make_segment(selector, entry.descriptor);
  return Outcome::Next;
}

Outcome load_task_segments(Cpu& cpu, const Image& image, u32 external) {
  if (cpu.rflag(flag::kVm)) {
    for (unsigned n = 0; n < 6; ++n) cpu.seg[n] = v8086_segment(image.segment[n]);
    cpu.cpl = 3;
    cpu.refresh();
    return load_task_ldt(cpu, image.ldt, external);
  }
  cpu.cpl = selector_rpl(image.segment[arch::kCs]);
  cpu.refresh();
  Outcome o = load_task_ldt(cpu, image.ldt, external);
  if (ok(o)) o = load_task_code(cpu, image.segment[arch::kCs], external, cpu.seg[arch::kCs]);
  if (ok(o))
    o = check_stack_segment(cpu, image.segment[arch::kSs], cpu.cpl, kTs, external, cpu.seg[arch::kSs]);
  cpu.refresh();
  for (const unsigned n : {arch::kDs, arch::kEs, arch::kFs, arch::kGs})
    if (ok(o)) o = check_data_segment(cpu, image.segment[n], cpu.cpl, kTs, external, cpu.seg[n]);
  return o;
}

}  // namespace

Outcome switch_task(Cpu& cpu, u16 selector, TaskSwitch cause, u32 external, u64 next_rip, u64 flags) {
  Target target;
  Image image;
  if (const Outcome o = find_target(cpu, selector, cause, external, target); !ok(o)) return o;
  if (cpu.guest != nullptr) {
    const cpu::TaskSwitchAccess access{.selector = selector,
                                       .by_iret = cause == TaskSwitch::Return,
                                       .by_jump = cause == TaskSwitch::Jump,
                                       .by_gate = cause == TaskSwitch::Event,
                                       .resumes = (flags & flag::kRf) != 0};
    if (const Outcome o = cpu.guest->task_switch(cpu, access); !ok(o)) return o;
  }
  if (const Outcome o = read_image(cpu, target, image); !ok(o)) return o;
  if (cause == TaskSwitch::Return) flags &= ~flag::kNt;
  if (const Outcome o = save_old(cpu, next_rip, flags); !ok(o)) return o;
  const bool nested = cause == TaskSwitch::Call || cause == TaskSwitch::Event;
  if (const Outcome o = link(cpu, target, cause); !ok(o)) return o;

  // The task is committed: what fails from here fails in the new one (SDM vol. 3, 8.3).
  take_registers(cpu, target, image, nested);
  if (target.wide && (cpu.cr0 & arch::cr0::kPg) != 0 && cpu.cr3 != image.cr3) {
    cpu.cr3 = image.cr3;
    mmu::select_address_space(cpu);
    mmu::flush_address_space(cpu);
    cpu.report(observe::EventKind::AddressSpace, cpu.cr3);
    if ((cpu.cr4 & arch::cr4::kPae) != 0) {
      if (const Outcome o = mmu::load_pdptes(cpu, cpu.cr3); !ok(o)) return o;
    }
  }
  if (const Outcome o = load_task_segments(cpu, image, external); !ok(o)) return o;
  if (image.debug_trap) cpu.pending_debug |= arch::dr6::kBt;
  if (cpu.rip > cpu.seg[arch::kCs].limit) return raise(cpu, Exception::GeneralProtection, external);
  return Outcome::Next;
}

}  // namespace hvlab::control
