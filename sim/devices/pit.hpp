// 8254 programmable interval timer (Intel 231164) at ports 40h-43h, clocked at 1 193 182 Hz, with port 61h of
// the PC (82371AB, NMI status and control register): gate and output of counter 2, refresh toggle.
#pragma once

#include <array>

#include "sim/devices/pit_counter.hpp"
#include "sim/devices/register_bank.hpp"
#include "sim/devices/ticks.hpp"
#include "sim/observe/event.hpp"
#include "sim/ports/clock.hpp"

namespace hvlab::devices {

class Pit {
 public:
  static constexpr u64 kHertz = 1'193'182;

  /// OUT of counter 0 drives `irq0`; only its changes need the clock's calendar, all else is computed when
  /// looked at.
  Pit(Clock& clock, InterruptLine& irq0, observe::DeviceProbe probe = {});

  void reset();

  RegisterTarget& ports() { return ports_; }          // 40h-43h
  RegisterTarget& control_port() { return port61_; }  // 61h

  /// OUT of counter `n` (0..2) now.
  bool out(unsigned n);
  /// Counter `n` as it was when it last mattered: what was programmed holds, its count has gone on.
  const PitCounter& counter(unsigned n) const { return counters_.at(n); }

 private:
  u8 read(u32 offset);
  void write(u32 offset, u8 value);
  u8 read_port61(u32 offset);
  void write_port61(u32 offset, u8 value);
  void write_control(u8 value);
  void read_back(u8 command);
  void catch_up();
  void drive_irq(bool level);
  void update_irq();

  Clock& clock_;
  InterruptLine& irq0_;
  observe::DeviceProbe probe_;
  Ticks ticks_{kHertz};
  EventId edge_;
  std::array<PitCounter, 3> counters_;
  u8 port61_bits_ = 0;  // bits 3..0 as written
  bool irq_level_ = false;
  ByteBank<Pit> ports_;
  ByteBank<Pit> port61_;
};

}  // namespace hvlab::devices
