#include "hv-models/devices/serial_port.hpp"

namespace hvlab::devices {
namespace {

enum : unsigned {
  kData,
  kInterruptEnable,
  kIdentification,
  kLineControl,
  kModemControl,
  kLineStatus,
  kModemStatus,
  kScratch
};
constexpr u8 kEmptyInterrupt = 0x02;            // of the enable register
constexpr u8 kNothing = 0x01, kIsEmpty = 0x02;  // of the identification register
constexpr u8 kHoldingEmpty = 0x20, kAllSent = 0x40;
constexpr u8 kConnected = 0xb0;  // DCD, DSR, CTS

}  // namespace

void SerialPort::update_line() { line_.set((enabled_ & kEmptyInterrupt) != 0 && !empty_told_); }

u8 SerialPort::read(unsigned reg) {
  switch (reg) {
    case kData: return latch() ? static_cast<u8>(divisor_) : u8{0};
    case kInterruptEnable: return latch() ? static_cast<u8>(divisor_ >> 8) : enabled_;
    case kIdentification: {
      const bool empty = (enabled_ & kEmptyInterrupt) != 0 && !empty_told_;
      if (empty) empty_told_ = true;  // reading is taking note
      update_line();
      return static_cast<u8>((empty ? kIsEmpty : kNothing) | (fifo_ ? 0xc0 : 0));
    }
    case kLineControl: return line_control_;
    case kModemControl: return modem_control_;
    case kLineStatus: return kHoldingEmpty | kAllSent;
    case kModemStatus: return kConnected;
    default: return scratch_;
  }
}

void SerialPort::write(unsigned reg, u8 value) {
  switch (reg) {
    case kData:
      if (latch()) {
        divisor_ = static_cast<u16>((divisor_ & 0xff00) | value);
        return;
      }
      sink_.put(sink_.context, static_cast<char>(value));
      empty_told_ = false;
      break;
    case kInterruptEnable:
      if (latch()) {
        divisor_ = static_cast<u16>((divisor_ & 0xff) | value << 8);
        return;
      }
      if ((value & ~enabled_ & kEmptyInterrupt) != 0) empty_told_ = false;
      enabled_ = value & 0x0f;
      break;
    case kIdentification: fifo_ = (value & 1) != 0; break;
    case kLineControl: line_control_ = value; break;
    case kModemControl: modem_control_ = value & 0x1f; break;
    case kScratch: scratch_ = value; break;
    default: break;
  }
  update_line();
}

}  // namespace hvlab::devices
