#include "hv-models/hypervisor/io_apic.hpp"

namespace hvlab::hypervisor {
namespace {

constexpr u32 kSelect = 0x00, kWindow = 0x10;
constexpr u32 kId = 0, kVersion = 1, kArbitration = 2, kFirst = 0x10;

}  // namespace

u32 IoApic::read(u32 offset) const {
  if (offset == kSelect) return select_;
  if (offset != kWindow) return 0;
  if (select_ == kVersion) return (kPins - 1) << 16 | 0x20;
  if (select_ == kId || select_ == kArbitration || select_ < kFirst) return 0;
  const u32 pin = (select_ - kFirst) / 2;
  if (pin >= kPins) return 0;
  return static_cast<u32>(select_ % 2 == 0 ? entries_[pin] : entries_[pin] >> 32);
}

void IoApic::write(u32 offset, u32 value) {
  if (offset == kSelect) {
    select_ = value & 0xff;
    return;
  }
  if (offset != kWindow || select_ < kFirst) return;
  const u32 pin = (select_ - kFirst) / 2;
  if (pin >= kPins) return;
  u64& entry = entries_[pin];
  if (select_ % 2 != 0) {
    entry = (entry & 0xffff'ffff) | u64{value} << 32;
    return;
  }
  constexpr u64 kReadOnly = kRemote | kStatus;
  entry = (entry & (~u64{0xffff'ffff} | kReadOnly)) | (value & ~kReadOnly & 0x1ffff);
  if ((entry & kLevel) == 0) entry &= ~kRemote;
}

// Lines here are what the device means; the entry's polarity says how it is wired, and both agree on a PC.
void IoApic::set_line(unsigned pin, bool level) {
  if (pin >= kPins) return;
  const u32 mask = 1u << pin;
  const bool was = (lines_ & mask) != 0;
  lines_ = level ? lines_ | mask : lines_ & ~mask;
  if (level && !was && (entries_[pin] & (kLevel | kMasked)) == 0) edges_ |= mask;
}

void IoApic::end_of_interrupt(u8 vector) {
  for (u64& entry : entries_) {
    if ((entry & kLevel) != 0 && (entry & 0xff) == vector) entry &= ~kRemote;
  }
}

bool IoApic::next(Message& message) {
  for (unsigned pin = 0; pin < kPins; ++pin) {
    u64& entry = entries_[pin];
    const u32 mask = 1u << pin;
    if ((entry & kMasked) != 0) continue;
    const bool level = (entry & kLevel) != 0;
    if (level ? (lines_ & mask) == 0 || (entry & kRemote) != 0 : (edges_ & mask) == 0) continue;
    if (level) entry |= kRemote;
    edges_ &= ~mask;
    message = {static_cast<u8>(entry), static_cast<u8>(entry >> 8 & 7), (entry & kLogical) != 0, level,
               static_cast<u8>(entry >> 56)};
    return true;
  }
  return false;
}

bool IoApic::is_busy(unsigned pin) const { return pin < kPins && (entries_[pin] & kRemote) != 0; }
bool IoApic::is_masked(unsigned pin) const { return pin >= kPins || (entries_[pin] & kMasked) != 0; }

}  // namespace hvlab::hypervisor
