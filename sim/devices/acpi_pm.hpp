// ACPI fixed hardware of the PIIX4: PM1 event and control blocks, PM timer, GPE0, with the SMI command ports
// and the reset control register.
#pragma once

#include <array>
#include <functional>

#include "sim/devices/acpi_pm_registers.hpp"
#include "sim/devices/register_bank.hpp"
#include "sim/devices/ticks.hpp"
#include "sim/observe/event.hpp"
#include "sim/ports/clock.hpp"

namespace hvlab::devices {

class AcpiPm {
 public:
  struct Outputs {
    InterruptLine& sci;               // IRQ9, level
    std::function<void()> power_off;  // software has entered S5
    std::function<void()> reset;      // through port CF9h
  };

  struct State {
    std::array<u8, acpi::kBankSize> registers{};
    u64 timer_half_periods = 0;  // changes of the PM timer's top bit that TMROF_STS has already shown
    u8 command = 0;              // port B2h
    u8 command_status = 0;       // port B3h
    u8 reset_control = 0;
  };

  /// `timer_bits` is 24 or 32 and belongs to the FADT's TMR_VAL_EXT flag.
  AcpiPm(Clock& clock, Outputs outputs, unsigned timer_bits = 24, observe::DeviceProbe probe = {});

  void reset();

  RegisterTarget& registers() { return registers_; }          // 64 ports
  RegisterTarget& command_ports() { return command_ports_; }  // B2h-B3h
  RegisterTarget& reset_control() { return reset_control_; }  // CF9h

  /// The power button is pressed: PWRBTN_STS, and an SCI if enabled.
  void press_power_button();
  /// Sets bit `n` (0..15) of GPE0 status.
  void general_event(unsigned n);
  /// Hands the machine over in ACPI mode (SCI_EN set), as after ACPI_ENABLE.
  void enable_acpi();

  /// The PM timer now.
  u32 timer() const;
  const State& state() const { return state_; }

 private:
  u8 read(u32 offset);
  void write(u32 offset, u8 value);
  u8 read_command(u32 offset);
  void write_command(u32 offset, u8 value);
  u8 read_reset(u32) { return state_.reset_control; }
  void write_reset(u32, u8 value);
  u16 word(u8 offset) const;
  void set_word(u8 offset, u16 value);
  u64 half_periods() const;
  void catch_up();
  void update_sci();

  Clock& clock_;
  Outputs outputs_;
  unsigned timer_bits_;
  observe::DeviceProbe probe_;
  Ticks ticks_{acpi::kTimerHertz};
  EventId event_;
  State state_;
  bool sci_level_ = false;
  ByteBank<AcpiPm> registers_;
  ByteBank<AcpiPm> command_ports_;
  ByteBank<AcpiPm> reset_control_;
};

}  // namespace hvlab::devices
