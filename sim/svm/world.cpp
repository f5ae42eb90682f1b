#include "sim/svm/world.hpp"

namespace hvlab::svm {

using namespace arch;
using arch::svm::SegmentArea;

namespace {

/// The 12-bit attribute word; a segment that may not be used is one that is not present.
SegmentArea area_of(const cpu::SegmentRegister& s) {
  const u32 a = s.usable() ? s.attributes : s.attributes & ~attribute::kPresent;
  return {s.selector, static_cast<u16>((a & 0xFF) | ((a >> 4) & 0xF00)), s.limit, s.base};
}

/// Bases that are not canonical are made so (15.5.1).
u64 base_of(const SegmentArea& a) { return static_cast<u64>(static_cast<i64>(a.base << 16) >> 16); }

cpu::SegmentRegister register_of(const SegmentArea& a) {
  u32 attributes = (a.attributes & 0xFFu) | (a.attributes & 0xF00u) << 4;
  if ((attributes & attribute::kPresent) == 0) attributes |= attribute::kUnusable;
  return {.base = base_of(a), .limit = a.limit, .attributes = attributes, .selector = a.selector};
}

SegmentArea area_of(const cpu::DescriptorTableRegister& t) { return {0, 0, t.limit, t.base}; }
cpu::DescriptorTableRegister table_of(const SegmentArea& a) {
  return {base_of(a), static_cast<u16>(a.limit)};
}

constexpr u64 kFlags = flag::kStatus | flag::kTf | flag::kIf | flag::kDf | flag::kIopl | flag::kNt |
                       flag::kRf | flag::kVm | flag::kAc | flag::kVif | flag::kVip | flag::kId;

}  // namespace

void save_world(const Cpu& cpu, SaveArea& to, u64 rip) {
  to.es = area_of(cpu.seg[kEs]);
  to.cs = area_of(cpu.seg[kCs]);
  to.ss = area_of(cpu.seg[kSs]);
  to.ds = area_of(cpu.seg[kDs]);
  to.gdtr = area_of(cpu.gdtr);
  to.idtr = area_of(cpu.idtr);
  to.efer = cpu.efer;
  to.cr0 = cpu.cr0;
  to.cr3 = cpu.cr3;
  to.cr4 = cpu.cr4;
  to.rflags = cpu.rflags();
  to.rip = rip;
  to.rsp = cpu.gpr[kRsp];
  to.rax = cpu.gpr[kRax];
  to.cpl = cpu.cpl;
}

void load_world(Cpu& cpu, const SaveArea& from) {
  cpu.seg[kEs] = register_of(from.es);
  cpu.seg[kCs] = register_of(from.cs);
  cpu.seg[kSs] = register_of(from.ss);
  cpu.seg[kDs] = register_of(from.ds);
  cpu.gdtr = table_of(from.gdtr);
  cpu.idtr = table_of(from.idtr);
  cpu.cr0 = from.cr0 | cr0::kEt;
  cpu.cr3 = from.cr3;
  cpu.cr4 = from.cr4;
  const bool long_mode = (from.efer & efer::kLme) != 0 && (from.cr0 & cr0::kPg) != 0;
  cpu.efer = long_mode ? from.efer | efer::kLma : from.efer & ~efer::kLma;
  cpu.set_rflags(from.rflags & (long_mode ? kFlags & ~flag::kVm : kFlags));
  cpu.rip = from.rip;
  cpu.gpr[kRsp] = from.rsp;
  cpu.gpr[kRax] = from.rax;
  cpu.cpl = from.cpl & 3;
}

void save_branch_records(const Cpu& cpu, SaveArea& to) {
  to.debug_ctl = cpu.debug_ctl;
  to.last_branch_from = cpu.last_branch_from, to.last_branch_to = cpu.last_branch_to;
  to.last_interrupt_from = cpu.last_interrupt_from, to.last_interrupt_to = cpu.last_interrupt_to;
}

void load_branch_records(Cpu& cpu, const SaveArea& from) {
  constexpr u64 kDebugCtl = 0x3F;
  cpu.debug_ctl = from.debug_ctl & kDebugCtl;
  cpu.last_branch_from = from.last_branch_from, cpu.last_branch_to = from.last_branch_to;
  cpu.last_interrupt_from = from.last_interrupt_from, cpu.last_interrupt_to = from.last_interrupt_to;
}

void save_rest(const Cpu& cpu, SaveArea& to) {
  to.fs = area_of(cpu.seg[kFs]);
  to.gs = area_of(cpu.seg[kGs]);
  to.tr = area_of(cpu.tr);
  to.ldtr = area_of(cpu.ldtr);
  to.kernel_gs_base = cpu.kernel_gs_base;
  to.star = cpu.star;
  to.lstar = cpu.lstar;
  to.cstar = cpu.cstar;
  to.sfmask = cpu.fmask;
  to.sysenter_cs = cpu.sysenter_cs;
  to.sysenter_esp = cpu.sysenter_esp;
  to.sysenter_eip = cpu.sysenter_eip;
}

void load_rest(Cpu& cpu, const SaveArea& from) {
  cpu.seg[kFs] = register_of(from.fs);
  cpu.seg[kGs] = register_of(from.gs);
  cpu.tr = register_of(from.tr);
  cpu.ldtr = register_of(from.ldtr);
  cpu.kernel_gs_base = static_cast<u64>(static_cast<i64>(from.kernel_gs_base << 16) >> 16);
  cpu.star = from.star;
  cpu.lstar = from.lstar;
  cpu.cstar = from.cstar;
  cpu.fmask = static_cast<u32>(from.sfmask);
  cpu.sysenter_cs = static_cast<u32>(from.sysenter_cs);
  cpu.sysenter_esp = static_cast<u32>(from.sysenter_esp);
  cpu.sysenter_eip = static_cast<u32>(from.sysenter_eip);
}

}  // namespace hvlab::svm
