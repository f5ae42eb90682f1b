// VMFUNC (SDM vol. 3, 26.5.6): VM function 0, EPTP switching.
#include "sim/mmu/walk.hpp"
#include "sim/vmx/eptp.hpp"
#include "sim/vmx/instructions.hpp"
#include "sim/vmx/result.hpp"

namespace hvlab::vmx {

namespace {

constexpr u32 kFunctions = 64, kEptpSwitching = 0;
constexpr u32 kListEntries = 512;

/// 26.5.6.3. False: a VM exit.
bool switch_eptp(Cpu& cpu, Unit& unit, Vmcs& vmcs) {
  const u32 index = cpu.get<u32>(arch::kRcx * 8);
  if (index >= kListEntries) return false;
  const u64 list =
      align_down(vmcs[Field::EptpListAddress], 4096) & low_mask(cpu.identity.physical_address_bits);
  const u64 eptp = mmu::read_physical(cpu, list + index * 8, 8);
  if (!eptp_valid(cpu, eptp)) return false;
  vmcs[Field::Eptp] = eptp;
  if (cpu.vmx.has(Control::EptViolationVe)) vmcs[Field::EptpIndex] = index;
  region_written(cpu, unit.current);
  unit.use_eptp(cpu, eptp);
  return true;
}

}  // namespace

/// For any privilege and mode.
Outcome vmfunc(Cpu& cpu, const Op&) {
  const u32 function = cpu.get<u32>(arch::kRax * 8);
  if (!cpu.vmx_operation || cpu.guest == nullptr ||
      !unit_of(cpu).guest().controls.has(Control::EnableVmFunctions) || function >= kFunctions)
    return cpu::raise(cpu, arch::Exception::InvalidOpcode);
  Unit& unit = unit_of(cpu);
  Vmcs& vmcs = region_at(unit, cpu, unit.current);
  const bool enabled = test_bit(vmcs[Field::VmFunctionControls], function);
  if (enabled && function == kEptpSwitching && switch_eptp(cpu, unit, vmcs)) return Outcome::Exit;
  return cpu.guest->instruction(cpu, Intercept::Vmfunc, 0);
}

}  // namespace hvlab::vmx
