#include "sim/vmx/apic.hpp"

#include "sim/mmu/walk.hpp"

namespace hvlab::vmx {

namespace {

constexpr u64 kTpr = 0x80;  // of the virtual-APIC page

/// The field may have been written since VM entry has checked it.
u64 virtual_apic(Unit& unit, Cpu& cpu) { return align_down(unit.vmcs(cpu)[Field::VirtualApicAddress], 4096); }

bool below_threshold(Unit& unit, Cpu& cpu) {
  const u64 threshold = unit.vmcs(cpu)[Field::TprThreshold] & 0xF;
  return virtual_tpr(unit, cpu) >> 4 < threshold;
}

}  // namespace

u8 virtual_tpr(Unit& unit, Cpu& cpu) {
  return static_cast<u8>(mmu::read_physical(cpu, virtual_apic(unit, cpu) + kTpr, 4));
}

void apic_entered(Unit& unit, Cpu& cpu) {
  if (!unit.has(Control::UseTprShadow) || unit.has(Control::VirtualInterruptDelivery)) return;
  if (below_threshold(unit, cpu)) unit.trap(cpu, ExitReason::TprBelowThreshold, 0);
}

void virtualize_tpr(Unit& unit, Cpu& cpu) {
  if (unit.has(Control::VirtualInterruptDelivery)) return;
  if (below_threshold(unit, cpu)) unit.trap(cpu, ExitReason::TprBelowThreshold, 0);
}

/// CR8 is VTPR's upper half (30.3).
bool Unit::read_task_priority(const Cpu& cpu, u64& value) {
  if (!has(Control::UseTprShadow)) return false;
  value = virtual_tpr(*this, const_cast<Cpu&>(cpu)) >> 4;
  return true;
}

bool Unit::write_task_priority(Cpu& cpu, u64 value) {
  if (!has(Control::UseTprShadow)) return false;
  mmu::write_physical(cpu, virtual_apic(*this, cpu) + kTpr, value << 4, 4);
  virtualize_tpr(*this, cpu);
  return true;
}

void Unit::virtual_interrupt(Cpu&) {}

cpu::ApicAnswer Unit::apic_access(Cpu&, const cpu::ApicPageAccess&) { return cpu::ApicAnswer::Exit; }

void Unit::apic_perform(Cpu&, const cpu::ApicPageAccess&, u64& value) { value = 0; }

}  // namespace hvlab::vmx
