#include "sim/vmx/world.hpp"

#include "sim/arch/msr.hpp"
#include "sim/control/control_registers.hpp"

namespace hvlab::vmx {

using namespace arch;
using arch::vmx::Control;
using arch::vmx::Field;
using cpu::DescriptorTableRegister;
using cpu::SegmentRegister;

namespace {

/// Bits of CR0 that neither VM entry nor VM exit changes: reserved ones, ET, NW and CD (27.3.2.1, 28.5.1).
constexpr u64 kCr0Kept = cr0::kEt | cr0::kNw | cr0::kCd;
constexpr u64 kCr0Moved =
    cr0::kPe | cr0::kMp | cr0::kEm | cr0::kTs | cr0::kNe | cr0::kWp | cr0::kAm | cr0::kPg;

constexpr u64 kDr7Moved = 0xFFFF'23FF;
constexpr u64 kFlags = flag::kStatus | flag::kTf | flag::kIf | flag::kDf | flag::kIopl | flag::kNt |
                       flag::kRf | flag::kVm | flag::kAc | flag::kVif | flag::kVip | flag::kId;

constexpr u32 kRights = 0x1'F0FF;  // the defined bits of access rights (table 25-2)

u64 canonical_form(u64 address) { return static_cast<u64>(static_cast<i64>(address << 16) >> 16); }

/// Registers in the order of the VMCS: arch::Segment, LDTR, TR.
constexpr unsigned kLdtr = 6, kTr = 7;
auto& segment(auto& cpu, unsigned n) { return n == kLdtr ? cpu.ldtr : n == kTr ? cpu.tr : cpu.seg[n]; }

/// A guest's segment (27.3.2.2). Of one that is unusable the manual defines what it says here; the rest is
/// kept as it stands, as the parts do.
SegmentRegister guest_segment(const Vmcs& v, unsigned n) {
  SegmentRegister s{.base = v[Field::GuestEsBase + n],
                    .limit = static_cast<u32>(v[Field::GuestEsLimit + n]),
                    .attributes = static_cast<u32>(v[Field::GuestEsAccessRights + n]) & kRights,
                    .selector = static_cast<u16>(v[Field::GuestEsSelector + n])};
  if (s.usable() || n == kCs) return s;
  if (n == kLdtr) s.base = canonical_form(s.base);
  if (n == kEs || n == kSs || n == kDs) s.base = static_cast<u32>(s.base);
  if (n == kSs) {
    s.base &= ~u64{0xF};
    s.attributes |= attribute::kDefaultBig;
  }
  return s;
}

/// What LMA and LME become without an EFER of its own (27.3.2.1): with paging off LME stays.
u64 guest_efer(const Cpu& cpu, const Vmcs& v, const Controls& c) {
  if (c.has(Control::EntryLoadEfer)) return v[Field::GuestEfer];
  const bool wide = c.has(Control::Ia32eModeGuest);
  u64 value = wide ? cpu.efer | efer::kLma : cpu.efer & ~efer::kLma;
  if ((v[Field::GuestCr0] & cr0::kPg) != 0) value = wide ? value | efer::kLme : value & ~efer::kLme;
  return value;
}

/// A host's segment: flat, in use unless its selector is null (28.5.2).
SegmentRegister flat(u16 selector, u32 attributes) {
  if (selector == 0) attributes |= attribute::kUnusable;
  return {.base = 0, .limit = 0xFFFF'FFFF, .attributes = attributes, .selector = selector};
}

void load_host_segments(Cpu& cpu, const Vmcs& v, bool wide) {
  using namespace attribute;
  constexpr u32 kUsed = kPresent | kGranularity,
                kData = kUsed | kNonSystem | kWritable | kAccessed | kDefaultBig;
  for (unsigned n = 0; n < 6; ++n) cpu.seg[n] = flat(static_cast<u16>(v[Field::HostEsSelector + n]), kData);
  const u16 cs = cpu.seg[kCs].selector;
  cpu.seg[kCs] = {
      .base = 0,
      .limit = 0xFFFF'FFFF,
      .attributes = kUsed | kNonSystem | kCode | kReadable | kAccessed | (wide ? kLong : kDefaultBig),
      .selector = cs};
  cpu.seg[kFs].base = canonical_form(v[Field::HostFsBase]);
  cpu.seg[kGs].base = canonical_form(v[Field::HostGsBase]);
  cpu.tr = {.base = canonical_form(v[Field::HostTrBase]),
            .limit = 0x67,
            .attributes = kPresent | static_cast<u32>(SystemType::TssBusy),
            .selector = static_cast<u16>(v[Field::HostTrSelector])};
  cpu.ldtr = {.base = 0, .limit = 0, .attributes = kUnusable, .selector = 0};
  cpu.gdtr = {canonical_form(v[Field::HostGdtrBase]), 0xFFFF};
  cpu.idtr = {canonical_form(v[Field::HostIdtrBase]), 0xFFFF};
}

void load_host_control_registers(Cpu& cpu, const Vmcs& v, bool wide) {
  cpu.cr0 = (cpu.cr0 & kCr0Kept) | (v[Field::HostCr0] & kCr0Moved) | cpu.vmx.cr0_fixed0;
  cpu.cr3 = v[Field::HostCr3] & low_mask(cpu.identity.physical_address_bits);
  cpu.cr4 = (v[Field::HostCr4] & control::cr4_supported(cpu)) | cpu.vmx.cr4_fixed0;
  cpu.cr4 = wide ? cpu.cr4 | cr4::kPae : cpu.cr4 & ~cr4::kPcide;
}

/// EFER by the "host address-space size", whatever the field says of LMA and LME.
u64 host_efer(const Cpu& cpu, const Vmcs& v, const Controls& c, bool wide) {
  constexpr u64 kModes = efer::kLma | efer::kLme, kOthers = efer::kSce | efer::kNxe;
  const u64 others = c.has(Control::ExitLoadEfer) ? v[Field::HostEfer] & kOthers : cpu.efer & ~kModes;
  return wide ? others | kModes : others;
}

}  // namespace

void load_guest(Cpu& cpu, const Vmcs& v, const Controls& c) {
  cpu.efer = guest_efer(cpu, v, c);  // before CR0: what stays depends on the old value
  cpu.cr0 = (cpu.cr0 & kCr0Kept) | (v[Field::GuestCr0] & kCr0Moved);
  cpu.cr3 = v[Field::GuestCr3];
  cpu.cr4 = v[Field::GuestCr4];
  if (c.has(Control::EntryLoadDebugControls)) {
    cpu.dr7 = (v[Field::GuestDr7] & kDr7Moved) | dr7::kFixed1;
    cpu.debug_ctl = v[Field::GuestDebugCtl] & (msr::kDebugCtlLbr | msr::kDebugCtlBtf);
  }
  cpu.sysenter_cs = static_cast<u32>(v[Field::GuestSysenterCs]);
  cpu.sysenter_esp = v[Field::GuestSysenterEsp];
  cpu.sysenter_eip = v[Field::GuestSysenterEip];
  if (c.has(Control::EntryLoadPat)) cpu.pat = v[Field::GuestPat];
  for (unsigned n = 0; n <= kTr; ++n) segment(cpu, n) = guest_segment(v, n);
  cpu.gdtr = {v[Field::GuestGdtrBase], static_cast<u16>(v[Field::GuestGdtrLimit])};
  cpu.idtr = {v[Field::GuestIdtrBase], static_cast<u16>(v[Field::GuestIdtrLimit])};
  cpu.rip = v[Field::GuestRip];
  cpu.gpr[kRsp] = v[Field::GuestRsp];
  cpu.set_rflags(v[Field::GuestRflags] & kFlags);
  cpu.cpl = cpu.seg[kSs].dpl();
}

void save_guest(const Cpu& cpu, Vmcs& v, const Controls& c, u64 rflags) {
  v[Field::GuestCr0] = cpu.cr0;
  v[Field::GuestCr3] = cpu.cr3;
  v[Field::GuestCr4] = cpu.cr4;
  v[Field::GuestSysenterCs] = cpu.sysenter_cs;
  v[Field::GuestSysenterEsp] = cpu.sysenter_esp;
  v[Field::GuestSysenterEip] = cpu.sysenter_eip;
  if (c.has(Control::ExitSaveDebugControls)) {
    v[Field::GuestDr7] = cpu.dr7;
    v[Field::GuestDebugCtl] = cpu.debug_ctl;
  }
  if (c.has(Control::ExitSavePat)) v[Field::GuestPat] = cpu.pat;
  if (c.has(Control::ExitSaveEfer)) v[Field::GuestEfer] = cpu.efer;
  for (unsigned n = 0; n <= kTr; ++n) {
    const SegmentRegister& s = segment(cpu, n);
    v[Field::GuestEsSelector + n] = s.selector;
    v[Field::GuestEsBase + n] = s.base;
    v[Field::GuestEsLimit + n] = s.limit;
    v[Field::GuestEsAccessRights + n] = s.attributes & kRights;
  }
  // What SS.DPL does not hold in every mode here (SDM vol. 3, 25.4.1: the CPL).
  u64& ss = v[Field::GuestSsAccessRights];
  ss = (ss & ~(u64{3} << attribute::kDplShift)) | u64{cpu.cpl} << attribute::kDplShift;
  v[Field::GuestGdtrBase] = cpu.gdtr.base;
  v[Field::GuestGdtrLimit] = cpu.gdtr.limit;
  v[Field::GuestIdtrBase] = cpu.idtr.base;
  v[Field::GuestIdtrLimit] = cpu.idtr.limit;
  v[Field::GuestRip] = cpu.rip;
  v[Field::GuestRsp] = cpu.gpr[kRsp];
  v[Field::GuestRflags] = rflags;
}

void load_host(Cpu& cpu, const Vmcs& v, const Controls& c) {
  const bool wide = c.has(Control::HostAddressSpaceSize);
  load_host_control_registers(cpu, v, wide);
  cpu.efer = host_efer(cpu, v, c, wide);
  cpu.dr7 = dr7::kFixed1;
  cpu.debug_ctl = 0;
  cpu.sysenter_cs = static_cast<u32>(v[Field::HostSysenterCs]);
  cpu.sysenter_esp = canonical_form(v[Field::HostSysenterEsp]);
  cpu.sysenter_eip = canonical_form(v[Field::HostSysenterEip]);
  if (c.has(Control::ExitLoadPat)) cpu.pat = v[Field::HostPat];
  load_host_segments(cpu, v, wide);
  cpu.rip = wide ? v[Field::HostRip] : static_cast<u32>(v[Field::HostRip]);
  cpu.gpr[kRsp] = wide ? v[Field::HostRsp] : static_cast<u32>(v[Field::HostRsp]);
  cpu.set_rflags(flag::kFixed1);
  cpu.cpl = 0;
}

}  // namespace hvlab::vmx
