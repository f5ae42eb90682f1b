// 8042 keyboard and mouse controller of the PC (ports 60h and 64h), with port 92h, the other way to A20 and
// reset.
#pragma once

#include <array>
#include <functional>

#include "sim/devices/ps2_devices.hpp"
#include "sim/devices/register_bank.hpp"
#include "sim/observe/event.hpp"
#include "sim/ports/clock.hpp"

namespace hvlab::devices {

class I8042 {
 public:
  struct Outputs {
    InterruptLine& irq1;
    InterruptLine& irq12;
    std::function<void()> reset;    // the processor's reset line is pulsed
    std::function<void(bool)> a20;  // the level of the A20 gate has changed; may be empty
  };

  struct State {
    Ps2Keyboard keyboard;
    Ps2Mouse mouse;
    std::array<u8, 32> ram{};  // [0] is the command byte
    u8 output = 0;             // output buffer
    u8 output_port = 0xCF;     // bit 0 reset (low active), bit 1 A20
    u8 port92 = 0x02;
    u8 command = 0;           // a controller command whose parameter comes next at port 60h
    bool full = false;        // output buffer full
    bool from_mouse = false;  // ... with a byte of the auxiliary device
    bool last_was_command = false;
    bool moving = false;  // a byte is on its way from a device
    bool moving_mouse = false;
    bool break_prefix = false;  // translation has swallowed F0h
  };

  I8042(Clock& clock, Outputs outputs, observe::DeviceProbe probe = {});

  void reset();

  RegisterTarget& data_port() { return data_port_; }            // 60h
  RegisterTarget& command_port() { return command_port_; }      // 64h
  RegisterTarget& system_control() { return system_control_; }  // 92h

  /// A key's make or break code in scan code set 2, byte by byte. False if it was dropped.
  bool key(u8 code);
  /// Mouse movement (right and up positive) and buttons.
  void move_mouse(int dx, int dy, u8 buttons);

  bool a20() const { return (state_.output_port & 2) != 0 || (state_.port92 & 2) != 0; }
  const State& state() const { return state_; }

 private:
  u8 read_data(u32);
  void write_data(u32, u8 value);
  u8 read_status(u32);
  void write_command(u32, u8 value);
  u8 read_port92(u32) { return state_.port92; }
  void write_port92(u32, u8 value);
  void parameter(u8 command, u8 value);
  void respond(u8 value, bool from_mouse = false);
  void write_output_port(u8 value);
  void move_next();
  void arrived();
  u8 translate(u8 code, bool& swallowed);
  bool keyboard_enabled() const { return (state_.ram[0] & 0x10) == 0; }
  bool mouse_enabled() const { return (state_.ram[0] & 0x20) == 0; }
  void update_irqs();

  Clock& clock_;
  Outputs outputs_;
  observe::DeviceProbe probe_;
  EventId event_;
  State state_;
  ByteBank<I8042> data_port_;
  ByteBank<I8042> command_port_;
  ByteBank<I8042> system_control_;
};

}  // namespace hvlab::devices
