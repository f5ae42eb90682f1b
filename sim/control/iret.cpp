#include "sim/control/iret.hpp"

#include "sim/control/code_segment.hpp"
#include "sim/control/gates.hpp"
#include "sim/control/task_switch.hpp"
#include "sim/control/virtual_mode.hpp"
#include "sim/cpu/cpuid.hpp"
#include "sim/mmu/segmented.hpp"

namespace hvlab::control {

using arch::selector_rpl;
namespace flag = arch::flag;

namespace {

constexpr Exception kGp = Exception::GeneralProtection;

/// What every IRET finds on the stack.
struct Popped {
  u64 rip = 0, flags = 0;
  u16 cs = 0;
};

/// Reads `count` values of `bytes` bytes from the top of the stack.
Outcome read_stack(Cpu& cpu, unsigned bytes, unsigned first, unsigned count, u64* to) {
  for (unsigned i = 0; i < count; ++i) {
    const auto value = peek_sized(cpu, bytes, (first + i) * bytes);
    if (value.failed()) return value.outcome;
    to[i] = value.value;
  }
  return Outcome::Next;
}

/// The instruction is completed: what was held back by an NMI, or in a guest by a virtual one, may come.
void unblock_nmis(Cpu& cpu) {
  if (!cpu.iret_keeps_blocking) cpu.nmi_blocked = false;
  cpu.nmi_unblocked = false;
}

void done(Cpu& cpu, u64 flags) {
  cpu.set_rflags(flags);
  unblock_nmis(cpu);
  cpu.refresh();
}

Outcome return_real(Cpu& cpu, unsigned bytes, const Popped& popped) {
  const SegmentRegister cs =
      cpu.v8086() ? v8086_segment(popped.cs) : real_segment(cpu.seg[arch::kCs], popped.cs);
  if (popped.rip > cs.limit) return raise(cpu, kGp, 0);
  const auto flags = has_virtual_if(cpu) ? popped_virtual_flags(cpu, popped.flags, true)
                                         : std::optional(merge_flags(cpu, popped.flags, bytes, true));
  if (!flags) return raise(cpu, kGp, 0);
  mmu::set_stack_pointer(cpu, mmu::stack_pointer(cpu) + 3 * bytes);
  cpu.seg[arch::kCs] = cs;
  cpu.rip = popped.rip;
  done(cpu, *flags);
  return Outcome::Next;
}

/// To virtual-8086 mode, from CPL 0 with a 32-bit operand size.
Outcome return_to_v8086(Cpu& cpu, const Popped& popped) {
  u64 more[6];  // ESP, SS, ES, DS, FS, GS
  if (const Outcome o = read_stack(cpu, 4, 3, 6, more); !ok(o)) return o;
  if (popped.rip > 0xFFFF) return raise(cpu, kGp, 0);
  cpu.seg[arch::kCs] = v8086_segment(popped.cs);
  cpu.seg[arch::kSs] = v8086_segment(static_cast<u16>(more[1]));
  constexpr unsigned kOrder[] = {arch::kEs, arch::kDs, arch::kFs, arch::kGs};
  for (unsigned i = 0; i < 4; ++i) cpu.seg[kOrder[i]] = v8086_segment(static_cast<u16>(more[2 + i]));
  cpu.gpr[arch::kRsp] = more[0];
  cpu.rip = popped.rip;
  cpu.cpl = 3;
  constexpr u64 kAll = flag::kStatus | flag::kTf | flag::kIf | flag::kDf | flag::kIopl | flag::kNt |
                       flag::kRf | flag::kVm | flag::kAc | flag::kVif | flag::kVip | flag::kId;
  done(cpu, popped.flags & kAll);
  return Outcome::Next;
}

Outcome return_nested(Cpu& cpu, u64 next_rip) {
  const auto link = mmu::load_as<u16>(cpu, table_address(cpu, cpu.tr.base), Rights::System);
  if (link.failed()) return link.outcome;
  if (const Outcome o = switch_task(cpu, link.value, TaskSwitch::Return, 0, next_rip, cpu.rflags()); !ok(o))
    return o;
  unblock_nmis(cpu);
  return Outcome::Next;
}

Outcome return_protected(Cpu& cpu, unsigned bytes, const Popped& popped) {
  SegmentRegister cs;
  if (const Outcome o = return_segment(cpu, popped.cs, cs); !ok(o)) return o;
  const u64 flags = merge_flags(cpu, popped.flags, bytes, true);
  const bool pops_stack = cpu.code64() || selector_rpl(popped.cs) > cpu.cpl;
  if (!pops_stack) {
    if (!code_address_valid(cpu, cs, popped.rip)) return raise(cpu, kGp, 0);
    mmu::set_stack_pointer(cpu, mmu::stack_pointer(cpu) + 3 * bytes);
    enter_code(cpu, cs, popped.rip, cpu.cpl, 0);
  } else {
    u64 more[2];
    if (const Outcome o = read_stack(cpu, bytes, 3, 2, more); !ok(o)) return o;
    SegmentRegister ss;
    if (const Outcome o = return_stack(cpu, static_cast<u16>(more[1]), cs, ss); !ok(o)) return o;
    if (!code_address_valid(cpu, cs, popped.rip)) return raise(cpu, kGp, 0);
    return_outer(cpu, cs, popped.rip, ss, more[0]);
  }
  done(cpu, flags);
  return Outcome::Next;
}

}  // namespace

u64 merge_flags(const Cpu& cpu, u64 popped, unsigned bytes, bool rf) {
  u64 changed = flag::kStatus | flag::kTf | flag::kDf | flag::kNt;
  if (bytes != 2) changed |= flag::kAc | flag::kId | flag::kRf;
  const unsigned cpl = cpu.protected_mode() ? cpu.cpl : 0;
  if (cpl <= cpu.iopl() || cpu.v8086()) changed |= flag::kIf;  // in virtual-8086 mode IOPL is 3 here
  if (cpl == 0) changed |= flag::kIopl;
  if (!rf) popped &= ~flag::kRf, changed |= flag::kRf;
  return (cpu.rflags() & ~changed) | (popped & changed);
}

Outcome interrupt_return(Cpu& cpu, unsigned bytes, u64 next_rip) {
  // On Intel's processors NMIs are unblocked even if IRET faults (SDM vol. 3, 28.2.3).
  const bool at_once = cpu::vendor(cpu) == cpu::Vendor::Intel && !cpu.iret_keeps_blocking;
  cpu.nmi_unblocked = at_once && cpu.nmi_blocked;
  if (at_once) cpu.nmi_blocked = false;
  const bool real = !cpu.protected_mode() || cpu.v8086();
  if (!real && cpu.rflag(flag::kNt))
    return cpu.long_active() ? raise(cpu, kGp, 0) : return_nested(cpu, next_rip);
  u64 words[3];
  if (cpu.v8086() && cpu.iopl() < 3 && !(has_virtual_if(cpu) && bytes == 2)) return raise(cpu, kGp, 0);
  if (const Outcome o = read_stack(cpu, bytes, 0, 3, words); !ok(o)) return o;
  const Popped popped{.rip = words[0], .flags = words[2], .cs = static_cast<u16>(words[1])};
  if (real) return return_real(cpu, bytes, popped);
  const bool to_v8086 = (popped.flags & flag::kVm) != 0 && bytes == 4 && cpu.cpl == 0 && !cpu.long_active();
  return to_v8086 ? return_to_v8086(cpu, popped) : return_protected(cpu, bytes, popped);
}

}  // namespace hvlab::control
