#include "sim/devices/i8042.hpp"

#include <utility>

#include "sim/base/bits.hpp"

namespace hvlab::devices {
namespace {

// 11 bits at about 12 kHz on the device's clock line.
constexpr Picoseconds kByteTime = 900 * kMicrosecond;

// Command byte
constexpr u8 kKeyboardInterrupt = 0x01;
constexpr u8 kMouseInterrupt = 0x02;
constexpr u8 kSystemFlag = 0x04;
constexpr u8 kKeyboardOff = 0x10;
constexpr u8 kMouseOff = 0x20;
constexpr u8 kTranslate = 0x40;

constexpr u8 kResetLine = 0x01;
constexpr u8 kA20 = 0x02;

// Scan code set 2 to set 1, by set 2 code (IBM PS/2 Technical Reference, "Scan code translation").
constexpr std::array<u8, 0x88> kToSet1 = {
    0xFF, 0x43, 0x41, 0x3F, 0x3D, 0x3B, 0x3C, 0x58, 0x64, 0x44, 0x42, 0x40, 0x3E, 0x0F, 0x29, 0x59,  // 00
    0x65, 0x38, 0x2A, 0x70, 0x1D, 0x10, 0x02, 0x5A, 0x66, 0x71, 0x2C, 0x1F, 0x1E, 0x11, 0x03, 0x5B,  // 10
    0x67, 0x2E, 0x2D, 0x20, 0x12, 0x05, 0x04, 0x5C, 0x68, 0x39, 0x2F, 0x21, 0x14, 0x13, 0x06, 0x5D,  // 20
    0x69, 0x31, 0x30, 0x23, 0x22, 0x15, 0x07, 0x5E, 0x6A, 0x72, 0x32, 0x24, 0x16, 0x08, 0x09, 0x5F,  // 30
    0x6B, 0x33, 0x25, 0x17, 0x18, 0x0B, 0x0A, 0x60, 0x6C, 0x34, 0x35, 0x26, 0x27, 0x19, 0x0C, 0x61,  // 40
    0x6D, 0x73, 0x28, 0x74, 0x1A, 0x0D, 0x62, 0x6E, 0x3A, 0x36, 0x1C, 0x1B, 0x75, 0x2B, 0x63, 0x76,  // 50
    0x55, 0x56, 0x77, 0x78, 0x79, 0x7A, 0x0E, 0x7B, 0x7C, 0x4F, 0x7D, 0x4B, 0x47, 0x7E, 0x7F, 0x6F,  // 60
    0x52, 0x53, 0x50, 0x4C, 0x4D, 0x48, 0x01, 0x45, 0x57, 0x4E, 0x51, 0x4A, 0x37, 0x49, 0x46, 0x54,  // 70
    0x80, 0x81, 0x82, 0x41, 0x54, 0x85, 0x86, 0x87,                                                  // 80
};

}  // namespace

I8042::I8042(Clock& clock, Outputs outputs, observe::DeviceProbe probe)
    : clock_(clock),
      outputs_(std::move(outputs)),
      probe_(probe),
      event_(clock.add_event("i8042.byte", [this] { arrived(); })),
      data_port_(1, *this, &I8042::read_data, &I8042::write_data),
      command_port_(1, *this, &I8042::read_status, &I8042::write_command),
      system_control_(1, *this, &I8042::read_port92, &I8042::write_port92) {
  state_.ram[0] = kSystemFlag | kKeyboardOff | kMouseOff | kTranslate;
}

void I8042::reset() {
  const bool gate = a20();
  state_ = State{};
  state_.ram[0] = kSystemFlag | kKeyboardOff | kMouseOff | kTranslate;
  clock_.disarm(event_);
  if (!gate && outputs_.a20) outputs_.a20(true);
  update_irqs();
}

// --- Bytes from the devices
// ----------------------------------------------------------------------------------------

// A device may send when its clock is not held and the output buffer is free.
void I8042::move_next() {
  State& s = state_;
  if (s.moving || s.full) return;
  const bool keyboard = keyboard_enabled() && s.keyboard.has_output();
  const bool mouse = mouse_enabled() && s.mouse.has_output();
  if (!keyboard && !mouse) return;
  s.moving = true;
  s.moving_mouse = !keyboard;
  clock_.arm(event_, clock_.now() + kByteTime);
}

void I8042::arrived() {
  State& s = state_;
  s.moving = false;
  const bool mouse = s.moving_mouse;
  // A response of the controller, or the port's being switched off, sends the device back to waiting.
  if (s.full ||
      !(mouse ? mouse_enabled() && s.mouse.has_output() : keyboard_enabled() && s.keyboard.has_output())) {
    return move_next();
  }
  u8 byte = mouse ? s.mouse.send() : s.keyboard.send();
  bool swallowed = false;
  if (!mouse && (s.ram[0] & kTranslate) != 0) byte = translate(byte, swallowed);
  if (swallowed) return move_next();
  respond(byte, mouse);
}

u8 I8042::translate(u8 code, bool& swallowed) {
  if (code == 0xF0) {
    state_.break_prefix = swallowed = true;
    return 0;
  }
  const bool released = state_.break_prefix;
  state_.break_prefix = false;
  const u8 make = code < kToSet1.size() ? kToSet1[code] : code;
  return static_cast<u8>(make | (released ? 0x80 : 0));
}

void I8042::respond(u8 value, bool from_mouse) {
  state_.output = value;
  state_.full = true;
  state_.from_mouse = from_mouse;
  update_irqs();
}

void I8042::update_irqs() {
  const State& s = state_;
  outputs_.irq1.set(s.full && !s.from_mouse && (s.ram[0] & kKeyboardInterrupt) != 0);
  outputs_.irq12.set(s.full && s.from_mouse && (s.ram[0] & kMouseInterrupt) != 0);
}

bool I8042::key(u8 code) {
  const bool taken = state_.keyboard.key(code);
  move_next();
  return taken;
}

void I8042::move_mouse(int dx, int dy, u8 buttons) {
  state_.mouse.move(dx, dy, buttons);
  move_next();
}

// --- Ports
// ---------------------------------------------------------------------------------------------------------

u8 I8042::read_data(u32) {
  const u8 value = state_.output;
  state_.full = false;
  update_irqs();
  move_next();
  return value;
}

u8 I8042::read_status(u32) {
  const State& s = state_;
  return static_cast<u8>((s.full ? 0x01 : 0) | (s.ram[0] & kSystemFlag) | (s.last_was_command ? 0x08 : 0) |
                         0x10 /* not locked */ | (s.full && s.from_mouse ? 0x20 : 0));
}

void I8042::write_data(u32, u8 value) {
  State& s = state_;
  s.last_was_command = false;
  if (const u8 command = std::exchange(s.command, u8{0}); command != 0) return parameter(command, value);
  s.ram[0] &= static_cast<u8>(~kKeyboardOff);  // a byte for the keyboard releases its clock
  s.keyboard.receive(value);
  move_next();
}

void I8042::parameter(u8 command, u8 value) {
  State& s = state_;
  if (command >= 0x60 && command <= 0x7F) {
    s.ram[command & 0x1F] = value;
    update_irqs();
  }
  switch (command) {
    case 0xD1: write_output_port(value); break;
    case 0xD2: respond(value); break;
    case 0xD3: respond(value, true); break;
    case 0xD4:
      s.ram[0] &= static_cast<u8>(~kMouseOff);
      s.mouse.receive(value);
      break;
    default: break;
  }
  move_next();
}

void I8042::write_command(u32, u8 value) {
  State& s = state_;
  s.last_was_command = true;
  s.command = 0;
  if (value >= 0x20 && value <= 0x3F) return respond(s.ram[value & 0x1F]);
  if ((value >= 0x60 && value <= 0x7F) || (value >= 0xD1 && value <= 0xD4)) {
    s.command = value;
    return;
  }
  if (value >=
      0xF0) {  // bits 3..0 that are 0: output port bits pulsed low for 6 us; only the reset line notices
    if ((value & kResetLine) == 0 && outputs_.reset) outputs_.reset();
    return;
  }
  switch (value) {
    case 0xA7: s.ram[0] |= kMouseOff; break;
    case 0xA8: s.ram[0] &= static_cast<u8>(~kMouseOff); break;
    case 0xA9:
    case 0xAB: return respond(0x00);  // interface tests: no fault
    case 0xAA:
      s.ram[0] = static_cast<u8>(s.ram[0] | kKeyboardOff | kMouseOff | kSystemFlag);
      return respond(0x55);
    case 0xAD: s.ram[0] |= kKeyboardOff; break;
    case 0xAE: s.ram[0] &= static_cast<u8>(~kKeyboardOff); break;
    case 0xC0: return respond(0x80);  // input port: keyboard not inhibited
    case 0xD0:
      return respond(static_cast<u8>((s.output_port & 0x0F) | (s.full && !s.from_mouse ? 0x10 : 0) |
                                     (s.full && s.from_mouse ? 0x20 : 0) | 0xC0));
    case 0xDD: write_output_port(s.output_port & static_cast<u8>(~kA20)); break;
    case 0xDF: write_output_port(s.output_port | kA20); break;
    default: break;  // reserved commands do nothing
  }
  move_next();
}

void I8042::write_output_port(u8 value) {
  const bool gate = a20();
  state_.output_port = value;
  if (gate != a20() && outputs_.a20) outputs_.a20(a20());
  if ((value & kResetLine) == 0 && outputs_.reset) outputs_.reset();
}

// Bit 1: A20; bit 0: fast reset, on its rise.
void I8042::write_port92(u32, u8 value) {
  const bool gate = a20();
  const bool pulse = (value & ~state_.port92 & kResetLine) != 0;
  state_.port92 = value & 0x03;
  if (gate != a20() && outputs_.a20) outputs_.a20(a20());
  if (pulse && outputs_.reset) outputs_.reset();
}

}  // namespace hvlab::devices
