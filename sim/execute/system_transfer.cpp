// Far JMP CALL RET, INT INT1 INT3 INTO, IRET, SYSCALL SYSRET SYSENTER SYSEXIT (SDM vol. 2).
#include "sim/control/events.hpp"
#include "sim/control/far.hpp"
#include "sim/control/iret.hpp"
#include "sim/control/syscall.hpp"
#include "sim/cpu/cpuid.hpp"
#include "sim/cpu/run_on.hpp"
#include "sim/execute/system.hpp"

namespace hvlab::execute {

namespace {

using control::ok;
using control::Source;
using decode::Kind;
using decode::Mnemonic;

/// What is done here has set RIP.
Outcome jumped(Outcome o) { return ok(o) ? Outcome::Jump : o; }
u64 next_rip(const Cpu& cpu, const Op& op) { return cpu::run_on(cpu, cpu.rip + op.length); }

template <auto Transfer>
Outcome far_direct(Cpu& cpu, const Op& op) {
  return jumped(Transfer(cpu, static_cast<u16>(op.disp), static_cast<u64>(op.imm), op.operand_bytes,
                         next_rip(cpu, op)));
}

/// T is what the return address of a call has; the pointer's offset is as wide, but on AMD's processors 32
/// bits whatever REX.W says (APM vol. 3, CALL and JMP (far)).
template <class T, auto Transfer, class Offset = T>
struct FarIndirect {
  static Outcome run(Cpu& cpu, const Op& op) {
    if constexpr (sizeof(Offset) == 8) {
      if (cpu::vendor(cpu) == cpu::Vendor::Amd) return FarIndirect<T, Transfer, u32>::run(cpu, op);
    }
    struct [[gnu::packed]] {
      Offset offset;
      u16 selector;
    } pointer;
    u64 linear = 0;
    if (const Outcome o = linear_address(cpu, op, sizeof pointer, Access::Read, linear); !ok(o)) return o;
    if (const Outcome o = mmu::read_slow(cpu, linear, &pointer, sizeof pointer, mmu::Rights::Current); !ok(o))
      return o;
    return jumped(Transfer(cpu, pointer.selector, pointer.offset, sizeof(T), next_rip(cpu, op)));
  }
};
template <class T>
using FarJump = FarIndirect<T, control::far_jump>;
template <class T>
using FarCall = FarIndirect<T, control::far_call>;

Outcome far_return(Cpu& cpu, const Op& op) {
  return jumped(control::far_return(cpu, op.operand_bytes, static_cast<u16>(op.imm)));
}

template <Source kSource>
Outcome interrupt(Cpu& cpu, const Op& op) {
  const auto vector = [&]() -> u8 {
    switch (static_cast<Mnemonic>(op.mnemonic)) {
      case Mnemonic::INT1: return 1;
      case Mnemonic::INT3: return 3;
      case Mnemonic::INTO: return 4;
      default: return static_cast<u8>(op.imm);
    }
  }();
  return jumped(control::deliver_software(cpu, {.vector = vector, .source = kSource, .length = op.length}));
}

Outcome interrupt_on_overflow(Cpu& cpu, const Op& op) {
  return cpu.flags.of() ? interrupt<Source::SoftwareException>(cpu, op) : Outcome::Next;
}

Outcome interrupt_return(Cpu& cpu, const Op& op) {
  return jumped(control::interrupt_return(cpu, op.operand_bytes, next_rip(cpu, op)));
}

Outcome syscall(Cpu& cpu, const Op& op) { return jumped(control::system_call(cpu, next_rip(cpu, op))); }
Outcome sysret(Cpu& cpu, const Op& op) { return jumped(control::system_return(cpu, op.operand_bytes)); }
Outcome sysenter(Cpu& cpu, const Op&) { return jumped(control::system_enter(cpu)); }
Outcome sysexit(Cpu& cpu, const Op& op) { return jumped(control::system_exit(cpu, op.operand_bytes)); }

}  // namespace

Handlers select_far_transfer(const Form& form, Op& op) {
  if (!form.far) return {};
  if (form.mnemonic == Mnemonic::RET) return heavy<&far_return>();
  const bool call = form.mnemonic == Mnemonic::CALL;
  if (form.operand[0].kind == Kind::Far)
    return call ? heavy<&far_direct<control::far_call>>() : heavy<&far_direct<control::far_jump>>();
  if (!form.memory(0)) return {};
  return call ? by_operand_size<FarCall>(form, op) : by_operand_size<FarJump>(form, op);
}

Handlers select_interrupt(const Form& form, Op&) {
  switch (form.mnemonic) {
    case Mnemonic::INT: return heavy<&interrupt<Source::SoftwareInterrupt>>();
    case Mnemonic::INT1: return heavy<&interrupt<Source::PrivilegedSoftwareException>>();
    case Mnemonic::INT3: return heavy<&interrupt<Source::SoftwareException>>();
    default: return heavy<&interrupt_on_overflow>();
  }
}

Handlers select_iret(const Form&, Op&) { return heavy<&interrupt_return>(); }

Handlers select_fast_call(const Form& form, Op&) {
  switch (form.mnemonic) {
    case Mnemonic::SYSCALL: return heavy<&syscall>();
    case Mnemonic::SYSRET: return heavy<&sysret>();
    case Mnemonic::SYSENTER: return heavy<&sysenter>();
    default: return heavy<&sysexit>();
  }
}

}  // namespace hvlab::execute
