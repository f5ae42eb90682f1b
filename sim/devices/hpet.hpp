// High precision event timer (IA-PC HPET specification 1.0a): a 64-bit main counter and three timers, each
// periodic or one-shot, routed to IOAPIC pins, to the legacy IRQ0/IRQ8, or sent as messages.
#pragma once

#include <array>

#include "sim/devices/hpet_registers.hpp"
#include "sim/devices/register_bank.hpp"
#include "sim/observe/event.hpp"
#include "sim/ports/clock.hpp"
#include "sim/ports/message_interrupt.hpp"

namespace hvlab::devices {

class Hpet {
 public:
  /// Where the HPET's interrupts go. IRQ0 and IRQ8 pass through it: the PIT and the RTC drive legacy_input(0)
  /// and legacy_input(1), which reach `irq0` and `irq8` unless software has chosen legacy replacement.
  struct Outputs {
    InterruptLine& irq0;
    InterruptLine& irq8;
    std::array<InterruptLine*, hpet::kPinCount> pins;  // IOAPIC pins 20..23
    MessageInterrupts& messages;
  };

  struct Timer {
    u64 configuration = 0;  // writable bits only
    u64 comparator = ~u64{0};
    u64 period = 0;
    u64 fsb = 0;
    u64 match = 0;                // value of the main counter, not cut to 32 bits, at which it fires next
    bool waiting = false;         // `match` is meaningful
    bool high_half_sets = false;  // a comparator written in two halves: the second follows the first
  };
  struct State {
    u64 configuration = 0;
    u64 interrupt_status = 0;
    u64 counter_base = 0;  // the main counter at `base_time`
    Picoseconds base_time = 0;
    std::array<Timer, hpet::kTimerCount> timers;
    std::array<bool, 2> legacy_inputs{};
  };

  Hpet(Clock& clock, const Outputs& outputs, observe::DeviceProbe probe = {});

  void reset();

  RegisterTarget& registers() { return registers_; }  // 1024 bytes, at FED00000h in a PC
  InterruptLine& legacy_input(unsigned n) { return legacy_pins_.at(n); }

  /// The main counter now.
  u64 counter() const;
  const State& state() const { return state_; }

 private:
  u64 read(u64 offset, unsigned size);
  void write(u64 offset, unsigned size, u64 value);
  u64 read_register(u32 offset) const;
  void write_register(u32 offset, u64 value, u64 mask);
  void write_configuration(u64 value);
  void write_timer(unsigned n, u32 offset, u64 value, u64 mask);
  void write_comparator(Timer& timer, u64 value, u64 mask);
  bool enabled() const { return (state_.configuration & hpet::kEnable) != 0; }
  bool legacy(unsigned n) const { return n < 2 && (state_.configuration & hpet::kLegacyReplacement) != 0; }
  Picoseconds time_of(u64 counter) const;
  void fired(unsigned n);
  void request(unsigned n);
  void schedule(unsigned n);
  void arm(unsigned n);
  void arm_all();
  void drive_legacy_input(unsigned n, bool level);
  InterruptLine* route(unsigned n) const;
  void release(unsigned n);
  void update_level(unsigned n);

  Clock& clock_;
  Outputs outputs_;
  observe::DeviceProbe probe_;
  std::array<EventId, hpet::kTimerCount> events_;
  State state_;
  Bank<Hpet> registers_;
  std::array<InputPin<Hpet>, 2> legacy_pins_;
};

}  // namespace hvlab::devices
