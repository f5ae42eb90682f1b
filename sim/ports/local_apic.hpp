// Between a processor and its local APIC: neither knows the other's inside.
#pragma once

#include "sim/base/types.hpp"

namespace hvlab {

/// What a processor asks of its local APIC (SDM vol. 3, chapter 11).
class LocalApicPort {
 public:
  virtual ~LocalApicPort() = default;

  /// IA32_APIC_BASE (MSR 1Bh). Writing returns false where the manual wants #GP (reserved bits, an invalid
  /// transition between disabled, xAPIC and x2APIC).
  virtual u64 base_msr() const = 0;
  virtual bool set_base_msr(u64 value) = 0;

  /// The xAPIC register page; `offset` 0..FFFh. Only called while the APIC is enabled and not in x2APIC mode.
  virtual u32 mmio_read(u32 offset) = 0;
  virtual void mmio_write(u32 offset, u32 value) = 0;

  /// x2APIC registers, MSRs 800h..8FFh, and IA32_TSC_DEADLINE (6E0h). Return false where the manual wants
  /// #GP(0).
  virtual bool msr_read(u32 msr, u64& value) = 0;
  virtual bool msr_write(u32 msr, u64 value) = 0;

  /// CR8 as the processor sees it: bits 7..4 of the task-priority register.
  virtual u64 task_priority() const = 0;
  virtual void set_task_priority(u64 cr8) = 0;

  /// INTA: accepts the highest-priority pending interrupt and returns its vector (the PIC's, where the
  /// request came as ExtINT). Only called while ProcessorPins::interrupt is asserted.
  virtual u8 acknowledge() = 0;

  /// The processor carries out INIT (not while it is blocked or intercepted): all registers but the APIC ID
  /// and IA32_APIC_BASE return to their reset values (SDM vol. 3, 11.4.7.3).
  virtual void reset_by_init() {}

  /// A performance counter of an AMD processor has overflowed: delivered as the LVT entry says, which is not
  /// masked by it.
  virtual void performance_overflow() {}

  /// Software has changed the time-stamp counter: a TSC deadline is measured anew.
  virtual void tsc_changed() {}
};

/// What a local APIC (and the board) does to a processor. Effective at the next instruction boundary.
class ProcessorPins {
 public:
  virtual ~ProcessorPins() = default;
  /// INTR: an interrupt above the processor priority waits. Level.
  virtual void set_interrupt(bool asserted) = 0;
  virtual void nmi() = 0;
  virtual void smi() = 0;
  virtual void init() = 0;
  /// Start-up IPI: leaves wait-for-SIPI and begins at vector * 1000h in real mode.
  virtual void sipi(u8 vector) = 0;
};

}  // namespace hvlab
