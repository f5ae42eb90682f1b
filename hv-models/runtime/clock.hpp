// Time: nanoseconds since the start, and the timer of each processor.
#pragma once

#include "sim/base/types.hpp"

namespace hvlab::runtime::clock {

using Nanoseconds = u64;
inline constexpr Nanoseconds kNever = ~u64{0};

/// Measures the time-stamp counter and the local APIC's timer against the ACPI timer (3.579545 MHz; ACPI 6.4,
/// 4.8.3.3) for about 2 ms.
void calibrate();

/// Since calibrate(), the same on all processors: their time-stamp counters start together and never stop
/// (CPUID 8000_0007h EDX bit 8).
Nanoseconds now();
u64 tsc_hertz();

/// Waits without giving up the processor.
void spin(Nanoseconds time);

/// An interrupt at kTimerVector on this processor at `deadline` or somewhat after; earlier for a deadline
/// further away than the timer counts. kNever: none.
void interrupt_at(Nanoseconds deadline);

}  // namespace hvlab::runtime::clock
