// One counter of an 8254 (Intel 231164), computed lazily: its state is brought forward by any number of clock
// pulses in a few steps, never pulse by pulse.
#pragma once

#include "sim/base/types.hpp"

namespace hvlab::devices {

class PitCounter {
 public:
  /// "OUT never changes any more by itself."
  static constexpr u64 kNoEdge = ~u64{0};

  struct State {
    u64 tick = 0;            // the clock pulse that the rest of the state is true for
    u32 count = 0;           // the counting element, modulo 65536 (10000 in BCD); mode 3: see pulses_in_half
    u32 initial = 0;         // what the counting element was last loaded with (1..65536)
    u32 written = 0;         // the count register, decoded (1..65536)
    u32 pulses_in_half = 0;  // mode 3: pulses since OUT last changed
    u16 count_latch = 0;
    u8 control = 0x30;  // read/write, mode and BCD bits of the control word
    u8 low_byte = 0;    // first half of a count being written
    u8 status_latch = 0;
    bool gate = true;
    bool out = false;
    bool loaded = false;        // the counting element holds a count
    bool armed = false;         // modes 0, 1, 4, 5: the terminal count is yet to come
    bool strobe = false;        // modes 4, 5: OUT is low for this one pulse
    bool load_next = false;     // the next pulse loads the counting element
    bool null_count = true;     // a written count is not yet in the counting element
    bool writing_high = false;  // lo/hi access: the high byte comes next
    bool reading_high = false;
    bool count_latched = false;
    bool status_latched = false;
  };

  void reset(bool gate);

  // All of these take the counter as it is at the tick of the last advance().
  void write_control(u8 value);
  void write_count(u8 value);
  u8 read();
  void latch_count();
  void latch_status();
  void set_gate(bool level);
  bool out() const { return state_.out; }

  /// Lets clock pulses pass, up to `tick`.
  void advance(u64 tick);

  /// The tick of the next change of OUT if nothing is written, or kNoEdge.
  u64 next_edge() const;

  const State& state() const { return state_; }

 private:
  unsigned mode() const;
  unsigned access() const { return (state_.control >> 4) & 3; }
  u32 modulus() const { return (state_.control & 1) != 0 ? 10000 : 65536; }
  bool counting() const;
  u32 half_length() const;
  u64 pulses_to_event() const;
  void elapse(u64 pulses);
  void event();
  void skip_periods(u64 tick);
  void load();
  void new_count(u16 value);
  u16 visible_count() const;

  State state_;
};

}  // namespace hvlab::devices
