#include "hv-models/hypervisor/local_apic.hpp"

#include "sim/arch/msr.hpp"
#include "sim/base/bits.hpp"

namespace hvlab::hypervisor {

using namespace arch::apic;

namespace {

void set(u32 (&map)[8], u8 vector) { map[vector / 32] |= 1u << vector % 32; }
void clear(u32 (&map)[8], u8 vector) { map[vector / 32] &= ~(1u << vector % 32); }
bool test(const u32 (&map)[8], u8 vector) { return (map[vector / 32] >> vector % 32 & 1) != 0; }

int highest(const u32 (&map)[8]) {
  for (int word = 7; word >= 0; --word) {
    if (map[word] != 0) return word * 32 + 31 - __builtin_clz(map[word]);
  }
  return LocalApic::kNone;
}

constexpr u32 kVersionValue = 5u << 16 | 0x14;  // six LVT entries
constexpr u32 kBroadcast = 0xff;

}  // namespace

void LocalApic::reset(u32 id) {
  *this = LocalApic{};
  id_ = id;
  base_ = kDefaultBase | kBaseEnable | (id == 0 ? kBaseBootstrap : 0);
}

bool LocalApic::is_x2apic() const { return (base_ & kBaseX2apic) != 0; }
bool LocalApic::is_enabled() const {
  return (base_ & kBaseEnable) != 0 && (spurious_ & kSpuriousEnable) != 0;
}

// 11.12.5: x2APIC mode is left only by switching the APIC off.
bool LocalApic::set_base(u64 value) {
  constexpr u64 kMode = kBaseEnable | kBaseX2apic;
  const u64 from = base_ & kMode, to = value & kMode;
  if ((value & ~(kMode | kBaseBootstrap)) != kDefaultBase || to == kBaseX2apic) return false;
  if (from == kMode && to == kBaseEnable) return false;
  if (from == 0 && to == kMode) return false;
  if (to == kMode && from != kMode) logical_ = (id_ >> 4) << 16 | 1u << (id_ & 15);
  base_ = (value & kMode) | kDefaultBase | (base_ & kBaseBootstrap);
  return true;
}

u8 LocalApic::processor_priority() const {
  const int serving = highest(service_);
  const u32 in_service = serving < 0 ? 0 : static_cast<u32>(serving) & 0xf0;
  return static_cast<u8>((task_priority_ & 0xf0) >= in_service ? task_priority_ : in_service);
}

int LocalApic::pending() const {
  if (!is_enabled()) return kNone;
  const int vector = highest(request_);
  return vector >= 0 && (vector & 0xf0) > (processor_priority() & 0xf0) ? vector : kNone;
}

int LocalApic::held_back() const {
  const int vector = is_enabled() ? highest(request_) : kNone, serving = highest(service_);
  if (vector < 0 || pending() >= 0) return kNone;
  return serving < 0 || (vector & 0xf0) > (serving & 0xf0) ? vector : kNone;
}

void LocalApic::accept(u8 vector, bool level) {
  if (!is_enabled() || vector < 16) return;
  set(request_, vector);
  if (level) {
    set(level_, vector);
  } else {
    clear(level_, vector);
  }
}

void LocalApic::take(u8 vector) {
  clear(request_, vector);
  set(service_, vector);
}

void LocalApic::take_back(u8 vector) {
  clear(service_, vector);
  set(request_, vector);
}

void LocalApic::end_of_interrupt(int& ended) {
  const int vector = highest(service_);
  if (vector < 0) return;
  clear(service_, static_cast<u8>(vector));
  if (test(level_, static_cast<u8>(vector))) ended = vector;
}

// 11.5.4: divide by 2, 4, ... 128, 1.
u64 LocalApic::period() const {
  const u32 code = (divide_ & 3) | (divide_ >> 1 & 4);
  return u64{initial_} << (code == 7 ? 0 : code + 1);
}

void LocalApic::start_timer(u64 now) {
  started_ = now;
  deadline_ = initial_ == 0 ? kNever : now + period();
}

// While its interrupt is pending, another changes nothing. A guest whose timer is due again at once would be
// left before its next instruction for ever.
u64 LocalApic::deadline() const {
  return test(request_, static_cast<u8>(timer_)) && (timer_ & kLvtMasked) == 0 ? kNever : deadline_;
}

void LocalApic::advance(u64 now) {
  if (deadline_ > now) return;
  const bool periodic = (timer_ & kLvtTimerMode) == kLvtTimerPeriodic;
  if ((timer_ & kLvtMasked) == 0) accept(static_cast<u8>(timer_), false);
  if (!periodic) {
    deadline_ = kNever;
    return;
  }
  // Periods that passed unseen are one interrupt: there is one bit for them.
  const u64 passed = (now - started_) / period();
  started_ += passed * period();
  deadline_ = started_ + period();
}

u32 LocalApic::current_count(u64 now) const {
  if (deadline_ == kNever || now >= deadline_) return 0;
  const u64 each = period() / initial_;
  return static_cast<u32>((deadline_ - now) / each);
}

u32* LocalApic::lvt(u32 offset) {
  switch (offset) {
    case kLvtTimer: return &timer_;
    case kLvtThermal: return &thermal_;
    case kLvtPerformance: return &performance_;
    case kLvtLint0: return &lint0_;
    case kLvtLint1: return &lint1_;
    case kLvtError: return &error_entry_;
    default: return nullptr;
  }
}

u32 LocalApic::read(u32 offset, u64 now) const {
  const u32 word = (offset & 0x70) / 16;
  if (const u32* entry = const_cast<LocalApic*>(this)->lvt(offset); entry != nullptr) return *entry;
  switch (offset & ~u32{0x70}) {
    case kInService: return service_[word];
    case kTriggerMode: return level_[word];
    case kInterruptRequest: return request_[word];
    default: break;
  }
  switch (offset) {
    case kId: return is_x2apic() ? id_ : id_ << 24;
    case kVersion: return kVersionValue;
    case kTaskPriority: return task_priority_;
    case kProcessorPriority: return processor_priority();
    case kLogicalDestination: return logical_;
    case kDestinationFormat: return format_;
    case kSpurious: return spurious_;
    case kErrorStatus: return error_;
    case kCommandLow: return command_low_;
    case kCommandHigh: return command_high_;
    case kInitialCount: return initial_;
    case kCurrentCount: return current_count(now);
    case kDivideConfiguration: return divide_;
    default: return 0;
  }
}

void LocalApic::send(u32 low, u32 high, ApicMessage& message) const {
  message.valid = true;
  message.mode = static_cast<DeliveryMode>(low >> kLvtModeShift & 7);
  message.vector = static_cast<u8>(low);
  message.assert = (low & kCommandAssert) != 0;
  message.level = (low & kCommandLevel) != 0;
  message.shorthand = static_cast<Shorthand>(low >> kCommandShorthandShift & 3);
  message.logical = (low & kCommandLogical) != 0;
  message.destination = is_x2apic() ? high : high >> 24;
}

void LocalApic::write(u32 offset, u32 value, u64 now, ApicMessage& message, int& ended) {
  constexpr u32 kReadOnlyBits = kLvtDeliveryStatus | kLvtRemoteIrr;
  if (u32* entry = lvt(offset); entry != nullptr) {
    *entry = value & ~kReadOnlyBits;
    if ((spurious_ & kSpuriousEnable) == 0) *entry |= kLvtMasked;  // 11.4.7.2
    return;
  }
  switch (offset) {
    case kTaskPriority: task_priority_ = value & 0xff; return;
    case kEndOfInterrupt: return end_of_interrupt(ended);
    case kLogicalDestination: logical_ = value & 0xff00'0000; return;
    case kDestinationFormat: format_ = value | 0x0fff'ffff; return;
    case kSpurious: spurious_ = value & 0x1ff; return;
    case kErrorStatus: error_ = 0; return;
    case kCommandHigh: command_high_ = value; return;
    case kCommandLow:
      command_low_ = value & ~kLvtDeliveryStatus;
      return send(command_low_, command_high_, message);
    case kInitialCount: initial_ = value; return start_timer(now);
    case kDivideConfiguration: divide_ = value & 0xb; return;
    default: return;
  }
}

bool LocalApic::read_msr(u32 msr, u64 now, u64& value) const {
  if (!is_x2apic()) return false;
  const u32 offset = (msr - arch::msr::kX2apicFirst) * 16;
  if (offset == kEndOfInterrupt || offset == kSelfIpi || offset == kDestinationFormat ||
      offset == kCommandHigh)
    return false;
  value = read(offset, now);
  if (offset == kCommandLow) value |= u64{command_high_} << 32;
  return true;
}

bool LocalApic::write_msr(u32 msr, u64 value, u64 now, ApicMessage& message, int& ended) {
  if (!is_x2apic()) return false;
  const u32 offset = (msr - arch::msr::kX2apicFirst) * 16;
  if (offset == kCommandLow) {
    command_high_ = static_cast<u32>(value >> 32);
    command_low_ = static_cast<u32>(value);
    send(command_low_, command_high_, message);
    return true;
  }
  if (offset == kSelfIpi) {
    message = {true, DeliveryMode::Fixed, static_cast<u8>(value), true, false, Shorthand::Self, false, 0};
    return true;
  }
  if (value >> 32 != 0 || offset == kId || offset == kVersion || offset == kLogicalDestination ||
      offset == kDestinationFormat || offset == kCommandHigh)
    return false;
  write(offset, static_cast<u32>(value), now, message, ended);
  return true;
}

// 11.6.2. x2APIC's logical ids are clusters of 16; xAPIC's are flat, a bit each, or clusters of 4.
bool LocalApic::matches(u32 destination, bool logical) const {
  if (is_x2apic()) {
    if (destination == ~u32{0}) return true;
    if (!logical) return destination == id_;
    return destination >> 16 == logical_ >> 16 && (destination & logical_ & 0xffff) != 0;
  }
  if (!logical) return destination == kBroadcast || destination == id_;
  const u32 own = logical_ >> 24;
  if (format_ >> 28 == 0xf) return (destination & own) != 0;
  return destination >> 4 == own >> 4 && (destination & own & 0xf) != 0;
}

}  // namespace hvlab::hypervisor
