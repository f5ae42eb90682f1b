#include "sim/devices/uart16550.hpp"

#include "sim/base/bits.hpp"

namespace hvlab::devices {

using namespace uart;

namespace {

constexpr u64 kInputHertz = 1'843'200;  // the PC's UART crystal; 16 cycles a bit at divisor 1
constexpr u8 kErrorBits = kOverrun | kParityError | kFramingError | kBreakReceived;

}  // namespace

Uart16550::Uart16550(Clock& clock, InterruptLine& irq, ConsoleSink& sink, const std::string& name,
                     observe::DeviceProbe probe)
    : clock_(clock),
      irq_(irq),
      sink_(sink),
      probe_(probe),
      transmit_event_(clock.add_event(name + ".transmit", [this] { transmitted(); })),
      receive_event_(clock.add_event(name + ".receive", [this] { received(); })),
      timeout_event_(clock.add_event(name + ".timeout", [this] { receive_timeout(); })),
      ports_(8, *this, &Uart16550::read, &Uart16550::write) {}

void Uart16550::reset() {
  drain();
  const ByteQueue<4096> input = state_.input;
  state_ = State{};
  state_.input = input;
  clock_.disarm(transmit_event_);
  clock_.disarm(receive_event_);
  clock_.disarm(timeout_event_);
  update_irq();
  start_reception();
}

// Start bit, 5 to 8 data bits, parity, 1 or 2 stop bits (1.5 with 5 data bits), counted in half bits.
Picoseconds Uart16550::character_time() const {
  const u8 format = state_.line_control;
  const unsigned data = 5 + (format & 3u);
  const unsigned stop_halves = (format & kTwoStopBits) == 0 ? 2 : data == 5 ? 3 : 4;
  const unsigned halves = 2 + 2 * data + ((format & kParityEnable) != 0 ? 2 : 0) + stop_halves;
  const u64 divisor = state_.divisor == 0 ? 65'536 : state_.divisor;
  return scale_up(halves * 8 * divisor, kSecond, kInputHertz);
}

// --- Transmitter ---

void Uart16550::write_data(u8 value) {
  State& s = state_;
  if (!fifos() && !s.transmit_fifo.empty()) s.transmit_fifo.clear();  // THR is overwritten
  s.transmit_fifo.push(value);                                        // a full FIFO loses the character
  s.transmit_pending = false;
  if (!s.shifting) start_transmission();
  update_irq();
}

void Uart16550::start_transmission() {
  State& s = state_;
  if (s.transmit_fifo.empty()) return;
  s.shift_register = s.transmit_fifo.pop();
  s.shifting = true;
  if (s.transmit_fifo.empty()) s.transmit_pending = true;
  clock_.arm(transmit_event_, clock_.now() + character_time());
}

void Uart16550::transmitted() {
  State& s = state_;
  const u8 byte = s.shift_register;
  s.shifting = false;
  start_transmission();
  if (looping()) {
    accept(byte, 0);
  } else {
    probe_.report(observe::EventKind::Console, byte);
    sink_.byte(byte);
  }
  update_irq();
}

void Uart16550::drain() {
  clock_.disarm(transmit_event_);
  while (state_.shifting) {
    transmitted();
    clock_.disarm(transmit_event_);
  }
}

// --- Status and interrupts ---

u8 Uart16550::line_status() const {
  const State& s = state_;
  u8 value = s.line_errors;
  if (!s.receive_fifo.empty()) value |= kDataReady;
  if (s.transmit_fifo.empty()) value |= kHoldingEmpty;
  if (!transmitting()) value |= kTransmitterEmpty;
  for (u32 i = 0; fifos() && i < s.receive_errors.size(); ++i) {
    if (s.receive_errors.at(i) != 0) value |= kFifoError;
  }
  return value;
}

u8 Uart16550::read_line_status() {
  const u8 value = line_status();
  state_.line_errors = 0;
  update_irq();
  return value;
}

// The console keeps CTS, DSR and DCD asserted; in loopback the modem outputs come back as inputs.
u8 Uart16550::modem_lines() const {
  const u8 out = state_.modem_control;
  if (!looping()) return kCts | kDsr | kDcd;
  return static_cast<u8>(((out & kRts) != 0 ? kCts : 0) | ((out & kDtr) != 0 ? kDsr : 0) |
                         ((out & kOut1) != 0 ? kRing : 0) | ((out & kOut2) != 0 ? kDcd : 0));
}

u8 Uart16550::read_modem_status() {
  const u8 value = static_cast<u8>(modem_lines() | state_.modem_changes);
  state_.modem_changes = 0;
  update_irq();
  return value;
}

u8 Uart16550::interrupt_id() const {
  const State& s = state_;
  const u8 enable = s.interrupt_enable;
  if ((enable & kEnableLineStatus) != 0 && (s.line_errors & kErrorBits) != 0) return kIdLineStatus;
  if ((enable & kEnableReceived) != 0 && s.receive_fifo.size() >= trigger_level()) return kIdReceived;
  if ((enable & kEnableReceived) != 0 && s.timeout_pending) return kIdTimeout;
  if ((enable & kEnableTransmit) != 0 && s.transmit_pending) return kIdTransmit;
  if ((enable & kEnableModemStatus) != 0 && s.modem_changes != 0) return kIdModemStatus;
  return kIdNone;
}

u8 Uart16550::read_interrupt_id() {
  const u8 id = interrupt_id();
  if (id == kIdTransmit) state_.transmit_pending = false;  // reading is its acknowledgement
  update_irq();
  return static_cast<u8>(id | (fifos() ? kIdFifos : 0));
}

void Uart16550::update_irq() {
  const bool enabled = (state_.modem_control & kOut2) != 0 && !looping();
  const bool level = enabled && interrupt_id() != kIdNone;
  if (level == irq_level_) return;
  irq_level_ = level;
  irq_.set(level);
}

// --- Control ---

void Uart16550::write_fifo_control(u8 value) {
  State& s = state_;
  const bool change = ((value ^ s.fifo_control) & kFifoEnable) != 0;  // switching FIFOs empties them
  if ((value & kFifoEnable) == 0) value = 0;                          // other bits need bit 0
  if (change || (value & kFifoResetReceiver) != 0) clear_receiver();
  if (change || (value & kFifoResetTransmitter) != 0) {
    if (!s.transmit_fifo.empty()) s.transmit_pending = true;
    s.transmit_fifo.clear();
  }
  s.fifo_control = value & 0xC9;
  start_reception();
  update_irq();
}

void Uart16550::write_line_control(u8 value) {
  const bool broken = (value & ~state_.line_control & kBreak) != 0;
  state_.line_control = value;
  if (broken && looping()) accept(0, kBreakReceived | kFramingError);
  update_irq();
}

void Uart16550::write_modem_control(u8 value) {
  State& s = state_;
  const u8 before = modem_lines();
  s.modem_control = value & 0x1F;
  const u8 after = modem_lines();
  const u8 changed = static_cast<u8>((before ^ after) >> 4);
  s.modem_changes |= static_cast<u8>(changed & ~kRingFell);
  if ((before & ~after & kRing) != 0) s.modem_changes |= kRingFell;  // TERI: only the trailing edge counts
  start_reception();
  update_irq();
}

u8 Uart16550::read(u32 offset) {
  const State& s = state_;
  switch (offset) {
    case kData: return divisor_selected() ? static_cast<u8>(s.divisor) : read_data();
    case kInterruptEnable: return divisor_selected() ? static_cast<u8>(s.divisor >> 8) : s.interrupt_enable;
    case kInterruptId: return read_interrupt_id();
    case kLineControl: return s.line_control;
    case kModemControl: return s.modem_control;
    case kLineStatus: return read_line_status();
    case kModemStatus: return read_modem_status();
    default: return s.scratch;
  }
}

void Uart16550::write(u32 offset, u8 value) {
  State& s = state_;
  switch (offset) {
    case kData:
      if (!divisor_selected()) return write_data(value);
      s.divisor = static_cast<u16>((s.divisor & 0xFF00) | value);
      return;
    case kInterruptEnable:
      if (divisor_selected()) {
        s.divisor = static_cast<u16>((s.divisor & 0xFF) | value << 8);
        return;
      }
      // Enabling the transmit interrupt while THR is empty raises it.
      if ((value & ~s.interrupt_enable & kEnableTransmit) != 0 && s.transmit_fifo.empty())
        s.transmit_pending = true;
      s.interrupt_enable = value & 0x0F;
      return update_irq();
    case kInterruptId: return write_fifo_control(value);
    case kLineControl: return write_line_control(value);
    case kModemControl: return write_modem_control(value);
    case kScratch: s.scratch = value; return;
    default: return;  // the status registers are read-only
  }
}

}  // namespace hvlab::devices
