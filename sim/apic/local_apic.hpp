// Local APIC (SDM vol. 3, chapter 11) in xAPIC and x2APIC mode.
#pragma once

#include <array>
#include <optional>

#include "sim/apic/apic_bus.hpp"
#include "sim/apic/apic_timer.hpp"
#include "sim/apic/interrupt_set.hpp"
#include "sim/arch/apic.hpp"
#include "sim/observe/event.hpp"
#include "sim/ports/clock.hpp"
#include "sim/ports/interrupt_acknowledge.hpp"
#include "sim/ports/interrupt_line.hpp"
#include "sim/ports/local_apic.hpp"
#include "sim/ports/time_stamp_counter.hpp"

namespace hvlab::apic {

class LocalApic final : public LocalApicPort {
 public:
  struct Config {
    u8 id = 0;
    bool bootstrap = false;               // IA32_APIC_BASE.BSP
    u64 timer_hertz = 100'000'000;        // the timer's input clock (CPUID leaf 15h, the crystal)
    u64 tsc_hertz = 1'000'000'000;        // at which TimeStampCounter::tsc() counts
    unsigned physical_address_bits = 52;  // above these IA32_APIC_BASE is reserved
  };

  /// The local vector table, in the order of its registers from 320h on.
  enum Lvt : u8 { kTimer, kThermal, kPerformance, kLint0, kLint1, kError, kLvtCount };

  struct State {
    u64 base = 0;
    u32 task_priority = 0;
    u32 logical_destination = 0;
    u32 destination_format = ~u32{0};
    u32 spurious = 0xFF;
    u32 command_low = 0;
    u32 command_high = 0;
    u32 error_status = 0;  // as last latched by a write
    u32 errors = 0;        // since then
    std::array<u32, kLvtCount> lvt{};
    InterruptSet request;
    InterruptSet in_service;
    InterruptSet trigger;        // TMR: accepted as level-triggered
    std::array<bool, 2> lint{};  // levels of the pins
    bool ext_int = false;        // an ExtINT message waits
    bool asserted = false;       // INTR to the processor
  };

  /// Attaches itself to `bus`; `pins` are those of its processor.
  LocalApic(const Config& config, Clock& clock, ProcessorPins& pins, ApicBus& bus,
            const TimeStampCounter& tsc, observe::DeviceProbe probe = {});

  /// Where ExtINT requests fetch their vector. Without it they are spurious.
  void connect_pic(InterruptAcknowledge& pic) { pic_ = &pic; }

  /// Power-up or RESET: xAPIC mode, software-disabled, all of the local vector table masked (11.4.7.1).
  void reset();

  /// What firmware leaves on the bootstrap processor: enabled, LINT0 = ExtINT from the 8259A, LINT1 = NMI.
  void enter_virtual_wire_mode();

  /// LINT0 or LINT1; while the APIC is disabled by its MSR they are the processor's INTR and NMI (11.4.3).
  InterruptLine& lint(unsigned n) { return lint_pins_.at(n); }

  /// A performance counter has overflowed: delivered as its LVT entry says, which then masks itself.
  void performance_interrupt();
  void performance_overflow() override;

  // For the bus
  u32 id() const { return config_.id; }
  bool enabled() const { return (state_.base & arch::apic::kBaseEnable) != 0; }
  bool x2apic() const { return (state_.base & arch::apic::kBaseX2apic) != 0; }
  bool software_enabled() const { return enabled() && (state_.spurious & arch::apic::kSpuriousEnable) != 0; }
  bool addressed_by(const Message& message) const;
  void accept(const Message& message);
  /// PPR (11.8.3.1).
  u8 processor_priority() const;

  // LocalApicPort
  u64 base_msr() const override { return state_.base; }
  bool set_base_msr(u64 value) override;
  u32 mmio_read(u32 offset) override;
  void mmio_write(u32 offset, u32 value) override;
  bool msr_read(u32 msr, u64& value) override;
  bool msr_write(u32 msr, u64 value) override;
  u64 task_priority() const override { return state_.task_priority >> 4; }
  void set_task_priority(u64 cr8) override;
  u8 acknowledge() override;
  void reset_by_init() override;
  void tsc_changed() override { timer_.tsc_changed(); }

  const State& state() const { return state_; }
  const ApicTimer::State& timer() const { return timer_.state(); }

 private:
  class LintPin final : public InterruptLine {
   public:
    LintPin(LocalApic& apic, unsigned n) : apic_(apic), n_(n) {}
    void set(bool asserted) override { apic_.drive_lint(n_, asserted); }

   private:
    LocalApic& apic_;
    unsigned n_;
  };

  u32 read_register(u32 offset) const;
  void write_register(u32 offset, u32 value);
  void write_spurious(u32 value);
  void write_lvt(Lvt entry, u32 value);
  void send_command(u32 low, u32 destination, bool wide);
  bool msr_write_command(u64 value);
  void self_ipi(u8 vector);
  u32 logical_id() const;
  bool matches_logical(const Message& message) const;

  void reset_registers();
  void accept_fixed(u8 vector, bool level);
  void end_of_interrupt();
  void error(u32 which);
  void deliver_local(Lvt entry);
  void drive_lint(unsigned n, bool level);
  void service_lint_level(unsigned n);
  bool ext_int_waits() const;
  int deliverable() const;
  void update_timer_lvt();
  void update();

  Config config_;
  ProcessorPins& pins_;
  ApicBus& bus_;
  observe::DeviceProbe probe_;
  InterruptAcknowledge* pic_ = nullptr;
  ApicTimer timer_;
  State state_;
  std::array<LintPin, 2> lint_pins_;
};

}  // namespace hvlab::apic
