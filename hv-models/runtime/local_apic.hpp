// The local APIC of the calling processor, in the mode that firmware left it in: xAPIC or x2APIC (SDM vol. 3,
// chapter 11).
#pragma once

#include "sim/base/types.hpp"

namespace hvlab::runtime::apic {

/// Switches it on, its own interrupts masked.
void enable();
/// Changes the calling processor's to x2APIC mode, whose registers are MSRs (11.12). From the first call on
/// all of this goes by MSRs, on every processor: others make the change before they use theirs again.
void use_msrs();
bool uses_msrs();
u32 id();
void end_of_interrupt();

/// Interrupts another processor, or all others.
void send(u32 apic_id, u8 vector);
void send_to_others(u8 vector);
/// Reaches them even while their interrupts are off.
void send_nmi_to_others();
void send_nmi(u32 apic_id);

/// The messages that start a processor (8.4.4.1): INIT, and start-up at physical `page` * 4096.
void send_init(u32 apic_id);
void send_start_up(u32 apic_id, u8 page);

/// One interrupt at kTimerVector after `ticks` of the timer; 0 cancels.
void start_timer(u32 ticks);
/// Ticks left, and the divisor by which all of these counts are.
u32 timer_ticks_left();

}  // namespace hvlab::runtime::apic
