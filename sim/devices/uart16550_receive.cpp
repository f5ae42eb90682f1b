// The 16550's receiver: holding register or FIFO, its trigger level and its time-out.
#include <array>

#include "sim/devices/uart16550.hpp"

namespace hvlab::devices {

using namespace uart;

bool Uart16550::receive(u8 byte) {
  if (!state_.input.push(byte)) return false;
  start_reception();
  return true;
}

void Uart16550::start_reception() {
  State& s = state_;
  const bool room = fifos() ? !s.receive_fifo.full() : s.receive_fifo.empty();
  if (s.receiving || s.input.empty() || !room || looping()) return;
  s.incoming = s.input.pop();
  s.receiving = true;
  clock_.arm(receive_event_, clock_.now() + character_time());
}

void Uart16550::received() {
  state_.receiving = false;
  if (!looping()) accept(state_.incoming, 0);  // in loopback the wire is cut off
  start_reception();
  update_irq();
}

void Uart16550::accept(u8 byte, u8 errors) {
  State& s = state_;
  const bool room = fifos() ? !s.receive_fifo.full() : s.receive_fifo.empty();
  if (!room) {
    s.line_errors |= kOverrun;
    if (fifos()) return;  // the FIFO keeps what it has, the holding register does not
    s.receive_fifo.clear();
    s.receive_errors.clear();
  }
  if (s.receive_fifo.empty()) s.line_errors |= errors;
  s.receive_fifo.push(byte);
  s.receive_errors.push(errors);
  restart_timeout();
}

u8 Uart16550::read_data() {
  State& s = state_;
  const u8 value = s.receive_fifo.pop();
  s.receive_errors.pop();
  s.line_errors |= s.receive_errors.front();  // errors are revealed when their character is next
  s.timeout_pending = false;
  restart_timeout();
  start_reception();
  update_irq();
  return value;
}

// Characters in the FIFO, and none moved in or out, for four character times.
void Uart16550::restart_timeout() {
  if (fifos() && !state_.receive_fifo.empty()) {
    clock_.arm(timeout_event_, clock_.now() + 4 * character_time());
  } else {
    clock_.disarm(timeout_event_);
  }
}

void Uart16550::receive_timeout() {
  state_.timeout_pending = fifos() && !state_.receive_fifo.empty();
  update_irq();
}

void Uart16550::clear_receiver() {
  state_.receive_fifo.clear();
  state_.receive_errors.clear();
  state_.timeout_pending = false;
  clock_.disarm(timeout_event_);
}

u32 Uart16550::trigger_level() const {
  constexpr std::array<u8, 4> kLevels = {1, 4, 8, 14};
  return fifos() ? kLevels[state_.fifo_control >> 6] : 1;
}

}  // namespace hvlab::devices
