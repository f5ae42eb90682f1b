// 16550A UART (National PC16550D) with a console at the other end of its wire. Characters take their time at
// the programmed rate, in both directions.
#pragma once

#include <string>

#include "sim/devices/byte_queue.hpp"
#include "sim/devices/register_bank.hpp"
#include "sim/devices/uart_registers.hpp"
#include "sim/observe/event.hpp"
#include "sim/ports/clock.hpp"

namespace hvlab::devices {

/// What is at the end of the wire.
class ConsoleSink {
 public:
  virtual ~ConsoleSink() = default;
  /// A character has arrived: called when its stop bit is over.
  virtual void byte(u8 value) = 0;
};

class Uart16550 {
 public:
  struct State {
    ByteQueue<16> receive_fifo;
    ByteQueue<16> receive_errors;  // BI, FE, PE of the characters in receive_fifo
    ByteQueue<16> transmit_fifo;   // depth 1 while FIFOs are off
    ByteQueue<4096> input;         // typed at the console, not yet on the wire
    u16 divisor = 1;
    u8 interrupt_enable = 0;
    u8 fifo_control = 0;
    u8 line_control = 0;
    u8 modem_control = 0;
    u8 line_errors = 0;  // OE, PE, FE, BI until the line status is read
    u8 modem_changes = 0;
    u8 scratch = 0;
    u8 shift_register = 0;
    u8 incoming = 0;        // the character now on the receive wire
    bool shifting = false;  // the transmit shift register is busy
    bool receiving = false;
    bool transmit_pending = false;  // THR-empty interrupt
    bool timeout_pending = false;   // character timeout interrupt
  };

  /// `irq` is driven while an interrupt is pending and OUT2 lets it through; `name` is that of the clock's
  /// events
  /// ("com1").
  Uart16550(Clock& clock, InterruptLine& irq, ConsoleSink& sink, const std::string& name,
            observe::DeviceProbe probe = {});

  /// Master reset. The divisor, which MR leaves undefined, becomes 1 (115200 baud).
  void reset();

  RegisterTarget& ports() { return ports_; }  // 8 ports

  /// A character typed at the console: it goes onto the wire when those before it have been received, and
  /// waits while the receiver is full (as with hardware flow control). Returns false, dropping it, if 4096
  /// wait already.
  bool receive(u8 byte);
  bool can_receive() const { return !state_.input.full(); }

  /// True while characters written by the guest have not yet reached the sink.
  bool transmitting() const { return state_.shifting || !state_.transmit_fifo.empty(); }

  /// Hands everything written so far to the sink at once: for the end of a run.
  void drain();

  const State& state() const { return state_; }
  /// As the registers would be read, without what reading them does.
  u8 line_status() const;
  u8 modem_lines() const;
  u8 interrupt_id() const;

 private:
  u8 read(u32 offset);
  void write(u32 offset, u8 value);
  u8 read_data();
  void write_data(u8 value);
  u8 read_interrupt_id();
  void write_fifo_control(u8 value);
  void write_line_control(u8 value);
  void write_modem_control(u8 value);
  u8 read_line_status();
  u8 read_modem_status();
  bool divisor_selected() const { return (state_.line_control & uart::kDivisorLatch) != 0; }
  bool fifos() const { return (state_.fifo_control & uart::kFifoEnable) != 0; }
  bool looping() const { return (state_.modem_control & uart::kLoop) != 0; }
  u32 trigger_level() const;
  Picoseconds character_time() const;
  void start_transmission();
  void transmitted();
  void start_reception();
  void received();
  void accept(u8 byte, u8 errors);
  void receive_timeout();
  void restart_timeout();
  void clear_receiver();
  void update_irq();

  Clock& clock_;
  InterruptLine& irq_;
  ConsoleSink& sink_;
  observe::DeviceProbe probe_;
  EventId transmit_event_;
  EventId receive_event_;
  EventId timeout_event_;
  State state_;
  bool irq_level_ = false;
  ByteBank<Uart16550> ports_;
};

}  // namespace hvlab::devices
