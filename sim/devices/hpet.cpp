#include "sim/devices/hpet.hpp"

#include <string>

namespace hvlab::devices {

using namespace hpet;

namespace {

constexpr u64 kFsPerPs = 1000;

// A timer compares all 64 bits of the main counter, or the low 32 in 32-bit mode.
u64 width_mask(const Hpet::Timer& timer) {
  return (timer.configuration & k32BitMode) != 0 ? low_mask(32) : ~u64{0};
}

}  // namespace

Hpet::Hpet(Clock& clock, const Outputs& outputs, observe::DeviceProbe probe)
    : clock_(clock),
      outputs_(outputs),
      probe_(probe),
      registers_(*this, &Hpet::read, &Hpet::write),
      legacy_pins_{InputPin<Hpet>(*this, 0, &Hpet::drive_legacy_input),
                   InputPin<Hpet>(*this, 1, &Hpet::drive_legacy_input)} {
  for (unsigned n = 0; n < kTimerCount; ++n) {
    events_[n] = clock.add_event("hpet.timer" + std::to_string(n), [this, n] { fired(n); });
  }
}

void Hpet::reset() {
  for (unsigned n = 0; n < kTimerCount; ++n) release(n);
  const std::array<bool, 2> inputs = state_.legacy_inputs;
  state_ = State{};
  state_.legacy_inputs = inputs;
  arm_all();
  outputs_.irq0.set(inputs[0]);
  outputs_.irq8.set(inputs[1]);
}

// --- Main counter
// --------------------------------------------------------------------------------------------------

u64 Hpet::counter() const {
  if (!enabled()) return state_.counter_base;
  return state_.counter_base + scale(clock_.now() - state_.base_time, kFsPerPs, kPeriodFs);
}

// When the main counter reaches `counter`, which is not before counter_base; kNever if no run lasts that
// long.
Picoseconds Hpet::time_of(u64 counter) const {
  using Wide = unsigned __int128;
  const Wide span = static_cast<Wide>(counter - state_.counter_base) * kPeriodFs;
  const Wide time = (span + kFsPerPs - 1) / kFsPerPs + state_.base_time;
  return time >= kNever ? kNever : static_cast<Picoseconds>(time);
}

// --- Timers
// --------------------------------------------------------------------------------------------------------

// Looks for the next match after a change of comparator, counter or mode.
void Hpet::schedule(unsigned n) {
  Timer& timer = state_.timers[n];
  const u64 now = counter();
  timer.match = now + ((timer.comparator - now) & width_mask(timer));
  timer.waiting = true;
  arm(n);
}

void Hpet::arm(unsigned n) {
  const Timer& timer = state_.timers[n];
  const bool active = enabled() && timer.waiting && (timer.configuration & kInterruptEnable) != 0;
  const Picoseconds deadline = active ? time_of(timer.match) : kNever;
  deadline == kNever ? clock_.disarm(events_[n]) : clock_.arm(events_[n], deadline);
}

void Hpet::arm_all() {
  for (unsigned n = 0; n < kTimerCount; ++n) arm(n);
}

void Hpet::fired(unsigned n) {
  Timer& timer = state_.timers[n];
  const u64 now = counter();
  if (!enabled() || !timer.waiting || now < timer.match) return;
  const u64 mask = width_mask(timer);
  const u64 period = timer.period & mask;
  if ((timer.configuration & kPeriodic) != 0 && period != 0) {
    const u64 steps =
        (now - timer.match) / period + 1;  // more than one only where a period is less than a cycle
    timer.match += steps * period;
    timer.comparator = (timer.comparator + steps * period) & mask;
  } else if (mask == ~u64{0}) {
    timer.waiting = false;  // 2^64 counts away
  } else {
    timer.match += mask + 1;  // 2.3.9.2.1: a 32-bit one-shot timer fires again on each wrap
  }
  arm(n);
  request(n);
}

// --- Interrupts
// ----------------------------------------------------------------------------------------------------

InterruptLine* Hpet::route(unsigned n) const {
  if (legacy(n)) return n == 0 ? &outputs_.irq0 : &outputs_.irq8;
  const u64 pin = (state_.timers[n].configuration & kRouteMask) >> kRouteShift;
  return pin >= kFirstPin && pin < kFirstPin + kPinCount ? outputs_.pins[pin - kFirstPin] : nullptr;
}

void Hpet::request(unsigned n) {
  const Timer& timer = state_.timers[n];
  if ((timer.configuration & kLevelTriggered) != 0) {
    state_.interrupt_status |= bit(n);
    return update_level(n);
  }
  if ((timer.configuration & kInterruptEnable) == 0) return;
  if ((timer.configuration & kFsbEnable) != 0 && !legacy(n)) {
    const u64 address = timer.fsb >> 32;
    probe_.report(observe::EventKind::MessageInterrupt, address, static_cast<u32>(timer.fsb));
    outputs_.messages.send(address, static_cast<u32>(timer.fsb));
  } else if (InterruptLine* line = route(n)) {
    probe_.report(observe::EventKind::LineInterrupt, n, 1);
    line->set(false);
    line->set(true);  // an edge; the line stays up until the next, so that an 8259A finds it at INTA
  }
}

void Hpet::update_level(unsigned n) {
  const u64 configuration = state_.timers[n].configuration;
  if ((configuration & kLevelTriggered) == 0) return;
  if (InterruptLine* line = route(n)) {
    line->set(test_bit(state_.interrupt_status, n) && (configuration & kInterruptEnable) != 0);
  }
}

// Takes the timer's hand off its line, before its route or mode changes.
void Hpet::release(unsigned n) {
  if ((state_.timers[n].configuration & kInterruptEnable) == 0) return;
  if (InterruptLine* line = route(n)) line->set(false);
}

void Hpet::drive_legacy_input(unsigned n, bool level) {
  state_.legacy_inputs[n] = level;
  if (!legacy(n)) (n == 0 ? outputs_.irq0 : outputs_.irq8).set(level);
}

// --- Registers
// -----------------------------------------------------------------------------------------------------

u64 Hpet::read(u64 offset, unsigned size) {
  const u64 value = read_register(static_cast<u32>(offset & 0x3F8));
  return bits(value, 63, static_cast<unsigned>(8 * (offset & 7))) & low_mask(8 * size);
}

void Hpet::write(u64 offset, unsigned size, u64 value) {
  if (size < 4 || (offset & (size - 1)) != 0) return;  // only aligned accesses of 32 or 64 bits are defined
  const unsigned shift = static_cast<unsigned>(8 * (offset & 7));
  const u64 mask = low_mask(8 * size) << shift;
  write_register(static_cast<u32>(offset & 0x3F8), value << shift, mask);
}

u64 Hpet::read_register(u32 offset) const {
  switch (offset) {
    case kCapabilities: return kCapabilitiesValue;
    case kConfiguration: return state_.configuration;
    case kInterruptStatus: return state_.interrupt_status;
    case kMainCounter: return counter();
    default: break;
  }
  const u32 n = (offset - kTimers) / kTimerStride;
  if (offset < kTimers || n >= kTimerCount) return 0;
  const Timer& timer = state_.timers[n];
  switch (offset % kTimerStride) {
    case kTimerConfiguration: return timer.configuration | kTimerCapabilities;
    case kComparator: return timer.comparator & width_mask(timer);
    case kFsbRoute: return timer.fsb;
    default: return 0;
  }
}

void Hpet::write_register(u32 offset, u64 value, u64 mask) {
  switch (offset) {
    case kConfiguration: return write_configuration((state_.configuration & ~mask) | (value & mask));
    case kInterruptStatus:
      state_.interrupt_status &= ~(value & mask);
      for (unsigned n = 0; n < kTimerCount; ++n) update_level(n);
      return;
    case kMainCounter:
      state_.counter_base = (counter() & ~mask) | (value & mask);
      state_.base_time = clock_.now();
      for (unsigned n = 0; n < kTimerCount; ++n) schedule(n);
      return;
    default: break;
  }
  const u32 n = (offset - kTimers) / kTimerStride;
  if (offset >= kTimers && n < kTimerCount) write_timer(n, offset % kTimerStride, value, mask);
}

void Hpet::write_configuration(u64 value) {
  const u64 old = state_.configuration;
  value &= kEnable | kLegacyReplacement;
  if (((old ^ value) & kLegacyReplacement) != 0) {
    release(0);
    release(1);
  }
  const u64 count = counter();
  state_.configuration = value;
  state_.counter_base = count;
  state_.base_time = clock_.now();
  if (((old ^ value) & kLegacyReplacement) != 0) {
    for (unsigned n = 0; n < 2; ++n) {
      if (!legacy(n))
        drive_legacy_input(n, state_.legacy_inputs[n]);
      else
        (n == 0 ? outputs_.irq0 : outputs_.irq8).set(false);
      update_level(n);
    }
  }
  arm_all();
}

void Hpet::write_timer(unsigned n, u32 offset, u64 value, u64 mask) {
  Timer& timer = state_.timers[n];
  switch (offset) {
    case kTimerConfiguration: {
      release(n);
      timer.configuration = ((timer.configuration & ~mask) | (value & mask)) & kTimerWritable;
      timer.high_half_sets = false;
      if ((timer.configuration & kLevelTriggered) == 0) state_.interrupt_status &= ~bit(n);
      update_level(n);
      return schedule(n);
    }
    case kComparator: write_comparator(timer, value, mask); return schedule(n);
    case kFsbRoute: timer.fsb = (timer.fsb & ~mask) | (value & mask); return;
    default: return;
  }
}

// 2.3.9.2.2: in periodic mode a write sets the period, and the comparator as well if VAL_SET was set for it.
void Hpet::write_comparator(Timer& timer, u64 value, u64 mask) {
  const bool low_half = (mask & 1) != 0;
  const bool periodic = (timer.configuration & kPeriodic) != 0;
  bool sets = !periodic || (timer.configuration & kSetValue) != 0;
  if (!low_half && timer.high_half_sets) sets = true;
  timer.high_half_sets = low_half && mask != ~u64{0} && periodic && sets;
  timer.configuration &= ~kSetValue;
  timer.period = (timer.period & ~mask) | (value & mask);
  if (sets) timer.comparator = (timer.comparator & ~mask) | (value & mask);
}

}  // namespace hvlab::devices
