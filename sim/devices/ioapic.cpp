#include "sim/devices/ioapic.hpp"

#include <utility>

#include "sim/base/check.hpp"

namespace hvlab::devices {

using namespace ioapic;

namespace {

template <size_t... Pin>
std::array<InputPin<IoApic>, kPinCount> make_pins(IoApic& device, InputPin<IoApic>::Drive drive,
                                                  std::index_sequence<Pin...>) {
  return {InputPin<IoApic>(device, Pin, drive)...};
}

unsigned delivery_mode(u64 entry) { return static_cast<unsigned>(bits(entry, 10, 8)); }

// Only fixed and lowest-priority interrupts can be level-triggered: the others are edges whatever bit 15
// says.
bool level_triggered(u64 entry) { return (entry & kLevel) != 0 && delivery_mode(entry) <= kLowestPriority; }

}  // namespace

IoApic::IoApic(MessageInterrupts& messages, u8 id, observe::DeviceProbe probe)
    : messages_(messages),
      probe_(probe),
      reset_id_(id),
      registers_(*this, &IoApic::read, &IoApic::write),
      pins_(make_pins(*this, &IoApic::drive, std::make_index_sequence<kPinCount>())) {
  reset();
}

void IoApic::reset() {
  state_.entries.fill(kMasked);
  state_.select = 0;
  state_.id = reset_id_ & 0x0F;
}

InterruptLine& IoApic::input(unsigned pin) {
  HVLAB_CHECK(pin < pins_.size());
  return pins_[pin];
}

void IoApic::drive(unsigned pin, bool level) {
  if (test_bit(state_.lines, pin) == level) return;
  state_.lines ^= static_cast<u32>(bit(pin));
  const u64 entry = state_.entries[pin];
  if (level_triggered(entry)) return service_level(pin);
  if (level && (entry & kMasked) == 0) deliver(pin);  // an edge at a masked pin is lost (3.2.4, bit 16)
}

// A level asks as long as it lasts, but not again until the local APIC has ended the last one (remote IRR).
void IoApic::service_level(unsigned pin) {
  u64& entry = state_.entries[pin];
  if (!test_bit(state_.lines, pin) || (entry & (kMasked | kRemoteIrr)) != 0 || !level_triggered(entry))
    return;
  entry |= kRemoteIrr;
  deliver(pin);
}

void IoApic::deliver(unsigned pin) {
  const u64 entry = state_.entries[pin];
  const u64 destination = entry >> kDestinationShift;
  const u64 address = 0xFEE0'0000 | destination << 12 | ((entry & kLogical) != 0 ? 4 : 0);
  const u32 data = static_cast<u32>((entry & 0x7FF) | bit(14) | (level_triggered(entry) ? bit(15) : 0));
  probe_.report(observe::EventKind::LineInterrupt, pin, 1);
  messages_.send(address, data);
}

void IoApic::end_of_interrupt(u8 vector) {
  for (unsigned pin = 0; pin < kPinCount; ++pin) {
    u64& entry = state_.entries[pin];
    if ((entry & kVectorMask) != vector || (entry & kRemoteIrr) == 0) continue;
    entry &= ~kRemoteIrr;
    service_level(pin);
  }
}

// The window's registers are 32 bits wide; narrower reads see their low bytes.
u64 IoApic::read(u64 offset, unsigned size) {
  u32 value = 0;
  switch (offset) {
    case kSelect: value = state_.select; break;
    case kData: value = read_register(state_.select); break;
    default: break;
  }
  return value & low_mask(8 * size);
}

void IoApic::write(u64 offset, unsigned size, u64 value) {
  if (offset == kSelect) state_.select = static_cast<u8>(value);
  if (offset == kData && size >= 4) write_register(state_.select, static_cast<u32>(value));
  if (offset == kEoi) end_of_interrupt(static_cast<u8>(value));
}

u32 IoApic::read_register(u8 index) const {
  switch (index) {
    case kId:
    case kArbitration: return static_cast<u32>(state_.id) << 24;
    case kVersion: return kVersionValue;
    default: break;
  }
  const unsigned pin = (index - kRedirection) / 2u;
  if (index < kRedirection || pin >= kPinCount) return 0;
  return static_cast<u32>(state_.entries[pin] >> ((index & 1) != 0 ? 32 : 0));
}

void IoApic::write_register(u8 index, u32 value) {
  if (index == kId) state_.id = static_cast<u8>(value >> 24 & 0x0F);
  const unsigned pin = (index - kRedirection) / 2u;
  if (index < kRedirection || pin >= kPinCount) return;
  u64& entry = state_.entries[pin];
  const bool high = (index & 1) != 0;
  const u64 mask = (high ? u64{0xFFFF'FFFF} << 32 : u64{0xFFFF'FFFF}) & kWritable;
  entry = (entry & ~mask) | ((high ? static_cast<u64>(value) << 32 : value) & mask);
  if (!level_triggered(entry))
    entry &= ~kRemoteIrr;  // 3.2.4, bit 14: "undefined for edge triggered": starts anew
  service_level(pin);
}

}  // namespace hvlab::devices
