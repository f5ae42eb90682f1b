// Instructions that a hypervisor may intercept whatever their operands: a column of the instruction table.
#pragma once

#include "sim/base/bits.hpp"

namespace hvlab::decode {

enum class Intercept : u8 {
  None,
  ReadIdtr,
  ReadGdtr,
  ReadLdtr,
  ReadTr,
  WriteIdtr,
  WriteGdtr,
  WriteLdtr,
  WriteTr,
  Rdtsc,
  Rdtscp,
  Rdpmc,
  Pushf,
  Popf,
  Cpuid,
  Rsm,
  Iret,
  SoftwareInterrupt,
  Icebp,
  Invd,
  Wbinvd,
  Pause,
  Hlt,
  Invlpg,
  Invlpga,
  Monitor,
  Mwait,
  Xsetbv,
  Vmrun,
  Vmmcall,
  Vmload,
  Vmsave,
  Stgi,
  Clgi,
  Skinit,
  Invpcid,
  // Intel's.
  MovToDr,
  MovFromDr,
  Rdrand,
  Rdseed,
  Xsaves,
  Xrstors,
  Getsec,
  Invept,
  Invvpid,
  Vmcall,
  Vmclear,
  Vmfunc,
  Vmlaunch,
  Vmptrld,
  Vmptrst,
  Vmread,
  Vmresume,
  Vmwrite,
  Vmxoff,
  Vmxon,
  Count
};

/// Where the intercept stands among the instruction's own exceptions (APM vol. 2, table 15-7; SDM vol. 3,
/// 26.1.1).
enum class InterceptOrder : u8 {
  First,   // before all exceptions
  Second,  // after those of privilege and mode (Op::needs), which are all that there are besides memory's
  Own,     // the handler asks, after checks of its own
};

constexpr InterceptOrder order_of(Intercept i) {
  switch (i) {
    case Intercept::Pushf:
    case Intercept::Popf:
    case Intercept::Rsm:
    case Intercept::Iret:
    case Intercept::SoftwareInterrupt:
    case Intercept::Icebp:
    case Intercept::MovToDr:
    case Intercept::MovFromDr:
    case Intercept::Vmmcall: return InterceptOrder::First;
    case Intercept::Rdtsc:
    case Intercept::Rdtscp:
    case Intercept::Rdpmc:
    case Intercept::Invlpg:
    case Intercept::Invlpga:
    case Intercept::Monitor:
    case Intercept::Mwait:
    case Intercept::Xsaves:
    case Intercept::Xrstors:
    case Intercept::Xsetbv:
    case Intercept::Vmrun:
    case Intercept::Vmload:
    case Intercept::Vmsave:
    case Intercept::Stgi:
    case Intercept::Clgi:
    case Intercept::Skinit:
    case Intercept::Invept:
    case Intercept::Invvpid:
    case Intercept::Vmcall:
    case Intercept::Vmclear:
    case Intercept::Vmfunc:
    case Intercept::Vmlaunch:
    case Intercept::Vmptrld:
    case Intercept::Vmptrst:
    case Intercept::Vmread:
    case Intercept::Vmresume:
    case Intercept::Vmwrite:
    case Intercept::Vmxoff:
    case Intercept::Vmxon: return InterceptOrder::Own;
    default: return InterceptOrder::Second;
  }
}

static_assert(static_cast<unsigned>(Intercept::Count) <= 64);

/// The bit of `i` in Cpu::intercepted.
constexpr u64 intercept_bit(Intercept i) { return bit(static_cast<unsigned>(i)); }

}  // namespace hvlab::decode
