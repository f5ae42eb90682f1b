// The processor about itself: RDMSR WRMSR, RDTSC RDTSCP RDPMC, HLT MONITOR MWAIT, CPUID, RDRAND RDSEED,
// caches and hints (SDM vol. 2).
#include "sim/control/msr.hpp"
#include "sim/cpu/cpuid.hpp"
#include "sim/cpu/monitor.hpp"
#include "sim/cpu/performance.hpp"
#include "sim/execute/system.hpp"
#include "sim/mmu/walk.hpp"

namespace hvlab::execute {

namespace {

using arch::kRax;
using arch::kRbx;
using arch::kRcx;
using arch::kRdx;
using decode::Intercept;
using decode::Mnemonic;

Outcome protection(Cpu& cpu) { return raise(cpu, Exception::GeneralProtection, 0); }
u32 low(const Cpu& cpu, unsigned reg) { return static_cast<u32>(cpu.gpr[reg]); }

void set_pair(Cpu& cpu, u64 value) {
  cpu.gpr[kRax] = static_cast<u32>(value);
  cpu.gpr[kRdx] = value >> 32;
}

Outcome rdmsr(Cpu& cpu, const Op&) {
  if (cpu.guest != nullptr) {
    if (const Outcome o = cpu.guest->msr(cpu, low(cpu, kRcx), false); o != Outcome::Next) return o;
  }
  u64 value = 0;
  if (!control::read_msr(cpu, low(cpu, kRcx), value)) return protection(cpu);
  set_pair(cpu, value);
  return Outcome::Next;
}

Outcome wrmsr(Cpu& cpu, const Op&) {
  if (cpu.guest != nullptr) {
    if (const Outcome o = cpu.guest->msr(cpu, low(cpu, kRcx), true); o != Outcome::Next) return o;
  }
  const u64 value = low(cpu, kRax) | cpu.gpr[kRdx] << 32;
  if (!control::write_msr(cpu, low(cpu, kRcx), value)) return protection(cpu);
  return Outcome::Exit;
}

bool counter_denied(const Cpu& cpu, u64 allowing_bit) {
  return cpu.protected_mode() && cpu.cpl != 0 && allowing_bit == 0;
}

/// The VMX-preemption timer counts the time-stamp counter (26.5.1), whose reading may be another processor's,
/// ahead of this one's cycles: a guest that has seen its timer's end is left behind the instruction.
void keep_to_timer(Cpu& cpu) {
  if (control::host_time_stamp(cpu) - cpu.tsc_offset >= cpu.guest_deadline)
    cpu.guest_events |= cpu::guest_event::kTimer;
}

template <Intercept kWhat>
Outcome read_counter(Cpu& cpu) {
  if (counter_denied(cpu, ~cpu.cr4 & arch::cr4::kTsd)) return protection(cpu);
  if (const Outcome o = cpu::ask(cpu, kWhat); o != Outcome::Next) return o;
  set_pair(cpu, control::time_stamp(cpu));
  if (cpu.guest_deadline != cpu::State::kNoDeadline) [[unlikely]]
    keep_to_timer(cpu);
  return Outcome::Next;
}

Outcome rdtsc(Cpu& cpu, const Op&) { return read_counter<Intercept::Rdtsc>(cpu); }

Outcome rdtscp(Cpu& cpu, const Op&) {
  const Outcome o = read_counter<Intercept::Rdtscp>(cpu);
  if (o == Outcome::Next) cpu.gpr[kRcx] = static_cast<u32>(cpu.tsc_aux);
  return o;
}

/// Of Intel's processors those of family 6 have two counters, whether or not CPUID tells of architectural
/// ones (SDM vol. 2, RDPMC). Nothing here selects events for them: they stay at 0. Intercepted, the
/// instruction exits whatever the number: a hypervisor may give its guest more.
Outcome rdpmc(Cpu& cpu, const Op&) {
  constexpr u32 kIntelCounters = 2;
  if (counter_denied(cpu, cpu.cr4 & arch::cr4::kPce)) return protection(cpu);
  if (const Outcome o = cpu::ask(cpu, Intercept::Rdpmc); o != Outcome::Next) return o;
  const bool amd = cpu::vendor(cpu) == cpu::Vendor::Amd;
  const u32 number = low(cpu, kRcx);
  if (number >= (amd ? cpu::performance_counters(cpu) : kIntelCounters)) return protection(cpu);
  set_pair(cpu, amd ? cpu::read_counter(cpu, number) : 0);
  return Outcome::Next;
}

Outcome halt(Cpu& cpu, const Op&) {
  cpu.activity = cpu::Activity::Halted;
  cpu.report(observe::EventKind::Halt, cpu.rflag(arch::flag::kIf));
  return Outcome::Exit;
}

/// The physical address of `linear`, which has been probed.
u64 physical(Cpu& cpu, u64 linear) {
  if ((cpu.cr0 & arch::cr0::kPg) == 0 && !cpu.second_stage.on) return linear;
  const auto t = mmu::walk(cpu, linear, Access::Read, cpu.cpl == 3, mmu::Rights::Current).translation;
  return t.page | (linear & low_mask(t.shift));
}

/// VM exits come before what the instruction finds wrong with its operands (SDM vol. 3, 26.1.1), those of SVM
/// after (APM vol. 2, table 15-7).
Outcome ask_first(Cpu& cpu, Intercept what, u64 information = 0) {
  return cpu.exits_first ? cpu::ask(cpu, what, information) : Outcome::Next;
}

/// In a guest whose hypervisor waits to give it an interrupt, MWAIT with ECX bit 0 and interrupts masked does
/// not wait (SDM vol. 3, 26.3).
bool waits_in_vain(const Cpu& cpu) {
  const bool window = (cpu.guest_events & cpu::guest_event::kInterruptWindow) != 0;
  return cpu.exits_first && cpu.wait_ends_masked && !cpu.rflag(arch::flag::kIf) &&
         (window || cpu.virtual_interrupt);
}

Outcome monitor(Cpu& cpu, const Op& op) {
  if (cpu.cpl != 0) return raise(cpu, Exception::InvalidOpcode);
  if (const Outcome o = ask_first(cpu, Intercept::Monitor); o != Outcome::Next) return o;
  if (low(cpu, kRcx) != 0) return protection(cpu);
  const u64 offset = cpu.gpr[kRax] & low_mask(op.address_bytes * 8u);
  u64 linear = 0;
  if (const Outcome o = check_segment(cpu, op.segment, offset, 1, Access::Read, linear); o != Outcome::Next)
    return o;
  if (const Outcome o = mmu::probe_read(cpu, linear, 1); o != Outcome::Next) return o;
  if (const Outcome o = cpu::ask(cpu, Intercept::Monitor); o != Outcome::Next) return o;
  cpu::arm_monitor(cpu, physical(cpu, linear));
  return Outcome::Next;
}

/// ECX bit 0 asks that interrupts end the wait even while masked (CPUID 5, ECX bit 1).
Outcome mwait(Cpu& cpu, const Op&) {
  if (cpu.cpl != 0) return raise(cpu, Exception::InvalidOpcode);
  if (const Outcome o = ask_first(cpu, Intercept::Mwait, cpu.monitor_armed); o != Outcome::Next) return o;
  if ((low(cpu, kRcx) & ~1u) != 0) return protection(cpu);
  if (const Outcome o = cpu::ask(cpu, Intercept::Mwait, cpu.monitor_armed); o != Outcome::Next) return o;
  if (!cpu.monitor_armed) return Outcome::Exit;
  cpu.wait_ends_masked = (low(cpu, kRcx) & 1) != 0;
  if (waits_in_vain(cpu)) return Outcome::Exit;
  cpu.activity = cpu::Activity::MonitorWait;
  if (cpu::monitor_wait_over(cpu)) {
    cpu::end_monitor_wait(cpu);
    return Outcome::Exit;
  }
  cpu.report(observe::EventKind::Halt, cpu.rflag(arch::flag::kIf));
  return Outcome::Exit;
}

Outcome identify(Cpu& cpu, const Op&) {
  const cpu::CpuidResult r = cpu::cpuid(cpu, low(cpu, kRax), low(cpu, kRcx));
  cpu.gpr[kRax] = r.eax;
  cpu.gpr[kRbx] = r.ebx;
  cpu.gpr[kRcx] = r.ecx;
  cpu.gpr[kRdx] = r.edx;
  return Outcome::Next;
}

/// The scenario's seed decides what is drawn: a 64-bit Weyl sequence, mixed.
u64 draw(Cpu& cpu) {
  u64 z = cpu.random_state += 0x9E37'79B9'7F4A'7C15;
  z = (z ^ (z >> 30)) * 0xBF58'476D'1CE4'E5B9;
  z = (z ^ (z >> 27)) * 0x94D0'49BB'1331'11EB;
  return z ^ (z >> 31);
}

template <class T, Intercept kWhat>
struct Random {
  static Outcome run(Cpu& cpu, const Op& op) {
    if (cpu.intercepts(kWhat) && !cpu.stepping) [[unlikely]]
      return Outcome::Retry;  // the engine asks before it steps
    cpu.set<T>(op.reg[0], static_cast<T>(draw(cpu)));
    cpu.flags.set_status(arch::flag::kCf);
    return Outcome::Next;
  }
};
template <class T>
using RandomNumber = Random<T, Intercept::Rdrand>;
template <class T>
using RandomSeed = Random<T, Intercept::Rdseed>;

/// Caches hold no data here; the line's address is checked as for a load of one byte.
Outcome flush_line(Cpu& cpu, const Op& op) {
  u64 linear = 0;
  if (const Outcome o = linear_address(cpu, op, 1, Access::Read, linear); o != Outcome::Next) return o;
  return mmu::probe_read(cpu, linear, 1);
}

Outcome pause(Cpu& cpu, const Op&) {
  if (cpu.intercepts(Intercept::Pause) && !cpu.stepping)
    return Outcome::Retry;  // the engine asks before it steps
  cpu.spun = true;
  return cpu.spin_ends_run ? Outcome::Exit : Outcome::Next;
}

struct Nothing {
  static Outcome run(Cpu&, const Op&, Flags&) { return Outcome::Next; }
};

}  // namespace

Handlers select_msr(const Form& form, Op&) {
  return form.mnemonic == Mnemonic::RDMSR ? heavy<&rdmsr>() : heavy<&wrmsr>();
}

Handlers select_counter(const Form& form, Op&) {
  switch (form.mnemonic) {
    case Mnemonic::RDTSC: return heavy<&rdtsc>();
    case Mnemonic::RDTSCP: return heavy<&rdtscp>();
    default: return heavy<&rdpmc>();
  }
}

Handlers select_idle(const Form& form, Op&) {
  switch (form.mnemonic) {
    case Mnemonic::HLT: return heavy<&halt>();
    case Mnemonic::MONITOR: return heavy<&monitor>();
    default: return heavy<&mwait>();
  }
}

Handlers select_cpuid(const Form&, Op&) { return heavy<&identify>(); }

Handlers select_random(const Form& form, Op& op) {
  if (form.operand[0].kind != decode::Kind::Gpr) return {};
  return form.mnemonic == Mnemonic::RDRAND ? by_operand_size<RandomNumber>(form, op)
                                           : by_operand_size<RandomSeed>(form, op);
}

Handlers select_cache(const Form& form, Op&) {
  return form.memory(0) ? heavy<&flush_line>() : guarded<Nothing>();
}

Handlers select_hint(const Form& form, Op&) {
  return form.mnemonic == Mnemonic::PAUSE ? heavy<&pause>() : light<Nothing>();
}

}  // namespace hvlab::execute
