// The current-VMCS pointer and the launch state: VMCLEAR VMPTRLD VMPTRST (SDM vol. 3, 31.3; 25.11.3).
#include "sim/mmu/operand.hpp"
#include "sim/vmx/instructions.hpp"
#include "sim/vmx/result.hpp"

namespace hvlab::vmx {

Outcome vmclear(Cpu& cpu, const Op& op) {
  if (const Outcome o = check_allowed(cpu, Intercept::Vmclear); o != Outcome::Next) return o;
  const auto address = mmu::read_memory<u64>(cpu, op);
  if (address.failed()) return address.outcome;
  Unit& unit = unit_of(cpu);
  const auto fails = [&](Error error) { return fail(cpu, error), Outcome::Next; };
  if (!region_address_valid(cpu, address.value)) return fails(Error::VmclearAddress);
  if (address.value == unit.vmxon_pointer) return fails(Error::VmclearVmxonPointer);
  // The fields are in memory always: the launch state is all that there is to write.
  region_at(unit, cpu, address.value).launched = kClear;
  region_written(cpu, address.value);
  if (address.value == unit.current) unit.current = arch::vmx::kNoVmcs;
  succeed(cpu);
  return Outcome::Next;
}

Outcome vmptrld(Cpu& cpu, const Op& op) {
  if (const Outcome o = check_allowed(cpu, Intercept::Vmptrld); o != Outcome::Next) return o;
  const auto address = mmu::read_memory<u64>(cpu, op);
  if (address.failed()) return address.outcome;
  Unit& unit = unit_of(cpu);
  const auto fails = [&](Error error) { return fail(cpu, error), Outcome::Next; };
  if (!region_address_valid(cpu, address.value)) return fails(Error::VmptrldAddress);
  if (address.value == unit.vmxon_pointer) return fails(Error::VmptrldVmxonPointer);
  const u32 revision = region_at(unit, cpu, address.value).revision;
  const u32 ignored = cpu.vmx.has(Control::VmcsShadowing) ? arch::vmx::kShadowIndicator : 0;
  if ((revision & ~ignored) != cpu.vmx.revision) return fails(Error::VmptrldRevision);
  unit.current = address.value;
  succeed(cpu);
  return Outcome::Next;
}

Outcome vmptrst(Cpu& cpu, const Op& op) {
  if (const Outcome o = check_allowed(cpu, Intercept::Vmptrst); o != Outcome::Next) return o;
  if (const Outcome o = mmu::write_memory<u64>(cpu, op, unit_of(cpu).current); o != Outcome::Next) return o;
  succeed(cpu);
  return Outcome::Next;
}

}  // namespace hvlab::vmx
