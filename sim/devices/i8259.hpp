// One 8259A programmable interrupt controller (Intel 231468): registers, command words and priorities,
// without pins.
#pragma once

#include "sim/base/types.hpp"

namespace hvlab::devices {

class I8259 {
 public:
  /// Everything that the chip remembers.
  struct State {
    u8 lines = 0;        // levels of IR0..IR7
    u8 edges = 0;        // edge latches: a rise not yet acknowledged
    u8 isr = 0;          // in service
    u8 imr = 0;          // masked
    u8 level_mode = 0;   // ELCR: one bit a line, 1 = level-triggered
    u8 vector_base = 0;  // ICW2 bits 7..3
    u8 icw3 = 0;         // cascade wiring; stored only, the wiring is fixed
    u8 next_icw = 0;     // 2..4: the initialization word expected next; 0 = none
    u8 lowest = 7;       // the IR with the lowest priority
    bool needs_icw4 = false;
    bool single = false;          // ICW1 SNGL: no ICW3 follows
    bool auto_eoi = false;        // ICW4 AEOI
    bool special_nested = false;  // ICW4 SFNM
    bool rotate_on_auto_eoi = false;
    bool special_mask = false;
    bool read_isr = false;  // OCW3: which register the command port reads
    bool poll = false;      // the next read is a poll
  };

  /// `cascade` is the mask of inputs that carry another 8259A (for the special fully nested mode).
  explicit I8259(u8 cascade) : cascade_(cascade) {}

  /// Power-up: everything masked by being uninitialised is left to software; ELCR and lines are kept by the
  /// caller.
  void reset();

  void write_command(u8 value);
  void write_data(u8 value);
  u8 read_command();
  u8 read_data();

  /// Drives IR`line` (0..7).
  void set_line(unsigned line, bool level);
  /// Sets the edge/level register of this chip.
  void set_level_mode(u8 mask) { state_.level_mode = mask; }

  /// INT: a request above what is in service waits.
  bool request() const { return highest_request() >= 0; }
  /// The requesting line that INTA would accept, or -1.
  int highest_request() const;
  /// INTA: puts `line` in service (or ends it at once, with automatic EOI).
  void accept(unsigned line);
  /// The vector of `line`.
  u8 vector(unsigned line) const { return static_cast<u8>(state_.vector_base | line); }

  /// Requests as the IRR shows them.
  u8 irr() const;
  const State& state() const { return state_; }

 private:
  void initialize(u8 icw1);
  void write_ocw2(u8 value);
  void write_ocw3(u8 value);
  u8 poll();
  void end_of_interrupt(int line, bool rotate);
  int highest_in_service() const;
  unsigned rank(unsigned line) const { return (line - state_.lowest - 1) & 7; }
  int highest(u8 lines) const;

  u8 cascade_;
  State state_;
};

}  // namespace hvlab::devices
