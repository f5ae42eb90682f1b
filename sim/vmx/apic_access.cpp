// Accesses of a guest to its local APIC: through the APIC-access page (SDM vol. 3, 30.4) and as MSRs (30.5).
#include "sim/vmx/apic.hpp"

namespace hvlab::vmx {

namespace va = virtual_apic;
using cpu::ApicAnswer;
using cpu::ApicPageAccess;

namespace {

/// Registers that "APIC-register virtualization" reads from the virtual-APIC page (30.4.2).
bool readable(u16 reg) {
  const bool set = reg >= va::kIsr && reg < va::kEsr;  // ISR, TMR, IRR
  const bool lvt = reg >= va::kLvtFirst && reg <= va::kLvtLast;
  switch (reg) {
    case va::kId:
    case va::kVersion:
    case va::kTpr:
    case va::kEoi:
    case va::kLdr:
    case va::kDfr:
    case va::kSvr:
    case va::kEsr:
    case va::kIcrLow:
    case va::kIcrHigh:
    case va::kInitialCount:
    case va::kDivide: return true;
    default: return set || lvt;
  }
}

/// ... and writes to it (30.4.3).
bool writable(u16 reg) {
  const bool read_only = reg == va::kVersion || (reg >= va::kIsr && reg < va::kEsr);
  return readable(reg) && !read_only;
}

/// Without it.
bool basic(const Unit& unit, u16 reg, bool write) {
  if (reg == va::kTpr) return true;
  const bool delivers = unit.has(Control::VirtualInterruptDelivery);
  return write && delivers && (reg == va::kEoi || reg == va::kIcrLow);
}

/// VICR_LO asks for an edge-triggered fixed interrupt to the processor itself (30.4.3.2).
bool is_self_ipi(u32 icr) {
  constexpr u32 kReserved = 0xFFF0'0000 | u32{3} << 16 | u32{1} << 13, kShorthand = u32{3} << 18,
                kSelf = u32{1} << 18, kLevel = u32{1} << 15, kPending = u32{1} << 12, kMode = u32{7} << 8,
                kLegal = 0xF0;
  return (icr & (kReserved | kLevel | kPending | kMode)) == 0 && (icr & kShorthand) == kSelf &&
         (icr & kLegal) != 0;
}

u64 operand(const Cpu& cpu) { return static_cast<u32>(cpu.gpr[arch::kRax]) | cpu.gpr[arch::kRdx] << 32; }

Outcome write_x2apic(Unit& unit, Cpu& cpu, u32 number) {
  constexpr u32 kTpr = 0x808, kEoi = 0x80B, kSelfIpi = 0x83F;
  const u64 value = operand(cpu);
  const bool delivers = unit.has(Control::VirtualInterruptDelivery);
  const auto protection = [&] { return cpu::raise(cpu, arch::Exception::GeneralProtection, 0); };
  if (number == kTpr) {
    if ((value >> 8) != 0) return protection();
    write_virtual_apic(unit, cpu, va::kTpr, value, 8);
    virtualize_tpr(unit, cpu);
  } else if (number == kEoi && delivers) {
    if (value != 0) return protection();
    write_virtual_apic(unit, cpu, va::kEoi, 0, 8);
    virtualize_eoi(unit, cpu);
  } else if (number == kSelfIpi && delivers) {
    if ((value >> 8) != 0) return protection();
    write_virtual_apic(unit, cpu, va::kSelfIpi, value, 8);
    if ((value & 0xF0) != 0)
      virtualize_self_ipi(unit, cpu, static_cast<u8>(value));
    else
      unit.trap(cpu, ExitReason::ApicWrite, va::kSelfIpi);
  } else {
    return Outcome::Next;
  }
  return Outcome::Exit;
}

}  // namespace

/// Only accesses within the low four bytes of a 16-byte register are virtualized (30.4.2, 30.4.3).
ApicAnswer Unit::apic_access(Cpu&, const ApicPageAccess& access) {
  const unsigned in_register = access.offset & 0xF;
  const u16 reg = static_cast<u16>(access.offset & ~0xF);
  if (!has(Control::UseTprShadow) || access.bytes > 4 || in_register + access.bytes > 4)
    return ApicAnswer::Exit;
  const bool all = has(Control::ApicRegisterVirtualization);
  const bool is_virtual =
      basic(*this, reg, access.write) || (all && (access.write ? writable(reg) : readable(reg)));
  return is_virtual ? ApicAnswer::Virtual : ApicAnswer::Exit;
}

void Unit::apic_perform(Cpu& cpu, const ApicPageAccess& access, u64& value) {
  if (!access.write) {
    value = read_virtual_apic(*this, cpu, access.offset, access.bytes);
    return;
  }
  write_virtual_apic(*this, cpu, access.offset, value, access.bytes);
  emulate_apic_write(*this, cpu, static_cast<u16>(access.offset & ~0xF));
}

void emulate_apic_write(Unit& unit, Cpu& cpu, u16 reg) {
  const bool delivers = unit.has(Control::VirtualInterruptDelivery);
  if (reg == va::kTpr) {
    write_virtual_apic(unit, cpu, va::kTpr, read_virtual_apic(unit, cpu, va::kTpr, 4) & 0xFF, 4);
    return virtualize_tpr(unit, cpu);
  }
  if (reg == va::kEoi && delivers) {
    write_virtual_apic(unit, cpu, va::kEoi, 0, 4);
    return virtualize_eoi(unit, cpu);
  }
  if (reg == va::kIcrLow && delivers) {
    const auto icr = static_cast<u32>(read_virtual_apic(unit, cpu, va::kIcrLow, 4));
    if (is_self_ipi(icr)) return virtualize_self_ipi(unit, cpu, static_cast<u8>(icr));
  }
  if (reg == va::kIcrHigh) {
    const u64 high = read_virtual_apic(unit, cpu, va::kIcrHigh, 4);
    return write_virtual_apic(unit, cpu, va::kIcrHigh, high & 0xFF00'0000, 4);
  }
  unit.trap(cpu, ExitReason::ApicWrite, reg);
}

Outcome virtualize_msr(Unit& unit, Cpu& cpu, u32 number, bool write) {
  constexpr u32 kFirst = 0x800, kLast = 0x8FF, kTpr = 0x808;
  if (!unit.has(Control::VirtualizeX2apicMode) || number < kFirst || number > kLast) return Outcome::Next;
  if (write) return write_x2apic(unit, cpu, number);
  if (number != kTpr && !unit.has(Control::ApicRegisterVirtualization)) return Outcome::Next;
  const u64 value = read_virtual_apic(unit, cpu, static_cast<u16>((number & 0xFF) << 4), 8);
  cpu.gpr[arch::kRax] = static_cast<u32>(value);
  cpu.gpr[arch::kRdx] = value >> 32;
  return Outcome::Exit;
}

}  // namespace hvlab::vmx
