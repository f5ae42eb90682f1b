#include "hv-models/runtime/clock.hpp"

#include "hv-models/runtime/acpi.hpp"
#include "hv-models/runtime/instructions.hpp"
#include "hv-models/runtime/local_apic.hpp"
#include "hv-models/runtime/panic.hpp"

namespace hvlab::runtime::clock {
namespace {

constexpr u64 kTimerHertz = 3'579'545, kSecond = 1'000'000'000;
constexpr u32 kTimerMask = 0x00ff'ffff;  // 24 bits are always there
constexpr u32 kMeasured = 7200;          // ticks, about 2 ms
constexpr u32 kMost = 0xffff'ffff;

u64 first_tsc = 0, hertz = 0;
u64 nanoseconds_per_tick = 0;        // of the TSC, in 2^-32
u64 timer_ticks_per_nanosecond = 0;  // of the APIC's timer, in 2^-32

u64 multiply_fraction(u64 value, u64 fraction) {
  return static_cast<u64>(static_cast<unsigned __int128>(value) * fraction >> 32);
}

u32 pm_timer() { return in32(acpi::tables().timer_port) & kTimerMask; }

}  // namespace

void calibrate() {
  if (acpi::tables().timer_port == 0) panic("no ACPI timer to measure the clocks with");
  apic::start_timer(kMost);
  const u32 start = pm_timer();
  const u64 tsc = read_tsc();
  const u32 count = apic::timer_ticks_left();
  u32 ticks = 0;
  while (ticks < kMeasured) ticks = (pm_timer() - start) & kTimerMask;
  const u64 tsc_passed = read_tsc() - tsc, timer_passed = count - apic::timer_ticks_left();
  apic::start_timer(0);
  first_tsc = tsc;
  hertz = tsc_passed * kTimerHertz / ticks;
  const u64 timer_hertz = timer_passed * kTimerHertz / ticks;
  nanoseconds_per_tick = (kSecond << 32) / hertz;
  timer_ticks_per_nanosecond = (timer_hertz << 32) / kSecond;
}

Nanoseconds now() { return multiply_fraction(read_tsc() - first_tsc, nanoseconds_per_tick); }
u64 tsc_hertz() { return hertz; }

void spin(Nanoseconds time) {
  const Nanoseconds end = now() + time;
  while (now() < end) pause();
}

void interrupt_at(Nanoseconds deadline) {
  if (deadline == kNever) return apic::start_timer(0);
  const Nanoseconds present = now();
  const u64 ticks =
      multiply_fraction(deadline > present ? deadline - present : 0, timer_ticks_per_nanosecond) + 1;
  apic::start_timer(ticks < kMost ? static_cast<u32>(ticks) : kMost);
}

}  // namespace hvlab::runtime::clock
