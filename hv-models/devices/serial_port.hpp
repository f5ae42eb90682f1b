// A serial port (16550A data sheet) whose other end takes every byte at once and never says anything.
#pragma once

#include "hv-models/devices/services.hpp"

namespace hvlab::devices {

class SerialPort {
 public:
  static constexpr u16 kFirst = 0x3f8, kPorts = 8;
  static constexpr unsigned kPin = 4;

  SerialPort(const TextSink& sink, const Line& line) : sink_(sink), line_(line) {}
  u8 read(unsigned reg);
  void write(unsigned reg, u8 value);

 private:
  bool latch() const { return (line_control_ & 0x80) != 0; }
  void update_line();
  TextSink sink_;
  Line line_;
  u8 enabled_ = 0, line_control_ = 0, modem_control_ = 0, scratch_ = 0;
  u16 divisor_ = 12;
  bool fifo_ = false, empty_told_ = true;
};

}  // namespace hvlab::devices
