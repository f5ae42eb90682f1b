#include "hv-models/hypervisor/local_apic.hpp"

#include "sim/arch/apic.hpp"

namespace hvlab::hypervisor {
namespace {

using namespace arch::apic;

constexpr u32 kVersionValue = 0x14 | 5u << 16;  // integrated, six entries in the table
constexpr u32 kLocalBits =
    kLvtVector | 7u << kLvtModeShift | kLvtActiveLow | kLvtLevel | kLvtMasked | kLvtTimerMode;

}  // namespace

void LocalApic::put(Set& set, u8 vector, bool on) {
  const u32 mask = 1u << vector % 32;
  set[vector / 32] = on ? set[vector / 32] | mask : set[vector / 32] & ~mask;
}

int LocalApic::highest(const Set& set) {
  for (int i = 7; i >= 0; --i) {
    if (set[i] != 0) return i * 32 + 31 - __builtin_clz(set[i]);
  }
  return kNone;
}

void LocalApic::reset(u32 id) {
  *this = {};
  id_ = id;
  format_ = 0xffff'ffff;
  spurious_ = 0xff;
  for (u32& entry : local_) entry = kLvtMasked;
}

// 11.8.3.1
u32 LocalApic::processor_priority() const {
  const int serving = highest(in_service_);
  const u32 served = serving == kNone ? 0 : static_cast<u32>(serving) & 0xf0;
  return (task_priority_ & 0xf0) >= served ? task_priority_ : served;
}

void LocalApic::accept(u8 vector, bool level) {
  if ((spurious_ & kSpuriousEnable) == 0 || vector < 16) return;
  put(requested_, vector, true);
  put(level_, vector, level);
}

int LocalApic::pending() const {
  const int vector = highest(requested_);
  return vector != kNone && (static_cast<u32>(vector) & 0xf0) > (processor_priority() & 0xf0) ? vector
                                                                                              : kNone;
}

void LocalApic::take(u8 vector) {
  put(requested_, vector, false);
  put(in_service_, vector, true);
}

LocalApic::Effect LocalApic::end_of_interrupt() {
  const int vector = highest(in_service_);
  if (vector == kNone) return {};
  put(in_service_, static_cast<u8>(vector), false);
  if (!has(level_, static_cast<u8>(vector))) return {};
  return {Effect::Kind::EndOfInterrupt, 0, 0, static_cast<u8>(vector)};
}

// 11.6.2: a physical destination, or a logical one in the flat model.
bool LocalApic::has_message_to(u32 destination, bool logical) const {
  if (!logical) return destination == id_ || destination == 0xff;
  return (destination & logical_ >> 24) != 0;
}

// ---- The timer (11.5.4)

void LocalApic::start_timer(u64 now) { deadline_ = initial_count_ == 0 ? kNever : now + period(); }

u32 LocalApic::current_count(u64 now) const {
  if (deadline_ == kNever || now >= deadline_) return 0;
  return static_cast<u32>((deadline_ - now) >> divide_shift_);
}

void LocalApic::expire(u64 now) {
  if (now < deadline_) return;
  const u32 entry = local_[0];
  if ((entry & kLvtMasked) == 0) accept(static_cast<u8>(entry), false);
  if ((entry & kLvtTimerMode) != kLvtTimerPeriodic) {
    deadline_ = kNever;
    return;
  }
  deadline_ += period();
  if (deadline_ <= now) deadline_ = now + period();  // nobody looked for a while: what was missed is lost
}

// ---- Registers

u32 LocalApic::read(u32 offset, u64 now) const {
  const unsigned word = offset >> 4 & 7;
  switch (offset & 0xff0) {
    case kId: return id_ << 24;
    case kVersion: return kVersionValue;
    case kTaskPriority: return task_priority_;
    case kProcessorPriority: return processor_priority();
    case kLogicalDestination: return logical_;
    case kDestinationFormat: return format_;
    case kSpurious: return spurious_;
    case kCommandLow: return command_low_;
    case kCommandHigh: return command_high_;
    case kInitialCount: return initial_count_;
    case kCurrentCount: return current_count(now);
    case kDivideConfiguration: return divide_;
    default: break;
  }
  if (offset >= kLvtTimer && offset <= kLvtError) return local_[(offset - kLvtTimer) >> 4];
  if (offset >= kInService && offset < kTriggerMode) return in_service_[word];
  if (offset >= kTriggerMode && offset < kInterruptRequest) return level_[word];
  if (offset >= kInterruptRequest && offset < kErrorStatus) return requested_[word];
  return 0;
}

LocalApic::Effect LocalApic::write(u32 offset, u32 value, u64 now) {
  switch (offset & 0xff0) {
    case kId: id_ = value >> 24; break;
    case kTaskPriority: task_priority_ = value & 0xff; break;
    case kEndOfInterrupt: return end_of_interrupt();
    case kLogicalDestination: logical_ = value & 0xff00'0000; break;
    case kDestinationFormat: format_ = value | 0x0fff'ffff; break;
    case kSpurious: spurious_ = value & (kSpuriousEnable | 0xff); break;
    case kCommandHigh: command_high_ = value & 0xff00'0000; break;
    case kCommandLow:
      command_low_ = value & ~kLvtDeliveryStatus;
      return {Effect::Kind::Message, value, command_high_, 0};
    case kInitialCount:
      initial_count_ = value;
      start_timer(now);
      break;
    case kDivideConfiguration:
      divide_ = value & 0b1011;
      divide_shift_ = (((divide_ & 3) | (divide_ >> 1 & 4)) + 1) & 7;  // 000b: by 2, ..., 111b: by 1
      break;
    default:
      if (offset >= kLvtTimer && offset <= kLvtError) local_[(offset - kLvtTimer) >> 4] = value & kLocalBits;
  }
  return {};
}

}  // namespace hvlab::hypervisor
