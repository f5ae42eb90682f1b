#include "sim/apic/apic_timer.hpp"

#include <utility>

#include "sim/base/bits.hpp"

namespace hvlab::apic {

ApicTimer::ApicTimer(Clock& clock, std::string name, u64 hertz, u64 tsc_hertz, const TimeStampCounter& tsc,
                     std::function<void()> expired)
    : clock_(clock),
      hertz_(hertz),
      tsc_hertz_(tsc_hertz),
      tsc_(tsc),
      expired_(std::move(expired)),
      event_(clock.add_event(std::move(name), [this] { fired(); })) {}

void ApicTimer::reset() {
  state_ = State{};
  clock_.disarm(event_);
}

// --- One-shot and periodic
// -----------------------------------------------------------------------------------------

// Figure 11-10: bits 3, 1 and 0 are the power of two minus one; 111 divides by one.
unsigned ApicTimer::divisor() const {
  const unsigned code = (state_.divide & 3u) | (state_.divide >> 1 & 4u);
  return 1u << ((code + 1) & 7);
}

/// Timer ticks since `start`.
u64 ApicTimer::elapsed() const { return scale(clock_.now() - state_.start, hertz_, kSecond) / divisor(); }

/// When `ticks` ticks have passed since `start`.
Picoseconds ApicTimer::time_of(u64 ticks) const {
  using Wide = unsigned __int128;
  // Counts are below 2^32 and a periodic timer's total fits the longest run, so that 128 bits hold the
  // product.
  const Wide span = (static_cast<Wide>(ticks) * divisor() * kSecond + hertz_ - 1) / hertz_;
  const Wide time = span + state_.start;
  return time >= kNever ? kNever : static_cast<Picoseconds>(time);
}

u64 ApicTimer::expirations_by(u64 ticks) const {
  if (ticks < state_.count) return 0;
  return state_.mode == Mode::Periodic ? (ticks - state_.count) / state_.initial + 1 : 1;
}

u32 ApicTimer::current_count() const {
  const State& s = state_;
  if (!s.running || s.mode == Mode::Deadline) return 0;
  const u64 ticks = elapsed();
  if (ticks < s.count) return static_cast<u32>(s.count - ticks);
  if (s.mode != Mode::Periodic) return 0;
  return static_cast<u32>(s.initial - (ticks - s.count) % s.initial);
}

// Begins anew from the present count, so that mode and divisor can change.
void ApicTimer::rebase() {
  State& s = state_;
  s.count = current_count();
  s.running = s.count != 0;
  s.start = clock_.now();
  s.expirations = 0;
}

void ApicTimer::set_initial_count(u32 count) {
  State& s = state_;
  if (s.mode == Mode::Deadline) return;
  s.initial = s.count = count;
  s.running = count != 0;
  s.start = clock_.now();
  s.expirations = 0;
  arm();
}

void ApicTimer::set_divide_configuration(u8 value) {
  rebase();
  state_.divide = value & 0x0B;
  arm();
}

// --- TSC deadline
// --------------------------------------------------------------------------------------------------

u64 ApicTimer::deadline() const {
  const State& s = state_;
  return s.mode == Mode::Deadline && s.deadline > tsc_.tsc() ? s.deadline : 0;
}

void ApicTimer::set_deadline(u64 tsc) {
  State& s = state_;
  if (s.mode != Mode::Deadline) return;
  s.deadline = tsc;
  arm();
}

// --- Both
// ----------------------------------------------------------------------------------------------------------

void ApicTimer::set_mode(Mode mode) {
  State& s = state_;
  if (mode == s.mode) return;
  if (mode == Mode::Deadline || s.mode == Mode::Deadline) {
    s.running = false;
    s.initial = 0;
    s.deadline = 0;
  }
  rebase();
  s.mode = mode;
  arm();
}

// Expiries that pass while masked are not made up for.
void ApicTimer::set_interrupting(bool interrupting) {
  State& s = state_;
  if (interrupting == s.interrupting) return;
  s.interrupting = interrupting;
  if (s.mode == Mode::Deadline) {
    s.deadline = deadline();
  } else if (s.running) {
    s.expirations = expirations_by(elapsed());
  }
  arm();
}

void ApicTimer::arm() {
  const State& s = state_;
  Picoseconds when = kNever;
  if (s.mode == Mode::Deadline) {
    const u64 now = tsc_.tsc();
    const u64 left = s.deadline > now ? s.deadline - now : 0;
    using Wide = unsigned __int128;
    const Wide time = (static_cast<Wide>(left) * kSecond + tsc_hertz_ - 1) / tsc_hertz_ + clock_.now();
    if (s.deadline != 0 && time < kNever) when = static_cast<Picoseconds>(time);
  } else if (s.running && (s.mode == Mode::Periodic || s.expirations == 0)) {
    when = time_of(s.count + s.expirations * s.initial);
  }
  if (!s.interrupting || when == kNever) {
    clock_.disarm(event_);
  } else {
    clock_.arm(event_, when);
  }
}

void ApicTimer::fired() {
  State& s = state_;
  if (s.mode == Mode::Deadline) {
    if (s.deadline == 0 || tsc_.tsc() < s.deadline) return arm();  // software has turned the TSC back
    s.deadline = 0;                                                // 11.5.4.1: the timer disarms itself
  } else {
    const u64 expirations = s.running ? expirations_by(elapsed()) : 0;
    if (expirations <= s.expirations) return arm();
    s.expirations = expirations;
    if (s.mode != Mode::Periodic) s.running = false;
  }
  arm();
  expired_();
}

}  // namespace hvlab::apic
