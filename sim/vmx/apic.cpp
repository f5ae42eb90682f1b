#include "sim/vmx/apic.hpp"

#include <bit>

#include "sim/mmu/walk.hpp"

namespace hvlab::vmx {

namespace va = virtual_apic;

namespace {

/// The field may have been written since VM entry has checked it.
u64 page_of(Unit& unit, Cpu& cpu) { return align_down(unit.vmcs(cpu)[Field::VirtualApicAddress], 4096); }

u8 tpr(Unit& unit, Cpu& cpu) { return static_cast<u8>(read_virtual_apic(unit, cpu, va::kTpr, 4)); }

// Requesting and servicing virtual interrupt (25.4.2).
u8 rvi(Unit& unit, Cpu& cpu) { return static_cast<u8>(unit.vmcs(cpu)[Field::GuestInterruptStatus]); }
u8 svi(Unit& unit, Cpu& cpu) { return static_cast<u8>(unit.vmcs(cpu)[Field::GuestInterruptStatus] >> 8); }
void set_status(Unit& unit, Cpu& cpu, u8 requesting, u8 servicing) {
  unit.vmcs(cpu)[Field::GuestInterruptStatus] = static_cast<u64>(servicing) << 8 | requesting;
  region_written(cpu, unit.current);
}

/// Sets of 256 vectors: eight words of 32 bits, 16 bytes apart.
constexpr u16 word_of_vector(u16 set, u8 vector) { return static_cast<u16>(set + vector / 32 * 16); }
void set_vector(Unit& unit, Cpu& cpu, u16 set, u8 vector, bool value) {
  const u16 at = word_of_vector(set, vector);
  const auto word = static_cast<u32>(read_virtual_apic(unit, cpu, at, 4));
  const u32 mask = u32{1} << vector % 32;
  write_virtual_apic(unit, cpu, at, value ? word | mask : word & ~mask, 4);
}
/// 0: none.
u8 highest_vector(Unit& unit, Cpu& cpu, u16 set) {
  for (unsigned n = 8; n-- > 0;) {
    const auto word = static_cast<u32>(read_virtual_apic(unit, cpu, static_cast<u16>(set + n * 16), 4));
    if (word != 0) return static_cast<u8>(n * 32 + std::bit_width(word) - 1);
  }
  return 0;
}

/// 30.1.3.
void virtualize_ppr(Unit& unit, Cpu& cpu) {
  const u8 priority = tpr(unit, cpu), serviced = svi(unit, cpu);
  write_virtual_apic(unit, cpu, va::kPpr, priority >> 4 >= serviced >> 4 ? priority : serviced & 0xF0, 4);
}

/// Whether a virtual interrupt is recognized (30.2.1).
void evaluate(Unit& unit, Cpu& cpu) {
  const auto ppr = static_cast<u8>(read_virtual_apic(unit, cpu, va::kPpr, 4));
  cpu.virtual_interrupt = !unit.has(Control::InterruptWindowExiting) && rvi(unit, cpu) >> 4 > ppr >> 4;
}

void request(Unit& unit, Cpu& cpu, u8 vector) {
  if (vector > rvi(unit, cpu)) set_status(unit, cpu, vector, svi(unit, cpu));
  evaluate(unit, cpu);
}

bool below_threshold(Unit& unit, Cpu& cpu) {
  return tpr(unit, cpu) >> 4 < (unit.vmcs(cpu)[Field::TprThreshold] & 0xF);
}

}  // namespace

u64 read_virtual_apic(Unit& unit, Cpu& cpu, u16 offset, unsigned bytes) {
  return mmu::read_physical(cpu, page_of(unit, cpu) + offset, bytes);
}
void write_virtual_apic(Unit& unit, Cpu& cpu, u16 offset, u64 value, unsigned bytes) {
  mmu::write_physical(cpu, page_of(unit, cpu) + offset, value, bytes);
}

void apic_entered(Unit& unit, Cpu& cpu) {
  if (!unit.has(Control::UseTprShadow)) return;
  if (unit.has(Control::VirtualInterruptDelivery)) {
    virtualize_ppr(unit, cpu);
    evaluate(unit, cpu);
  } else if (below_threshold(unit, cpu)) {
    unit.trap(cpu, ExitReason::TprBelowThreshold, 0);
  }
}

void virtualize_tpr(Unit& unit, Cpu& cpu) {
  if (unit.has(Control::VirtualInterruptDelivery)) {
    virtualize_ppr(unit, cpu);
    evaluate(unit, cpu);
  } else if (below_threshold(unit, cpu)) {
    unit.trap(cpu, ExitReason::TprBelowThreshold, 0);
  }
}

void virtualize_eoi(Unit& unit, Cpu& cpu) {
  const u8 vector = svi(unit, cpu);
  set_vector(unit, cpu, va::kIsr, vector, false);
  set_status(unit, cpu, rvi(unit, cpu), highest_vector(unit, cpu, va::kIsr));
  virtualize_ppr(unit, cpu);
  if (test_bit(unit.vmcs(cpu)[Field::EoiExitBitmap0 + vector / 64u], vector % 64u))
    unit.trap(cpu, ExitReason::VirtualizedEoi, vector);
  else
    evaluate(unit, cpu);
}

void virtualize_self_ipi(Unit& unit, Cpu& cpu, u8 vector) {
  set_vector(unit, cpu, va::kIrr, vector, true);
  request(unit, cpu, vector);
}

/// The guest takes interrupts, and one is recognized: it is delivered (30.2.2).
void Unit::virtual_interrupt(Cpu& cpu) {
  const u8 vector = rvi(*this, cpu);
  cpu.virtual_interrupt = false;
  set_vector(*this, cpu, va::kIsr, vector, true);
  set_vector(*this, cpu, va::kIrr, vector, false);
  write_virtual_apic(*this, cpu, va::kPpr, vector & 0xF0, 4);
  set_status(*this, cpu, highest_vector(*this, cpu, va::kIrr), vector);
  control::deliver(cpu, {.vector = vector, .source = cpu::Source::Interrupt});
}

/// CR8 is VTPR's upper half (30.3).
bool Unit::read_task_priority(const Cpu& cpu, u64& value) {
  if (!has(Control::UseTprShadow)) return false;
  value = tpr(*this, const_cast<Cpu&>(cpu)) >> 4;
  return true;
}

bool Unit::write_task_priority(Cpu& cpu, u64 value) {
  if (!has(Control::UseTprShadow)) return false;
  write_virtual_apic(*this, cpu, va::kTpr, value << 4, 4);
  virtualize_tpr(*this, cpu);
  return true;
}

bool take_posted_interrupts(Unit& unit, Cpu& cpu, u8 vector) {
  constexpr u64 kOutstanding = 1;  // bit 256 of the descriptor
  if (!unit.has(Control::ProcessPostedInterrupts)) return false;
  if (vector != static_cast<u8>(unit.vmcs(cpu)[Field::PostedInterruptVector])) return false;
  const u64 descriptor = align_down(unit.vmcs(cpu)[Field::PostedInterruptDescriptor], 64);
  mmu::write_physical(cpu, descriptor + 32, mmu::read_physical(cpu, descriptor + 32, 8) & ~kOutstanding, 8);
  // EOI of the physical APIC.
  constexpr u64 kX2apic = bit(10);
  constexpr u32 kEoiMsr = 0x80B, kEoi = 0xB0;
  if ((cpu.apic->base_msr() & kX2apic) != 0)
    cpu.apic->msr_write(kEoiMsr, 0);
  else
    cpu.apic->mmio_write(kEoi, 0);
  u8 highest = 0;
  for (unsigned n = 0; n < 4; ++n) {
    const u64 posted = mmu::read_physical(cpu, descriptor + n * 8, 8);
    mmu::write_physical(cpu, descriptor + n * 8, 0, 8);
    for (u64 left = posted; left != 0; left &= left - 1) {
      highest = static_cast<u8>(n * 64 + static_cast<unsigned>(std::countr_zero(left)));
      set_vector(unit, cpu, va::kIrr, highest, true);
    }
  }
  request(unit, cpu, highest);
  return true;
}

}  // namespace hvlab::vmx
