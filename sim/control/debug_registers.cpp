#include "sim/control/control_registers.hpp"

namespace hvlab::control {

namespace {

/// The checks before any move to or from a debug register (SDM vol. 3, 18.2.2 and 18.2.4).
Outcome check_access(Cpu& cpu, unsigned number) {
  if (number > 7 || ((number & 6) == 4 && (cpu.cr4 & arch::cr4::kDe) != 0))
    return raise(cpu, Exception::InvalidOpcode);
  if ((cpu.dr7 & arch::dr7::kGd) != 0) {
    cpu.fault = cpu::Fault{.vector = Exception::Debug, .debug_bits = arch::dr6::kBd};
    return Outcome::Fault;
  }
  return Outcome::Next;
}

/// Without CR4.DE the numbers 4 and 5 stand for 6 and 7. A hypervisor is told the number that was written
/// down.
unsigned register_of(unsigned number) { return (number & 6) == 4 ? number + 2 : number; }

}  // namespace

Outcome write_debug_register(Cpu& cpu, unsigned number, u64 value) {
  if (const Outcome o = check_access(cpu, number); !ok(o)) return o;
  if (register_of(number) >= 6 && (value >> 32) != 0) return raise(cpu, Exception::GeneralProtection, 0);
  if (cpu.guest != nullptr) {
    if (const Outcome o = cpu.guest->debug_access(cpu, number, true); !ok(o)) return o;
  }
  number = register_of(number);
  if (number < 4) {
    cpu.dr[number] = value;
  } else {
    constexpr u64 kDr6Writable = 0xE00F, kDr7Writable = 0xFFFF'23FF;
    if (number == 6)
      cpu.dr6 = (value & kDr6Writable) | arch::dr6::kFixed1;
    else
      cpu.dr7 = (value & kDr7Writable) | arch::dr7::kFixed1;
  }
  cpu.refresh();
  return Outcome::Next;
}

mmu::Loaded<u64> read_debug_register(Cpu& cpu, unsigned number) {
  if (const Outcome o = check_access(cpu, number); !ok(o)) return {0, o};
  if (cpu.guest != nullptr) {
    if (const Outcome o = cpu.guest->debug_access(cpu, number, false); !ok(o)) return {0, o};
  }
  number = register_of(number);
  return {number < 4 ? cpu.dr[number] : number == 6 ? cpu.dr6 : cpu.dr7};
}

u64 xcr0_supported(const Cpu&) { return arch::xcr0::kX87 | arch::xcr0::kSse; }

bool write_xcr(Cpu& cpu, u32 number, u64 value) {
  if (number != 0 || (value & ~xcr0_supported(cpu)) != 0 || (value & arch::xcr0::kX87) == 0) return false;
  cpu.xcr0 = value;
  return true;
}

}  // namespace hvlab::control
