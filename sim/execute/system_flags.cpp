// Flags that system software owns: CLI STI, PUSHF POPF, CLAC STAC (SDM vol. 2).
#include "sim/control/iret.hpp"
#include "sim/control/virtual_mode.hpp"
#include "sim/execute/system.hpp"

namespace hvlab::execute {

namespace {

using decode::Intercept;
using decode::Mnemonic;
namespace flag = arch::flag;

Outcome protection(Cpu& cpu) { return raise(cpu, Exception::GeneralProtection, 0); }

/// CPL and IOPL; in virtual-8086 mode CPL is 3, so that IOPL must be 3 there too.
bool may_change_if(const Cpu& cpu) { return cpu.cpl <= cpu.iopl(); }

/// CLI and STI where they may not change IF (20.3.3.5, 20.4).
Outcome change_virtual_if(Cpu& cpu, bool set) {
  if (!control::changes_virtual_if(cpu) || (set && cpu.rflag(flag::kVip))) return protection(cpu);
  cpu.rflags_rest = set ? cpu.rflags_rest | flag::kVif : cpu.rflags_rest & ~flag::kVif;
  return Outcome::Next;
}

struct ClearInterrupts {
  static Outcome run(Cpu& cpu, const Op&, Flags&) {
    if (!may_change_if(cpu)) [[unlikely]]
      return change_virtual_if(cpu, false);
    cpu.rflags_rest &= ~flag::kIf;
    return Outcome::Next;
  }
};

struct SetInterrupts {
  static Outcome run(Cpu& cpu, const Op&, Flags&) {
    if (!may_change_if(cpu)) [[unlikely]]
      return change_virtual_if(cpu, true);
    if (cpu.rflag(flag::kIf)) return Outcome::Next;
    cpu.rflags_rest |= flag::kIf;
    cpu.sti_shadow = true;
    return Outcome::Exit;
  }
};

/// PUSHF and POPF of a virtual-8086 program that may not change IF.
Outcome push_virtual(Cpu& cpu, unsigned bytes) {
  if (bytes != 2 || !control::has_virtual_if(cpu)) return protection(cpu);
  return push<u16>(cpu, static_cast<u16>(control::pushed_virtual_flags(cpu)));
}

Outcome pop_virtual(Cpu& cpu, unsigned bytes) {
  if (bytes != 2 || !control::has_virtual_if(cpu)) return protection(cpu);
  const auto value = peek<u16>(cpu);
  if (value.failed()) return value.outcome;
  const auto flags = control::popped_virtual_flags(cpu, value.value, false);
  if (!flags) return protection(cpu);
  mmu::set_stack_pointer(cpu, mmu::stack_pointer(cpu) + sizeof(u16));
  cpu.set_rflags(*flags);
  return Outcome::Exit;
}

template <class T>
struct PushFlags {
  static Outcome run(Cpu& cpu, const Op&) {
    if (cpu.intercepts(Intercept::Pushf) && !cpu.stepping) [[unlikely]]
      return Outcome::Retry;
    if (cpu.v8086() && cpu.iopl() < 3) return push_virtual(cpu, sizeof(T));
    return push<T>(cpu, static_cast<T>(cpu.rflags() & ~(flag::kVm | flag::kRf)));
  }
};

template <class T>
struct PopFlags {
  static Outcome run(Cpu& cpu, const Op&) {
    if (cpu.intercepts(Intercept::Popf) && !cpu.stepping) [[unlikely]]
      return Outcome::Retry;
    if (cpu.v8086() && cpu.iopl() < 3) return pop_virtual(cpu, sizeof(T));
    const auto value = peek<T>(cpu);
    if (value.failed()) return value.outcome;
    mmu::set_stack_pointer(cpu, mmu::stack_pointer(cpu) + sizeof(T));
    const u64 before = cpu.rflags_rest;
    cpu.set_rflags(control::merge_flags(cpu, value.value, sizeof(T), false));
    const u64 changed = before ^ cpu.rflags_rest;
    if (changed & flag::kAc) cpu.refresh();
    const bool opened = (changed & cpu.rflags_rest & flag::kIf) != 0;
    const bool waits = cpu.interrupt_line || cpu.virtual_interrupt || cpu.guest_events != 0;
    const bool stops = (opened && waits) || (changed & (flag::kTf | flag::kRf)) != 0;
    if (!stops) [[likely]]
      return Outcome::Next;
    return Outcome::Exit;
  }
};

template <bool kSet>
Outcome set_alignment_flag(Cpu& cpu, const Op&) {
  if (cpu.cpl != 0) return raise(cpu, Exception::InvalidOpcode);
  cpu.rflags_rest = kSet ? cpu.rflags_rest | flag::kAc : cpu.rflags_rest & ~flag::kAc;
  cpu.refresh();
  return Outcome::Next;
}

}  // namespace

Handlers select_interrupt_flag(const Form& form, Op&) {
  return form.mnemonic == Mnemonic::CLI ? light<ClearInterrupts>() : light<SetInterrupts>();
}

Handlers select_pushf(const Form& form, Op& op) { return by_operand_size<PushFlags>(form, op); }

Handlers select_popf(const Form& form, Op& op) { return by_operand_size<PopFlags>(form, op); }

Handlers select_alignment_flag(const Form& form, Op&) {
  return form.mnemonic == Mnemonic::STAC ? heavy<&set_alignment_flag<true>>()
                                         : heavy<&set_alignment_flag<false>>();
}

}  // namespace hvlab::execute
