// The local APIC as software sees it: the xAPIC page, the x2APIC MSRs and what writing them does.
#include "sim/apic/local_apic_registers.hpp"

#include "sim/apic/local_apic.hpp"
#include "sim/arch/msr.hpp"
#include "sim/base/bits.hpp"

namespace hvlab::apic {

using namespace arch::apic;

namespace {

constexpr u32 kVersionNumber = 0x14;
constexpr u32 kReadOnlyLvtBits = kLvtDeliveryStatus | kLvtRemoteIrr;

}  // namespace

// --- Access
// --------------------------------------------------------------------------------------------------------

u32 LocalApic::mmio_read(u32 offset) {
  if ((offset & 15) != 0) return 0;  // 11.4.1: only the first four bytes of each sixteen are defined
  const RegisterRule* rule = register_rule(offset, false);
  if (rule == nullptr) error(kErrorRegister);
  return rule != nullptr && rule->readable ? read_register(offset) : 0;
}

void LocalApic::mmio_write(u32 offset, u32 value) {
  if ((offset & 15) != 0) return;
  const RegisterRule* rule = register_rule(offset, false);
  if (rule == nullptr) return error(kErrorRegister);
  if (!rule->writable) return;
  if (offset == kCommandLow) return send_command(value, state_.command_high >> 24, false);
  write_register(offset, value);
}

bool LocalApic::msr_read(u32 msr, u64& value) {
  if (msr == arch::msr::kTscDeadline) {
    value = timer_.deadline();
    return true;
  }
  if (!enabled() || !x2apic()) return false;
  const u32 offset = (msr & 0xFF) << 4;
  const RegisterRule* rule = register_rule(offset, true);
  if (rule == nullptr || !rule->readable) return false;
  value = read_register(offset);
  if (offset == kCommandLow) value |= static_cast<u64>(state_.command_high) << 32;
  return true;
}

// 11.12.1.3: reserved bits, and bits 63..32 of all but the ICR, must be zero.
bool LocalApic::msr_write(u32 msr, u64 value) {
  if (msr == arch::msr::kTscDeadline) {
    timer_.set_deadline(value);
    return true;
  }
  if (!enabled() || !x2apic()) return false;
  const u32 offset = (msr & 0xFF) << 4;
  const RegisterRule* rule = register_rule(offset, true);
  if (rule == nullptr || !rule->writable) return false;
  if ((static_cast<u32>(value) & ~rule->allowed) != 0) return false;
  const u32 high = static_cast<u32>(value >> 32);
  if (offset == kCommandLow) {
    state_.command_high = high;
    send_command(static_cast<u32>(value), high, true);
    return true;
  }
  if (high != 0) return false;
  write_register(offset, static_cast<u32>(value));
  return true;
}

// 11.12.5, figure 11-27: which changes of the two mode bits are allowed.
bool LocalApic::set_base_msr(u64 value) {
  constexpr u64 kFlags = kBaseBootstrap | kBaseX2apic | kBaseEnable;
  const u64 address = low_mask(config_.physical_address_bits) & ~u64{0xFFF};
  if ((value & ~(kFlags | address)) != 0) return false;
  const bool enable = (value & kBaseEnable) != 0, extended = (value & kBaseX2apic) != 0;
  if (extended && !enable) return false;
  if (extended && !enabled()) return false;           // from disabled only to xAPIC
  if (x2apic() && enable && !extended) return false;  // from x2APIC only to disabled
  const bool disabling = enabled() && !enable;
  const bool extending = extended && !x2apic();
  state_.base = value;
  if (disabling) reset_registers();  // 11.4.3: enabled again, it is in its power-up state
  if (extending) state_.command_high = 0;
  update();
  return true;
}

// --- Registers
// -----------------------------------------------------------------------------------------------------

u32 LocalApic::read_register(u32 offset) const {
  const State& s = state_;
  const unsigned n = (offset & 0x70) >> 4;
  switch (offset & 0xF80) {
    case kInService: return s.in_service.word(n);
    case kTriggerMode: return s.trigger.word(n);
    case kInterruptRequest: return s.request.word(n);
    default: break;
  }
  if (offset >= kLvtTimer && offset <= kLvtError) return s.lvt[(offset - kLvtTimer) >> 4];
  switch (offset) {
    case kId: return x2apic() ? id() : id() << 24;
    case kVersion: return kVersionNumber | (kLvtCount - 1) << 16 | kVersionEoiSuppression;
    case kTaskPriority: return s.task_priority;
    case kArbitrationPriority:
    case kProcessorPriority: return processor_priority();
    case kLogicalDestination: return x2apic() ? logical_id() : s.logical_destination;
    case kDestinationFormat: return s.destination_format;
    case kSpurious: return s.spurious;
    case kErrorStatus: return s.error_status;
    case kCommandLow: return s.command_low;
    case kCommandHigh: return s.command_high;
    case kInitialCount: return timer_.initial_count();
    case kCurrentCount: return timer_.current_count();
    case kDivideConfiguration: return timer_.divide_configuration();
    default: return 0;
  }
}

void LocalApic::write_register(u32 offset, u32 value) {
  State& s = state_;
  if (offset >= kLvtTimer && offset <= kLvtError) {
    return write_lvt(static_cast<Lvt>((offset - kLvtTimer) >> 4), value);
  }
  switch (offset) {
    case kTaskPriority: s.task_priority = value & 0xFF; return update();
    case kEndOfInterrupt: return end_of_interrupt();
    case kLogicalDestination: s.logical_destination = value & 0xFF00'0000; return;
    case kDestinationFormat: s.destination_format = value | 0x0FFF'FFFF; return;
    case kSpurious: return write_spurious(value);
    case kErrorStatus:  // 11.5.3: shows what has come since the last write, and starts collecting anew
      s.error_status = s.errors;
      s.errors = 0;
      return;
    case kCommandHigh: s.command_high = value & 0xFF00'0000; return;
    case kInitialCount: return timer_.set_initial_count(value);
    case kDivideConfiguration: return timer_.set_divide_configuration(static_cast<u8>(value));
    case kSelfIpi: return self_ipi(static_cast<u8>(value));
    default: return;
  }
}

// 11.4.7.2: software-disabled, all LVT entries are masked and stay so.
void LocalApic::write_spurious(u32 value) {
  state_.spurious = value & register_rule(kSpurious, false)->allowed;
  if (!software_enabled()) {
    for (u32& entry : state_.lvt) entry |= kLvtMasked;
  }
  update_timer_lvt();
  update();
}

void LocalApic::write_lvt(Lvt entry, u32 value) {
  const u32 allowed = register_rule(kLvtTimer + 16u * entry, false)->allowed;
  u32& lvt = state_.lvt[entry];
  lvt = (value & allowed & ~kReadOnlyLvtBits) | (lvt & kLvtRemoteIrr);
  if (!software_enabled()) lvt |= kLvtMasked;
  if (entry == kTimer) update_timer_lvt();
  if (entry == kLint0 || entry == kLint1) {
    if ((lvt & kLvtLevel) == 0) lvt &= ~kLvtRemoteIrr;
    service_lint_level(entry - kLint0);
  }
  update();
}

void LocalApic::update_timer_lvt() {
  const u32 lvt = state_.lvt[kTimer];
  timer_.set_mode(static_cast<ApicTimer::Mode>((lvt & kLvtTimerMode) >> 17));
  timer_.set_interrupting((lvt & kLvtMasked) == 0);
}

// --- Inter-processor interrupts (11.6)
// -----------------------------------------------------------------------------

void LocalApic::send_command(u32 low, u32 destination, bool wide) {
  low &= 0xC'CFFF;  // delivery status reads as idle
  state_.command_low = low;
  probe_.report(observe::EventKind::Ipi, low, destination);
  Message message;
  message.destination = destination;
  message.wide = wide;
  message.logical = (low & kCommandLogical) != 0;
  message.mode = static_cast<DeliveryMode>(bits(low, 10, 8));
  message.vector = static_cast<u8>(low);
  const auto shorthand = static_cast<Shorthand>(bits(low, 19, 18));
  const bool fixed = message.mode == DeliveryMode::Fixed || message.mode == DeliveryMode::LowestPriority;
  message.lowest_priority = message.mode == DeliveryMode::LowestPriority && shorthand == Shorthand::None;
  if (fixed && message.vector < 16) return error(kErrorSendVector);
  if (message.mode == DeliveryMode::ExtInt || static_cast<u8>(message.mode) == 3) return;  // reserved here
  // The INIT level de-assert is "not supported in the Pentium 4 and Xeon processors": it does nothing.
  if (message.mode == DeliveryMode::Init && (low & (kCommandLevel | kCommandAssert)) == kCommandLevel) return;
  switch (shorthand) {
    case Shorthand::None: return bus_.deliver(message);
    case Shorthand::Self:  // table 11-3 has fixed interrupts alone, and does not say what others do
      if (message.mode != DeliveryMode::StartUp) accept(message);
      return;
    case Shorthand::AllIncludingSelf:
      if (fixed) bus_.broadcast(message, *this, true);
      return;
    case Shorthand::AllExcludingSelf: return bus_.broadcast(message, *this, false);
  }
}

void LocalApic::self_ipi(u8 vector) {
  if (vector < 16) return error(kErrorSendVector);
  probe_.report(observe::EventKind::Ipi, vector | u32{1} << kCommandShorthandShift, id());
  Message message;
  message.vector = vector;
  accept(message);
}

}  // namespace hvlab::apic
