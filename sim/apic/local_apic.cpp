// The local APIC between its wires and its processor: accepting, prioritizing and ending interrupts.
#include "sim/apic/local_apic.hpp"

#include <string>

#include "sim/base/bits.hpp"

namespace hvlab::apic {

using namespace arch::apic;

LocalApic::LocalApic(const Config& config, Clock& clock, ProcessorPins& pins, ApicBus& bus,
                     const TimeStampCounter& tsc, observe::DeviceProbe probe)
    : config_(config),
      pins_(pins),
      bus_(bus),
      probe_(probe),
      timer_(clock, "apic" + std::to_string(config.id) + ".timer", config.timer_hertz, config.tsc_hertz, tsc,
             [this] { deliver_local(kTimer); }),
      lint_pins_{LintPin(*this, 0), LintPin(*this, 1)} {
  bus.attach(*this);
  state_.base = kDefaultBase | kBaseEnable | (config.bootstrap ? kBaseBootstrap : 0);
  state_.lvt.fill(kLvtMasked);
}

// --- Reset
// ---------------------------------------------------------------------------------------------------------

void LocalApic::reset() {
  state_.base = kDefaultBase | kBaseEnable | (config_.bootstrap ? kBaseBootstrap : 0);
  reset_registers();
}

// 11.4.7.3: as after power-up, but IA32_APIC_BASE and with it the mode stay.
void LocalApic::reset_by_init() { reset_registers(); }

void LocalApic::reset_registers() {
  State fresh;
  fresh.base = state_.base;
  fresh.lint = state_.lint;
  fresh.asserted = state_.asserted;
  fresh.lvt.fill(kLvtMasked);
  state_ = fresh;
  timer_.reset();
  update();
}

void LocalApic::enter_virtual_wire_mode() {
  constexpr u32 kExtInt = static_cast<u32>(DeliveryMode::ExtInt) << kLvtModeShift;
  constexpr u32 kNmi = static_cast<u32>(DeliveryMode::Nmi) << kLvtModeShift;
  write_spurious(kSpuriousEnable | 0xFF);
  write_lvt(kLint0, kExtInt);
  write_lvt(kLint1, kNmi);
}

// --- Destinations (11.6.2)
// -----------------------------------------------------------------------------------------

// 11.12.10.2: cluster number and a bit within it, both from the ID.
u32 LocalApic::logical_id() const { return (id() >> 4) << 16 | 1u << (id() & 15); }

bool LocalApic::matches_logical(const Message& message) const {
  const u32 destination = message.destination;
  if (x2apic()) {
    const u32 own = logical_id();
    return destination >> 16 == own >> 16 && (destination & own & 0xFFFF) != 0;
  }
  if (destination > 0xFF) return false;
  const u32 own = state_.logical_destination >> 24;
  if (state_.destination_format >> 28 == 0xF) return (destination & own) != 0;  // flat model
  return (destination >> 4 == 0xF || destination >> 4 == own >> 4) && (destination & own & 15) != 0;
}

bool LocalApic::addressed_by(const Message& message) const {
  if (!enabled()) return false;
  const u32 everyone = message.wide ? ~u32{0} : 0xFF;
  const bool by_bits =
      message.logical && !message.wide && !x2apic();  // FFh is then every bit of the model in use
  if (message.destination == everyone && !by_bits) return true;
  return message.logical ? matches_logical(message) : message.destination == id();
}

// --- Acceptance
// ----------------------------------------------------------------------------------------------------

// A software-disabled APIC still takes INIT, NMI, SMI and start-up messages (11.4.7.2).
void LocalApic::accept(const Message& message) {
  switch (message.mode) {
    case DeliveryMode::Fixed:
    case DeliveryMode::LowestPriority:
      if (software_enabled()) accept_fixed(message.vector, message.level);
      return;
    case DeliveryMode::Nmi: return pins_.nmi();
    case DeliveryMode::Init: return pins_.init();
    case DeliveryMode::StartUp: return pins_.sipi(message.vector);
    case DeliveryMode::ExtInt:
      if (!software_enabled()) return;
      state_.ext_int = true;
      return update();
    case DeliveryMode::Smi: return pins_.smi();
  }
}

void LocalApic::accept_fixed(u8 vector, bool level) {
  if (vector < 16) return error(kErrorReceiveVector);
  state_.request.set(vector);
  state_.trigger.assign(vector, level);
  update();
}

// The error interrupt comes with the first error of a kind after the ESR was last written.
void LocalApic::error(u32 which) {
  if ((state_.errors & which) != 0) return;
  state_.errors |= which;
  deliver_local(kError);
}

void LocalApic::deliver_local(Lvt entry) {
  const u32 lvt = state_.lvt[entry];
  if ((lvt & kLvtMasked) != 0) return;
  const bool has_mode = entry != kTimer && entry != kError;
  const auto mode = has_mode ? static_cast<DeliveryMode>(bits(lvt, 10, 8)) : DeliveryMode::Fixed;
  switch (mode) {
    case DeliveryMode::Fixed: return accept_fixed(static_cast<u8>(lvt), false);
    case DeliveryMode::Nmi: return pins_.nmi();
    case DeliveryMode::Init: return pins_.init();
    case DeliveryMode::Smi: return pins_.smi();
    default: return;  // ExtINT is a level, see ext_int_waits(); others are reserved
  }
}

void LocalApic::performance_overflow() { deliver_local(kPerformance); }

void LocalApic::performance_interrupt() {
  deliver_local(kPerformance);
  state_.lvt[kPerformance] |= kLvtMasked;
}

// --- LINT0 and LINT1
// -----------------------------------------------------------------------------------------------

void LocalApic::drive_lint(unsigned n, bool level) {
  if (state_.lint[n] == level) return;
  state_.lint[n] = level;
  const Lvt entry = n == 0 ? kLint0 : kLint1;
  if (!enabled()) {
    if (n == 1 && level) pins_.nmi();
  } else if ((state_.lvt[entry] & kLvtLevel) != 0 && bits(state_.lvt[entry], 10, 8) == 0) {
    service_lint_level(n);
  } else if (level) {
    deliver_local(entry);
  }
  update();
}

// A fixed level interrupt asks again only after its end (remote IRR), as at an I/O APIC pin.
void LocalApic::service_lint_level(unsigned n) {
  u32& lvt = state_.lvt[n == 0 ? kLint0 : kLint1];
  const bool level_mode = (lvt & kLvtLevel) != 0 && bits(lvt, 10, 8) == 0;
  if (!enabled() || !level_mode || !state_.lint[n] || (lvt & (kLvtMasked | kLvtRemoteIrr)) != 0) return;
  lvt |= kLvtRemoteIrr;
  accept_fixed(static_cast<u8>(lvt), true);
}

bool LocalApic::ext_int_waits() const {
  if (!enabled()) return state_.lint[0];  // the pin is the processor's INTR
  if (state_.ext_int) return true;
  constexpr auto kExtInt = static_cast<u64>(DeliveryMode::ExtInt);
  for (unsigned n = 0; n < 2; ++n) {
    const u32 lvt = state_.lvt[n == 0 ? kLint0 : kLint1];
    if (state_.lint[n] && (lvt & kLvtMasked) == 0 && bits(lvt, 10, 8) == kExtInt) return true;
  }
  return false;
}

// --- Priorities (11.8.3)
// -------------------------------------------------------------------------------------------

u8 LocalApic::processor_priority() const {
  const int serving = state_.in_service.highest();
  const u32 service_class = serving < 0 ? 0 : static_cast<u32>(serving) & 0xF0;
  const u32 task = state_.task_priority;
  return static_cast<u8>((task & 0xF0) >= service_class ? task : service_class);
}

/// The vector that INTA would deliver, or -1.
int LocalApic::deliverable() const {
  const int vector = state_.request.highest();
  return enabled() && vector >= 0 && (vector >> 4) > (processor_priority() >> 4) ? vector : -1;
}

void LocalApic::update() {
  const bool asserted = ext_int_waits() || deliverable() >= 0;
  if (asserted == state_.asserted) return;
  state_.asserted = asserted;
  pins_.set_interrupt(asserted);
}

void LocalApic::set_task_priority(u64 cr8) {
  state_.task_priority = static_cast<u32>(cr8 & 15) << 4;
  update();
}

u8 LocalApic::acknowledge() {
  if (ext_int_waits()) {
    state_.ext_int = false;
    const u8 vector = pic_ != nullptr ? pic_->acknowledge() : static_cast<u8>(state_.spurious);
    update();
    return vector;
  }
  const int vector = deliverable();
  if (vector < 0) return static_cast<u8>(state_.spurious);  // 11.9: the request has gone
  state_.request.clear(static_cast<u8>(vector));
  state_.in_service.set(static_cast<u8>(vector));
  update();
  return static_cast<u8>(vector);
}

// 11.8.5: ends the highest interrupt in service; a level-triggered one is told to whoever sent it.
void LocalApic::end_of_interrupt() {
  State& s = state_;
  const int highest = s.in_service.highest();
  if (highest < 0) return;
  const u8 vector = static_cast<u8>(highest);
  s.in_service.clear(vector);
  if (s.trigger.test(vector)) {
    bool local = false;
    for (unsigned n = 0; n < 2; ++n) {
      u32& lvt = s.lvt[n == 0 ? kLint0 : kLint1];
      if ((lvt & kLvtRemoteIrr) == 0 || static_cast<u8>(lvt) != vector) continue;
      lvt &= ~kLvtRemoteIrr;
      local = true;
      service_lint_level(n);
    }
    if (!local && (s.spurious & kSpuriousSuppressEoi) == 0) bus_.end_of_interrupt(vector);
  }
  update();
}

}  // namespace hvlab::apic
