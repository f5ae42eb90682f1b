// Virtualization of the local APIC (SDM vol. 3, chapter 30): the virtual-APIC page, and what its processor
// makes of writes to it. RVI and SVI live in the VMCS' guest interrupt status.
#pragma once

#include "sim/vmx/unit.hpp"

namespace hvlab::vmx {

/// Offsets in the virtual-APIC page (30.1.1), and of the registers that an APIC access may read or write.
namespace virtual_apic {
inline constexpr u16 kId = 0x20, kVersion = 0x30, kTpr = 0x80, kPpr = 0xA0, kEoi = 0xB0, kLdr = 0xD0,
                     kDfr = 0xE0, kSvr = 0xF0, kIsr = 0x100, kTmr = 0x180, kIrr = 0x200, kEsr = 0x280,
                     kIcrLow = 0x300, kIcrHigh = 0x310, kLvtFirst = 0x320, kLvtLast = 0x370,
                     kInitialCount = 0x380, kDivide = 0x3E0, kSelfIpi = 0x3F0;
}  // namespace virtual_apic

/// `bytes` bytes (to 8) at `offset` of the virtual-APIC page.
u64 read_virtual_apic(Unit& unit, Cpu& cpu, u16 offset, unsigned bytes);
void write_virtual_apic(Unit& unit, Cpu& cpu, u16 offset, u64 value, unsigned bytes);

/// VM entry: the TPR threshold (27.7.7), or PPR virtualization and the pending virtual interrupt (27.3.2.5).
void apic_entered(Unit& unit, Cpu& cpu);

/// TPR virtualization, after VTPR has been written (30.1.2).
void virtualize_tpr(Unit& unit, Cpu& cpu);
/// EOI virtualization (30.1.4).
void virtualize_eoi(Unit& unit, Cpu& cpu);
/// Self-IPI virtualization (30.1.5).
void virtualize_self_ipi(Unit& unit, Cpu& cpu, u8 vector);

/// A write to `offset` of the page has been done: APIC-write emulation (30.4.3.2).
void emulate_apic_write(Unit& unit, Cpu& cpu, u16 offset);

/// RDMSR and WRMSR of 800h to 8FFh under "virtualize x2APIC mode" (30.5). Next: the register is not
/// virtualized; Exit: done; Fault: raised.
Outcome virtualize_msr(Unit& unit, Cpu& cpu, u32 number, bool write);

/// An external interrupt with `vector` has been acknowledged: if it is the posted-interrupt notification, the
/// posted interrupts become virtual ones, and the guest goes on (30.6).
bool take_posted_interrupts(Unit& unit, Cpu& cpu, u8 vector);

}  // namespace hvlab::vmx
