// Into and out of VMX operation, and into the guest: VMXON VMXOFF VMCALL VMLAUNCH VMRESUME (SDM vol. 3,
// 31.3). There is no SMX operation, no A20M mode and no system-management mode to restrict them.
#include "sim/mmu/operand.hpp"
#include "sim/vmx/instructions.hpp"
#include "sim/vmx/result.hpp"

namespace hvlab::vmx {

using arch::Exception;

namespace {

/// The values of CR0 and CR4 are supported in VMX operation (24.8). Unrestricted guests do not matter here:
/// that is about VMX non-root operation.
bool fixed_bits_hold(const Cpu& cpu) {
  const arch::vmx::Capabilities& c = cpu.vmx;
  const auto holds = [](u64 value, u64 fixed0, u64 fixed1) {
    return (value & fixed0) == fixed0 && (value & ~fixed1) == 0;
  };
  return holds(cpu.cr0, c.cr0_fixed0, c.cr0_fixed1) && holds(cpu.cr4, c.cr4_fixed0, c.cr4_fixed1);
}

/// The BIOS has locked IA32_FEATURE_CONTROL with VMX outside SMX operation enabled (24.7).
bool firmware_allows(const Cpu& cpu) {
  using namespace arch::vmx::feature_control;
  return (cpu.feature_control & kLock) != 0 && (cpu.feature_control & kVmxonOutsideSmx) != 0;
}

/// VMXON outside VMX operation.
Outcome enter_operation(Cpu& cpu, const Op& op) {
  if (cpu.cpl != 0 || !fixed_bits_hold(cpu) || !firmware_allows(cpu))
    return cpu::raise(cpu, Exception::GeneralProtection, 0);
  const auto address = mmu::read_memory<u64>(cpu, op);
  if (address.failed()) return address.outcome;
  Unit& unit = unit_of(cpu);
  // A set bit 31, which is a shadow VMCS', is not the processor's identifier either.
  if (!region_address_valid(cpu, address.value) ||
      region_at(unit, cpu, address.value).revision != cpu.vmx.revision) {
    fail_invalid(cpu);
    return Outcome::Next;
  }
  unit.vmxon_pointer = address.value;
  unit.current = arch::vmx::kNoVmcs;
  cpu.vmx_operation = true;
  cpu.monitor_armed = false;
  succeed(cpu);
  return Outcome::Exit;
}

Outcome enter_guest(Cpu& cpu, Intercept what) {
  if (const Outcome o = check_allowed(cpu, what); o != Outcome::Next) return o;
  Unit& unit = unit_of(cpu);
  const bool launch = what == Intercept::Vmlaunch;
  if (unit.current == arch::vmx::kNoVmcs) return fail_invalid(cpu), Outcome::Next;
  const Vmcs& vmcs = region_at(unit, cpu, unit.current);
  // 27.1: the checks that come before those of the VMCS' fields.
  if ((vmcs.revision & arch::vmx::kShadowIndicator) != 0) return fail_invalid(cpu), Outcome::Next;
  const auto fails = [&](Error error) { return fail(cpu, error), Outcome::Next; };
  if (cpu.shadowed_by_mov_ss) return fails(Error::EntryBlockedByMovSs);
  if (launch && vmcs.launched != kClear) return fails(Error::VmlaunchNotClear);
  if (!launch && vmcs.launched != kLaunched) return fails(Error::VmresumeNotLaunched);
  unit.enter(cpu, launch);
  return Outcome::World;
}

}  // namespace

Outcome vmxon(Cpu& cpu, const Op& op) {
  if ((cpu.cr4 & arch::cr4::kVmxe) == 0 || !mode_allows(cpu))
    return cpu::raise(cpu, Exception::InvalidOpcode);
  if (!cpu.vmx_operation) return enter_operation(cpu, op);
  if (const Outcome o = check_allowed(cpu, Intercept::Vmxon); o != Outcome::Next) return o;
  fail(cpu, Error::VmxonInRoot);
  return Outcome::Next;
}

/// An INIT that has waited is taken at the next boundary.
Outcome vmxoff(Cpu& cpu, const Op&) {
  if (const Outcome o = check_allowed(cpu, Intercept::Vmxoff); o != Outcome::Next) return o;
  Unit& unit = unit_of(cpu);
  unit.vmxon_pointer = unit.current = arch::vmx::kNoVmcs;
  cpu.vmx_operation = false;
  cpu.monitor_armed = false;
  succeed(cpu);
  return Outcome::Exit;
}

/// A guest may call from any mode; there is no dual-monitor treatment that a call from root operation could
/// activate.
Outcome vmcall(Cpu& cpu, const Op&) {
  if (!cpu.vmx_operation) return cpu::raise(cpu, Exception::InvalidOpcode);
  if (cpu.guest != nullptr) return cpu.guest->instruction(cpu, Intercept::Vmcall, 0);
  if (!mode_allows(cpu)) return cpu::raise(cpu, Exception::InvalidOpcode);
  if (cpu.cpl != 0) return cpu::raise(cpu, Exception::GeneralProtection, 0);
  fail(cpu, Error::VmcallInRoot);
  return Outcome::Next;
}

Outcome vmlaunch(Cpu& cpu, const Op&) { return enter_guest(cpu, Intercept::Vmlaunch); }
Outcome vmresume(Cpu& cpu, const Op&) { return enter_guest(cpu, Intercept::Vmresume); }

}  // namespace hvlab::vmx
