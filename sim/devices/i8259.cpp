#include "sim/devices/i8259.hpp"

#include "sim/base/bits.hpp"

namespace hvlab::devices {
namespace {

constexpr u8 mask_of(unsigned line) { return static_cast<u8>(1u << line); }

}  // namespace

void I8259::reset() {
  const State old = state_;
  state_ = State{};
  state_.lines = old.lines;
}

// ICW1: "the edge sense circuit is reset", the mask cleared, IR7 lowest, special mask off, status read = IRR.
void I8259::initialize(u8 icw1) {
  state_.edges = 0;
  state_.isr = 0;
  state_.imr = 0;
  state_.lowest = 7;
  state_.special_mask = state_.read_isr = state_.poll = state_.rotate_on_auto_eoi = false;
  state_.needs_icw4 = test_bit(icw1, 0);
  state_.single = test_bit(icw1, 1);
  if (!state_.needs_icw4) state_.auto_eoi = state_.special_nested = false;
  state_.next_icw = 2;  // LTIM (bit 3) has no effect: the ELCR decides, as in the PIIX
}

void I8259::write_command(u8 value) {
  if (test_bit(value, 4)) {
    initialize(value);
  } else if (test_bit(value, 3)) {
    write_ocw3(value);
  } else {
    write_ocw2(value);
  }
}

void I8259::write_data(u8 value) {
  const u8 last = state_.needs_icw4 ? 4 : 0;
  switch (state_.next_icw) {
    case 2:
      state_.vector_base = value & 0xF8;
      state_.next_icw = state_.single ? last : 3;
      break;
    case 3:
      state_.icw3 = value;
      state_.next_icw = last;
      break;
    case 4:
      state_.auto_eoi = test_bit(value, 1);
      state_.special_nested = test_bit(value, 4);
      state_.next_icw = 0;
      break;
    default: state_.imr = value; break;
  }
}

u8 I8259::read_command() {
  if (state_.poll) return poll();
  return state_.read_isr ? state_.isr : irr();
}

u8 I8259::read_data() { return state_.poll ? poll() : state_.imr; }

// A poll is an interrupt acknowledge by software: bit 7 says whether there was a request, bits 2..0 which.
u8 I8259::poll() {
  state_.poll = false;
  const int line = highest_request();
  if (line < 0) return 0;
  accept(static_cast<unsigned>(line));
  return static_cast<u8>(0x80 | line);
}

void I8259::write_ocw3(u8 value) {
  if (test_bit(value, 6)) state_.special_mask = test_bit(value, 5);
  if (test_bit(value, 1)) state_.read_isr = test_bit(value, 0);
  state_.poll = test_bit(value, 2);  // P overrides RR
}

void I8259::write_ocw2(u8 value) {
  const int line = value & 7;
  switch (value >> 5) {  // R, SL, EOI
    case 0b001: end_of_interrupt(highest_in_service(), false); break;
    case 0b011: end_of_interrupt(line, false); break;
    case 0b101: end_of_interrupt(highest_in_service(), true); break;
    case 0b111: end_of_interrupt(line, true); break;
    case 0b100: state_.rotate_on_auto_eoi = true; break;
    case 0b000: state_.rotate_on_auto_eoi = false; break;
    case 0b110: state_.lowest = static_cast<u8>(line); break;
    default: break;  // 010: no operation
  }
}

void I8259::end_of_interrupt(int line, bool rotate) {
  if (line < 0) return;
  state_.isr = static_cast<u8>(state_.isr & ~mask_of(static_cast<unsigned>(line)));
  if (rotate) state_.lowest = static_cast<u8>(line);
}

void I8259::set_line(unsigned line, bool level) {
  const u8 mask = mask_of(line);
  const bool old = (state_.lines & mask) != 0;
  if (level == old) return;
  state_.lines = static_cast<u8>(level ? state_.lines | mask : state_.lines & ~mask);
  // An edge request must stay high until INTA, else it is gone (and INTA finds the default IR7).
  state_.edges = static_cast<u8>(level ? state_.edges | mask : state_.edges & ~mask);
}

u8 I8259::irr() const {
  return static_cast<u8>((state_.lines & state_.level_mode) | (state_.edges & ~state_.level_mode));
}

int I8259::highest(u8 lines) const {
  for (unsigned i = 1; i <= 8; ++i) {
    const unsigned line = (state_.lowest + i) & 7;
    if ((lines & mask_of(line)) != 0) return static_cast<int>(line);
  }
  return -1;
}

// In special mask mode a line that is in service and masked holds nothing back, and is not what an unspecific
// EOI ends.
int I8259::highest_in_service() const {
  return highest(static_cast<u8>(state_.special_mask ? state_.isr & ~state_.imr : state_.isr));
}

int I8259::highest_request() const {
  if (state_.next_icw != 0) return -1;
  const int line = highest(static_cast<u8>(irr() & ~state_.imr));
  if (line < 0) return -1;
  const int busy = highest_in_service();
  if (busy < 0) return line;
  const unsigned wanted = rank(static_cast<unsigned>(line)), held = rank(static_cast<unsigned>(busy));
  if (wanted < held) return line;
  const bool nested =
      state_.special_nested && wanted == held && test_bit(cascade_, static_cast<unsigned>(line));
  return nested ? line : -1;
}

void I8259::accept(unsigned line) {
  state_.edges = static_cast<u8>(state_.edges & ~mask_of(line));
  if (!state_.auto_eoi) {
    state_.isr = static_cast<u8>(state_.isr | mask_of(line));
  } else if (state_.rotate_on_auto_eoi) {
    state_.lowest = static_cast<u8>(line);
  }
}

}  // namespace hvlab::devices
