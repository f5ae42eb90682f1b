#include "sim/vmx/result.hpp"

namespace hvlab::vmx {

using arch::Exception;

void succeed(Cpu& cpu) { cpu.flags.set_status(0); }
void fail_invalid(Cpu& cpu) { cpu.flags.set_status(arch::flag::kCf); }

void fail(Cpu& cpu, Error error) {
  Unit& unit = unit_of(cpu);
  if (unit.current == arch::vmx::kNoVmcs) return fail_invalid(cpu);
  unit.vmcs(cpu)[Field::InstructionError] = static_cast<u64>(error);
  region_written(cpu, unit.current);
  cpu.flags.set_status(arch::flag::kZf);
}

Outcome check_allowed(Cpu& cpu, Intercept what) {
  if (!cpu.vmx_operation || !mode_allows(cpu)) return cpu::raise(cpu, Exception::InvalidOpcode);
  if (cpu.guest != nullptr) return cpu.guest->instruction(cpu, what, 0);
  if (cpu.cpl != 0) return cpu::raise(cpu, Exception::GeneralProtection, 0);
  return Outcome::Next;
}

}  // namespace hvlab::vmx
