// The local APIC's timer (SDM vol. 3, 11.5.4): one-shot, periodic, TSC deadline. Counts are computed when
// looked at; the clock's calendar is used only for interrupts that can happen.
#pragma once

#include <functional>
#include <string>

#include "sim/ports/clock.hpp"
#include "sim/ports/time_stamp_counter.hpp"

namespace hvlab::apic {

class ApicTimer {
 public:
  enum class Mode : u8 { OneShot, Periodic, Deadline, Reserved };

  struct State {
    Mode mode = Mode::OneShot;
    bool interrupting = false;  // the LVT entry is not masked
    bool running = false;
    u8 divide = 0;  // divide configuration register
    u32 initial = 0;
    u32 count = 0;  // at `start`
    Picoseconds start = 0;
    u64 expirations = 0;  // since `start`
    u64 deadline = 0;     // IA32_TSC_DEADLINE, 0 = disarmed
  };

  /// Counts at `hertz` before division; `expired` is called at each expiry while interrupting. `tsc` counts
  /// at `tsc_hertz`.
  ApicTimer(Clock& clock, std::string name, u64 hertz, u64 tsc_hertz, const TimeStampCounter& tsc,
            std::function<void()> expired);

  void reset();

  /// LVT bits 18..17. Entering or leaving deadline mode disarms the timer.
  void set_mode(Mode mode);
  void set_interrupting(bool interrupting);

  u32 initial_count() const { return state_.initial; }
  void set_initial_count(u32 count);
  u32 current_count() const;
  u8 divide_configuration() const { return state_.divide; }
  void set_divide_configuration(u8 value);

  /// IA32_TSC_DEADLINE: zero, and writes ignored, unless in deadline mode.
  u64 deadline() const;
  void set_deadline(u64 tsc);
  void tsc_changed() { arm(); }

  const State& state() const { return state_; }

 private:
  unsigned divisor() const;
  u64 elapsed() const;
  u64 expirations_by(u64 ticks) const;
  Picoseconds time_of(u64 ticks) const;
  void rebase();
  void arm();
  void fired();

  Clock& clock_;
  u64 hertz_;
  u64 tsc_hertz_;
  const TimeStampCounter& tsc_;
  std::function<void()> expired_;
  EventId event_;
  State state_;
};

}  // namespace hvlab::apic
