#include "sim/control/syscall.hpp"

#include "sim/control/gates.hpp"
#include "sim/cpu/cpuid.hpp"

namespace hvlab::control {

namespace flag = arch::flag;
using arch::kRcx;
using arch::kRdx;
using arch::kRsp;
using arch::kSs;

namespace {

/// The flat segments these instructions load without reading a descriptor.
SegmentRegister flat_code(u16 selector, u8 dpl, bool long_code) {
  namespace a = arch::attribute;
  const u32 size = long_code ? a::kLong : a::kDefaultBig;
  return {.base = 0,
          .limit = 0xFFFF'FFFF,
          .attributes = a::kCode | a::kReadable | a::kAccessed | a::kNonSystem | a::kPresent |
                        a::kGranularity | size | static_cast<u32>(dpl) << a::kDplShift,
          .selector = selector};
}

SegmentRegister flat_stack(u16 selector, u8 dpl) {
  namespace a = arch::attribute;
  return {.base = 0,
          .limit = 0xFFFF'FFFF,
          .attributes = a::kWritable | a::kAccessed | a::kNonSystem | a::kPresent | a::kGranularity |
                        a::kDefaultBig | static_cast<u32>(dpl) << a::kDplShift,
          .selector = selector};
}

Outcome undefined(Cpu& cpu) { return raise(cpu, Exception::InvalidOpcode); }
Outcome protection(Cpu& cpu) { return raise(cpu, Exception::GeneralProtection, 0); }

u16 selector(u64 value, unsigned plus, u8 rpl) { return static_cast<u16>(((value & 0xFFFC) + plus) | rpl); }

}  // namespace

Outcome system_call(Cpu& cpu, u64 next_rip) {
  if ((cpu.efer & arch::efer::kSce) == 0) return undefined(cpu);
  if (!cpu.code64() && (cpu::vendor(cpu) == cpu::Vendor::Intel || !cpu.protected_mode()))
    return undefined(cpu);
  const u16 cs = selector(cpu.star >> 32, 0, 0);
  const u16 ss = static_cast<u16>(cs + 8);
  const u64 flags = cpu.rflags() & ~flag::kRf;
  u64 rip = cpu.star & 0xFFFF'FFFF;
  u64 kept = ~(flag::kVm | flag::kIf | flag::kRf);
  cpu.gpr[kRcx] = next_rip;
  if (cpu.long_active()) {
    rip = cpu.code64() ? cpu.lstar : cpu.cstar;
    kept = ~(cpu.fmask | flag::kRf);
    cpu.gpr[arch::kR11] = flags;
  }
  cpu.report(observe::EventKind::SystemCall, cpu.gpr[arch::kRax], rip);
  cpu.set_rflags(flags & kept);
  cpu.seg[kSs] = flat_stack(ss, 0);
  enter_code(cpu, flat_code(cs, 0, cpu.long_active()), rip, 0, 0);
  return Outcome::Next;
}

Outcome system_return(Cpu& cpu, unsigned bytes) {
  const bool intel = cpu::vendor(cpu) == cpu::Vendor::Intel;
  if ((cpu.efer & arch::efer::kSce) == 0) return undefined(cpu);
  if (intel ? !cpu.code64() : !cpu.protected_mode()) return undefined(cpu);
  if (cpu.cpl != 0) return protection(cpu);
  const bool to_long = bytes == 8;
  // Intel checks the target while still at CPL 0; AMD's fault comes at the target, in user mode.
  if (intel && to_long && !cpu::canonical(cpu.gpr[kRcx])) return protection(cpu);
  const u64 base = cpu.star >> 48;
  const SegmentRegister cs = flat_code(selector(base, to_long ? 16 : 0, 3), 3, to_long);
  SegmentRegister ss = flat_stack(selector(base, 8, 3), 3);
  if (!intel) {  // APM vol. 3, SYSRET: only the selector is loaded; base, limit and attributes stay
    ss.base = cpu.seg[kSs].base, ss.limit = cpu.seg[kSs].limit;
    ss.attributes = cpu.seg[kSs].attributes | 3u << arch::attribute::kDplShift;
  }
  constexpr u64 kFlags = 0x3C'7FD7;
  const u64 flags = cpu.long_active() ? cpu.gpr[arch::kR11] & kFlags : cpu.rflags() | flag::kIf;
  const u64 rip = to_long ? cpu.gpr[kRcx] : static_cast<u32>(cpu.gpr[kRcx]);
  cpu.set_rflags(flags);
  cpu.seg[kSs] = ss;
  enter_code(cpu, cs, rip, 3, 0);
  return Outcome::Next;
}

Outcome system_enter(Cpu& cpu) {
  if (cpu.long_active() && cpu::vendor(cpu) == cpu::Vendor::Amd) return undefined(cpu);
  if (!cpu.protected_mode() || (cpu.sysenter_cs & 0xFFFC) == 0) return protection(cpu);
  const bool wide = cpu.long_active();
  const u64 rip = wide ? cpu.sysenter_eip : static_cast<u32>(cpu.sysenter_eip);
  cpu.report(observe::EventKind::SystemCall, cpu.gpr[arch::kRax], rip);
  cpu.gpr[kRsp] = wide ? cpu.sysenter_esp : static_cast<u32>(cpu.sysenter_esp);
  cpu.seg[kSs] = flat_stack(selector(cpu.sysenter_cs, 8, 0), 0);
  enter_code(cpu, flat_code(selector(cpu.sysenter_cs, 0, 0), 0, wide), rip, 0,
             flag::kVm | flag::kIf | flag::kRf);
  return Outcome::Next;
}

Outcome system_exit(Cpu& cpu, unsigned bytes) {
  if (cpu.long_active() && cpu::vendor(cpu) == cpu::Vendor::Amd) return undefined(cpu);
  if (!cpu.protected_mode() || cpu.cpl != 0 || (cpu.sysenter_cs & 0xFFFC) == 0) return protection(cpu);
  const bool wide = bytes == 8;
  const u64 rip = cpu.gpr[kRdx], sp = cpu.gpr[kRcx];
  if (wide && (!cpu::canonical(rip) || !cpu::canonical(sp))) return protection(cpu);
  cpu.gpr[kRsp] = wide ? sp : static_cast<u32>(sp);
  cpu.seg[kSs] = flat_stack(selector(cpu.sysenter_cs, wide ? 40 : 24, 3), 3);
  enter_code(cpu, flat_code(selector(cpu.sysenter_cs, wide ? 32 : 16, 3), 3, wide),
             wide ? rip : static_cast<u32>(rip), 3, 0);
  return Outcome::Next;
}

}  // namespace hvlab::control
