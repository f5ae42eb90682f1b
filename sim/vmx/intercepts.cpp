// Instructions of a guest that leave it (SDM vol. 3, 26.1.2 and 26.1.3).
#include <utility>

#include "sim/decode/form.hpp"
#include "sim/vmx/apic.hpp"
#include "sim/vmx/bitmaps.hpp"
#include "sim/vmx/instruction_information.hpp"
#include "sim/vmx/unit.hpp"

namespace hvlab::vmx {

using namespace arch::vmx;
using decode::Mnemonic;
using Rf = Leaving::Rf;
namespace cr0 = arch::cr0;

namespace {

/// Instructions that exit whatever their operands: the reason, and the control that asks for it.
struct Row {
  Intercept what;
  ExitReason reason;
  Control when;  // Always: no control forbids it (26.1.2)
};
constexpr Row kRows[] = {
    {Intercept::Cpuid, ExitReason::Cpuid, Control::Always},
    {Intercept::Getsec, ExitReason::Getsec, Control::Always},
    {Intercept::Invd, ExitReason::Invd, Control::Always},
    {Intercept::Xsetbv, ExitReason::Xsetbv, Control::Always},
    {Intercept::Invept, ExitReason::Invept, Control::Always},
    {Intercept::Invvpid, ExitReason::Invvpid, Control::Always},
    {Intercept::Vmcall, ExitReason::Vmcall, Control::Always},
    {Intercept::Vmclear, ExitReason::Vmclear, Control::Always},
    {Intercept::Vmlaunch, ExitReason::Vmlaunch, Control::Always},
    {Intercept::Vmptrld, ExitReason::Vmptrld, Control::Always},
    {Intercept::Vmptrst, ExitReason::Vmptrst, Control::Always},
    {Intercept::Vmread, ExitReason::Vmread, Control::Always},
    {Intercept::Vmresume, ExitReason::Vmresume, Control::Always},
    {Intercept::Vmwrite, ExitReason::Vmwrite, Control::Always},
    {Intercept::Vmxoff, ExitReason::Vmxoff, Control::Always},
    {Intercept::Vmxon, ExitReason::Vmxon, Control::Always},
    {Intercept::Vmfunc, ExitReason::Vmfunc, Control::Always},
    {Intercept::Hlt, ExitReason::Hlt, Control::HltExiting},
    {Intercept::Invlpg, ExitReason::Invlpg, Control::InvlpgExiting},
    {Intercept::Invpcid, ExitReason::Invpcid, Control::InvlpgExiting},
    {Intercept::Mwait, ExitReason::Mwait, Control::MwaitExiting},
    {Intercept::Monitor, ExitReason::Monitor, Control::MonitorExiting},
    {Intercept::MovToDr, ExitReason::MovDr, Control::MovDrExiting},
    {Intercept::MovFromDr, ExitReason::MovDr, Control::MovDrExiting},
    {Intercept::Rdpmc, ExitReason::Rdpmc, Control::RdpmcExiting},
    {Intercept::Rdtsc, ExitReason::Rdtsc, Control::RdtscExiting},
    {Intercept::Rdtscp, ExitReason::Rdtscp, Control::RdtscExiting},
    {Intercept::Pause, ExitReason::Pause, Control::PauseExiting},
    {Intercept::Wbinvd, ExitReason::Wbinvd, Control::WbinvdExiting},
    {Intercept::Rdrand, ExitReason::Rdrand, Control::RdrandExiting},
    {Intercept::Rdseed, ExitReason::Rdseed, Control::RdseedExiting},
    {Intercept::Xsaves, ExitReason::Xsaves, Control::EnableXsaves},
    {Intercept::Xrstors, ExitReason::Xrstors, Control::EnableXsaves},
    {Intercept::ReadGdtr, ExitReason::GdtrIdtr, Control::DescriptorTableExiting},
    {Intercept::ReadIdtr, ExitReason::GdtrIdtr, Control::DescriptorTableExiting},
    {Intercept::WriteGdtr, ExitReason::GdtrIdtr, Control::DescriptorTableExiting},
    {Intercept::WriteIdtr, ExitReason::GdtrIdtr, Control::DescriptorTableExiting},
    {Intercept::ReadLdtr, ExitReason::LdtrTr, Control::DescriptorTableExiting},
    {Intercept::ReadTr, ExitReason::LdtrTr, Control::DescriptorTableExiting},
    {Intercept::WriteLdtr, ExitReason::LdtrTr, Control::DescriptorTableExiting},
    {Intercept::WriteTr, ExitReason::LdtrTr, Control::DescriptorTableExiting},
};

constexpr const Row* row_of(Intercept what) {
  for (const Row& row : kRows)
    if (row.what == what) return &row;
  return nullptr;
}

/// The instructions that exit with control `c`, as bits of Cpu::intercepted.
consteval u64 exits_with(Control c) {
  u64 mask = 0;
  for (const Row& row : kRows)
    if (row.when == c) mask |= decode::intercept_bit(row.what);
  return mask;
}
/// Every VM entry asks: only the controls that have such instructions are looked at.
template <unsigned... N>
u64 exits_with(const Controls& controls, std::integer_sequence<unsigned, N...>) {
  const auto with = [&]<unsigned kNumber>() -> u64 {
    constexpr auto kControl = static_cast<Control>(kNumber);
    if constexpr (exits_with(kControl) == 0) return 0;
    return controls.has(kControl) ? exits_with(kControl) : 0;
  };
  return (with.template operator()<N>() | ...);
}

/// How a control register is accessed (table 28-3).
enum class CrAccess : u8 { MovTo, MovFrom, Clts, Lmsw };
constexpr u64 cr_qualification(unsigned number, CrAccess type, u64 gpr = 0) {
  return number | static_cast<u64>(type) << 4 | gpr << 8;
}

Mnemonic mnemonic(const Cpu& cpu) { return static_cast<Mnemonic>(cpu.current->mnemonic); }

/// The general register of a MOV: operands are kept as byte offsets.
u64 general_register(const Cpu& cpu, unsigned operand) { return cpu.current->reg[operand] / 8; }

/// Table 28-4.
u64 dr_qualification(const Cpu& cpu, bool write) {
  const u64 number = cpu.current->reg[write ? 0 : 1];
  return number | (write ? 0 : bit(4)) | general_register(cpu, write ? 1 : 0) << 8;
}

/// LMSW moves the low four bits of its operand to CR0, but does not clear PE (26.1.3).
bool lmsw_exits(const Cpu& cpu, u64 source) {
  const u64 differing = (source ^ cpu.cr0_shadow) & cpu.cr0_mask;
  const bool sets_pe = (differing & cr0::kPe & source) != 0;
  return sets_pe || (differing & (cr0::kMp | cr0::kEm | cr0::kTs)) != 0;
}

/// The linear address of the memory operand, as it is before any check; 0 in a segment that may not be used.
u64 linear_operand(const Cpu& cpu, unsigned segment, u64 offset, unsigned address_bytes) {
  offset &= low_mask(address_bytes * 8u);
  const cpu::SegmentRegister& s = cpu.seg[segment];
  if (cpu.code64()) return segment >= arch::kFs ? s.base + offset : offset;
  return s.usable() ? static_cast<u32>(s.base + offset) : 0;
}

u64 memory_operand(const Cpu& cpu) {
  const Op& op = *cpu.current;
  const u64 offset = cpu.get<u64>(op.base) + (cpu.get<u64>(op.index) << op.shift) +
                     static_cast<u64>(static_cast<i64>(op.disp));
  return linear_operand(cpu, op.segment, offset, op.address_bytes);
}

}  // namespace

u64 Unit::intercept_mask() const {
  u64 mask = exits_with(Control::Always) |
             exits_with(guest_.controls, std::make_integer_sequence<unsigned, arch::vmx::kControls>{});
  if (has(Control::PauseLoopExiting)) mask |= decode::intercept_bit(Intercept::Pause);
  return mask;
}

/// #UD in a guest whose hypervisor has not enabled them (26.3).
u64 Unit::undefined_mask() const {
  u64 mask = 0;
  if (!has(Control::EnableRdtscp)) mask |= decode::intercept_bit(Intercept::Rdtscp);
  if (!has(Control::EnableInvpcid)) mask |= decode::intercept_bit(Intercept::Invpcid);
  if (!has(Control::EnableVmFunctions)) mask |= decode::intercept_bit(Intercept::Vmfunc);
  if (!has(Control::EnableXsaves))
    mask |= decode::intercept_bit(Intercept::Xsaves) | decode::intercept_bit(Intercept::Xrstors);
  return mask;
}

Outcome Unit::leave_at(Cpu& cpu, Leaving why) {
  why.instruction_length = cpu.current->length;
  why.instruction_info = instruction_information(cpu, *cpu.current);
  why.rf = Rf::Clear;
  leave(cpu, why);
  return Outcome::World;
}

Outcome Unit::leave_at(Cpu& cpu, ExitReason reason, u64 qualification) {
  return leave_at(cpu, {.reason = reason, .qualification = qualification});
}

Outcome Unit::instruction(Cpu& cpu, Intercept what, u64 information) {
  if (what == Intercept::Pause && !pause_exits(cpu)) return Outcome::Next;
  const Row* row = row_of(what);
  if (row == nullptr) return Outcome::Next;
  switch (what) {
    case Intercept::Invlpg:
    case Intercept::Mwait: return leave_at(cpu, row->reason, information);
    case Intercept::Xsaves:
    case Intercept::Xrstors:  // `information`: the instruction's mask
      if ((information & cpu.xss & vmcs(cpu)[Field::XssExitingBitmap]) == 0) return Outcome::Next;
      return leave_at(cpu, row->reason, displacement(cpu, *cpu.current));
    case Intercept::MovToDr: return leave_at(cpu, row->reason, dr_qualification(cpu, true));
    case Intercept::MovFromDr: return leave_at(cpu, row->reason, dr_qualification(cpu, false));
    default: return leave_at(cpu, row->reason, displacement(cpu, *cpu.current));
  }
}

/// PAUSE-loop exiting counts at CPL 0 alone, in cycles, which pass like those of the time-stamp counter
/// (26.1.3).
bool Unit::pause_exits(Cpu& cpu) {
  if (has(Control::PauseExiting)) return true;
  if (cpu.cpl != 0) return false;
  const Vmcs& v = vmcs(cpu);
  const u64 now = cpu.cycles();
  const bool first =
      guest_.last_pause == Guest::kNoPause || now - guest_.last_pause > static_cast<u32>(v[Field::PleGap]);
  guest_.last_pause = now;
  if (first) guest_.first_pause = now;
  return now - guest_.first_pause > static_cast<u32>(v[Field::PleWindow]);
}

Outcome Unit::control_read(Cpu& cpu, unsigned number) {
  const bool exits =
      (number == 3 && has(Control::Cr3StoreExiting)) || (number == 8 && has(Control::Cr8StoreExiting));
  if (!exits) return Outcome::Next;
  return leave_at(cpu, ExitReason::CrAccess,
                  cr_qualification(number, CrAccess::MovFrom, general_register(cpu, 0)));
}

Outcome Unit::control_write(Cpu& cpu, unsigned number, u64 value) {
  if (mnemonic(cpu) == Mnemonic::LMSW) {
    if (!lmsw_exits(cpu, value)) return Outcome::Next;
    const bool memory = cpu.current->mem == 0;
    return leave_at(cpu, {.reason = ExitReason::CrAccess,
                          .qualification = cr_qualification(0, CrAccess::Lmsw) | (memory ? bit(6) : 0) |
                                           (value & 0xFFFF) << 16,
                          .guest_linear = memory ? memory_operand(cpu) : 0});
  }
  if (mnemonic(cpu) == Mnemonic::CLTS) {
    if ((cpu.cr0_mask & cpu.cr0_shadow & cr0::kTs) == 0) return Outcome::Next;
    return leave_at(cpu, ExitReason::CrAccess, cr_qualification(0, CrAccess::Clts));
  }
  bool exits = false;
  switch (number) {
    case 0: exits = ((value ^ cpu.cr0_shadow) & cpu.cr0_mask) != 0; break;
    case 3: exits = has(Control::Cr3LoadExiting) && !cr3_target(cpu, value); break;
    case 4: exits = ((value ^ cpu.cr4_shadow) & cpu.cr4_mask) != 0; break;
    case 8: exits = has(Control::Cr8LoadExiting); break;
    default: break;
  }
  if (!exits) return Outcome::Next;
  return leave_at(cpu, ExitReason::CrAccess,
                  cr_qualification(number, CrAccess::MovTo, general_register(cpu, 1)));
}

bool Unit::cr3_target(Cpu& cpu, u64 value) {
  const Vmcs& v = vmcs(cpu);
  constexpr unsigned kTargets = 4;
  for (unsigned n = 0; n < kTargets && n < v[Field::Cr3TargetCount]; ++n)
    if (v[Field::Cr3Target0 + n] == value) return true;
  return false;
}

/// MOV DR exits before all that is asked here: see instruction().
Outcome Unit::debug_access(Cpu&, unsigned, bool) { return Outcome::Next; }

/// Table 28-5.
Outcome Unit::port(Cpu& cpu, const cpu::PortAccess& access) {
  const Vmcs& v = vmcs(cpu);
  const bool exits = has(Control::UseIoBitmaps) ? port_exits(cpu, v[Field::IoBitmapA], v[Field::IoBitmapB],
                                                             access.port, access.bytes)
                                                : has(Control::UnconditionalIoExiting);
  if (!exits) return Outcome::Next;
  const Op& op = *cpu.current;
  // DX is a register operand of IN and OUT.
  const bool immediate = !access.string && op.reg[access.input ? 1 : 0] != arch::kRdx * 8;
  u64 told = (access.bytes - 1u) | u64{access.port} << 16;
  if (access.input) told |= bit(3);
  if (access.string) told |= bit(4);
  if (access.repeated) told |= bit(5);
  if (immediate) told |= bit(6);
  u64 linear = 0;
  if (access.string)
    linear = linear_operand(cpu, access.segment, cpu.gpr[access.input ? arch::kRdi : arch::kRsi],
                            access.address_bytes);
  return leave_at(cpu, {.reason = ExitReason::IoInstruction, .qualification = told, .guest_linear = linear});
}

Outcome Unit::msr(Cpu& cpu, u32 number, bool write) {
  if (has(Control::UseMsrBitmaps) && !msr_exits(cpu, vmcs(cpu)[Field::MsrBitmaps], number, write))
    return virtualize_msr(*this, cpu, number, write);
  return leave_at(cpu, write ? ExitReason::Wrmsr : ExitReason::Rdmsr);
}

/// Task switches always exit (26.4.2, table 28-2).
Outcome Unit::task_switch(Cpu& cpu, const cpu::TaskSwitchAccess& access) {
  constexpr u64 kCall = 0, kIret = 1, kJump = 2, kGate = 3;
  const u64 source = access.by_gate ? kGate : access.by_iret ? kIret : access.by_jump ? kJump : kCall;
  Leaving why{.reason = ExitReason::TaskSwitch,
              .qualification = access.selector | source << 30,
              .rf = access.resumes ? Rf::Set : Rf::Clear};
  if (source != kGate) why.instruction_length = cpu.current->length;
  leave(cpu, why);
  return Outcome::World;
}

}  // namespace hvlab::vmx
