// Between the first serial port and the host: characters out as they arrive, in when there are any.
#pragma once

#include "sim/board/console_host.hpp"
#include "sim/devices/uart16550.hpp"
#include "sim/ports/character_sink.hpp"
#include "sim/ports/clock.hpp"

namespace hvlab::board {

/// Both consoles of the machine, COM1 and the virtio console, print here; typing goes to COM1.
class ConsoleWire final : public devices::ConsoleSink, public CharacterSink {
 public:
  /// `host` may be null.
  ConsoleWire(ConsoleHost* host, Clock& clock) : host_(host), clock_(clock) {
    event_ = clock.add_event("console.input", [this] { look(); });
  }

  /// Names the port that typing goes to, and begins to look for it.
  void connect(devices::Uart16550& uart) {
    uart_ = &uart;
    look();
  }

  // devices::ConsoleSink
  void byte(u8 value) override {
    if (host_ != nullptr) host_->output(value);
  }
  // CharacterSink
  void write(std::span<const u8> bytes) override {
    for (const u8 value : bytes) byte(value);
  }

 private:
  // Until the input has ended: a run without input has no such deadlines.
  void look() {
    if (host_ == nullptr) return;
    while (uart_->can_receive()) {
      const int next = host_->input();
      if (next == ConsoleHost::kEnd) return;
      if (next == ConsoleHost::kNothing) break;
      uart_->receive(static_cast<u8>(next));
    }
    clock_.arm(event_, clock_.now() + kMillisecond);
  }

  ConsoleHost* host_;
  Clock& clock_;
  EventId event_;
  devices::Uart16550* uart_ = nullptr;
};

/// A serial port without a cable.
class NoConsole final : public devices::ConsoleSink {
 public:
  void byte(u8) override {}
};

}  // namespace hvlab::board
