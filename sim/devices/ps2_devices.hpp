// What hangs on the i8042's two ports: an AT keyboard and a PS/2 mouse (IBM Personal System/2 Technical
// Reference, "Keyboard" and "Mouse"). Each takes command bytes and queues its answers.
#pragma once

#include "sim/devices/byte_queue.hpp"

namespace hvlab::devices {

class Ps2Keyboard {
 public:
  struct State {
    ByteQueue<16> out;  // bytes waiting to be sent to the controller
    u8 command = 0;     // a command whose parameter comes next
    u8 last_sent = 0;   // for Resend
    u8 leds = 0;
    u8 typematic = 0x2B;
    u8 scan_code_set = 2;
    bool scanning = true;
  };

  /// Power-on; nothing is queued (the controller's firmware has eaten the self-test's answer).
  void reset() { state_ = State{}; }
  /// A byte from the controller.
  void receive(u8 byte);
  /// A key's make or break code, in scan code set 2; dropped while scanning is off or the queue is full.
  bool key(u8 code);

  bool has_output() const { return !state_.out.empty(); }
  u8 send();
  const State& state() const { return state_; }

 private:
  void parameter(u8 byte);

  State state_;
};

class Ps2Mouse {
 public:
  struct State {
    ByteQueue<16> out;
    u8 command = 0;
    u8 last_sent = 0;
    u8 resolution = 2;
    u8 sample_rate = 100;
    u8 buttons = 0;
    bool scaling_2_to_1 = false;
    bool reporting = false;
    bool remote = false;
    bool wrap = false;
  };

  void reset() { state_ = State{}; }
  void receive(u8 byte);
  /// Movement and buttons (bit 0 left, 1 right, 2 middle); a packet if the mouse may report it now.
  void move(int dx, int dy, u8 buttons);

  bool has_output() const { return !state_.out.empty(); }
  u8 send();
  const State& state() const { return state_; }

 private:
  void parameter(u8 byte);
  bool answer(u8 byte);    // a command answered by more than an acknowledge; false: it is none
  bool set_mode(u8 byte);  // any other command; false: there is no such one
  void packet(int dx, int dy);
  void set_defaults();

  State state_;
};

}  // namespace hvlab::devices
