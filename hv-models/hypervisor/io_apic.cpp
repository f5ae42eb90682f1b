#include "hv-models/hypervisor/io_apic.hpp"

#include "sim/base/bits.hpp"

namespace hvlab::hypervisor {
namespace {

// Data sheet, 3.0 and 3.2.4.
constexpr u32 kWindow = 0x10;
constexpr u8 kId = 0x00, kVersion = 0x01, kArbitration = 0x02, kFirstEntry = 0x10;
constexpr u64 kStatus = bit(12), kRemoteRequest = bit(14), kLevel = bit(15), kMasked = bit(16),
              kLogical = bit(11);
constexpr u64 kReadOnly = kStatus | kRemoteRequest;

}  // namespace

void IoApic::reset() {
  *this = {};
  for (Pin& pin : pins_) pin.entry = kMasked;
}

u32 IoApic::read(u32 offset) const {
  if ((offset & 0xff) != kWindow) return selected_;
  if (selected_ == kId || selected_ == kArbitration) return id_;
  if (selected_ == kVersion) return 0x11 | (kPins - 1) << 16;
  const unsigned pin = (selected_ - kFirstEntry) / 2u;
  if (selected_ < kFirstEntry || pin >= kPins) return 0;
  return static_cast<u32>(selected_ % 2 == 0 ? pins_[pin].entry : pins_[pin].entry >> 32);
}

void IoApic::write(u32 offset, u32 value) {
  if ((offset & 0xff) != kWindow) {
    selected_ = static_cast<u8>(value);
    return;
  }
  if (selected_ == kId) id_ = value & 0x0f00'0000;
  const unsigned pin = (selected_ - kFirstEntry) / 2u;
  if (selected_ < kFirstEntry || pin >= kPins) return;
  u64& entry = pins_[pin].entry;
  if (selected_ % 2 != 0) {
    entry = (entry & 0xffff'ffff) | u64{value} << 32;
    return;
  }
  entry = (entry & ~u64{0xffff'ffff}) | (entry & kReadOnly) | (value & ~static_cast<u32>(kReadOnly));
  if ((entry & kLevel) == 0) entry &= ~kRemoteRequest;
}

// Lines have no polarity of their own here: `level` is whether the device asks.
void IoApic::set_line(unsigned pin, bool level) {
  if (pin >= kPins) return;
  Pin& p = pins_[pin];
  if (level && !p.line) p.waiting = true;
  p.line = level;
}

void IoApic::end_of_interrupt(u8 vector) {
  for (Pin& pin : pins_) {
    if ((pin.entry & 0xff) == vector && (pin.entry & kLevel) != 0) pin.entry &= ~kRemoteRequest;
  }
}

bool IoApic::take(Message& message) {
  for (Pin& pin : pins_) {
    const bool level = (pin.entry & kLevel) != 0;
    const bool asks = level ? pin.line && (pin.entry & kRemoteRequest) == 0 : pin.waiting;
    if (!asks || (pin.entry & kMasked) != 0) continue;
    pin.waiting = false;
    if (level) pin.entry |= kRemoteRequest;
    message = {static_cast<u8>(pin.entry), static_cast<u8>(pin.entry >> 8 & 7),
               static_cast<u32>(pin.entry >> 56), (pin.entry & kLogical) != 0, level};
    return true;
  }
  return false;
}

}  // namespace hvlab::hypervisor
