#include "hv-models/runtime/local_apic.hpp"

#include "hv-models/runtime/instructions.hpp"
#include "hv-models/runtime/interrupts.hpp"
#include "hv-models/runtime/memory_layout.hpp"
#include "sim/arch/apic.hpp"
#include "sim/arch/msr.hpp"

namespace hvlab::runtime::apic {
namespace {

namespace r = arch::apic;

volatile u32& reg(u32 offset) { return device_register(r::kDefaultBase + offset); }

constexpr u32 kDivideBy1 = 0b1011, kDeliveryPending = 1u << 12;

void command(u32 apic_id, u32 low) {
  while ((reg(r::kCommandLow) & kDeliveryPending) != 0) pause();
  reg(r::kCommandHigh) = apic_id << 24;
  reg(r::kCommandLow) = low;
}

constexpr u32 mode(r::DeliveryMode m) { return u32{static_cast<u8>(m)} << r::kLvtModeShift; }
constexpr u32 shorthand(r::Shorthand s) { return u32{static_cast<u8>(s)} << r::kCommandShorthandShift; }

}  // namespace

void enable() {
  write_msr(arch::msr::kApicBase, read_msr(arch::msr::kApicBase) | r::kBaseEnable);
  reg(r::kTaskPriority) = 0;
  reg(r::kLvtLint0) = r::kLvtMasked;  // the 8259s are masked: lines come through the IOAPIC
  reg(r::kLvtError) = r::kLvtMasked;
  reg(r::kSpurious) = r::kSpuriousEnable | kSpuriousVector;
  reg(r::kDivideConfiguration) = kDivideBy1;
  reg(r::kLvtTimer) = kTimerVector | r::kLvtTimerOneShot;
}

u32 id() { return reg(r::kId) >> 24; }
void end_of_interrupt() { reg(r::kEndOfInterrupt) = 0; }

void send(u32 apic_id, u8 vector) { command(apic_id, r::kCommandAssert | vector); }
void send_to_others(u8 vector) {
  command(0, r::kCommandAssert | shorthand(r::Shorthand::AllExcludingSelf) | vector);
}
void send_nmi_to_others() {
  command(0, r::kCommandAssert | shorthand(r::Shorthand::AllExcludingSelf) | mode(r::DeliveryMode::Nmi));
}
void send_init(u32 apic_id) { command(apic_id, r::kCommandAssert | mode(r::DeliveryMode::Init)); }
void send_start_up(u32 apic_id, u8 page) {
  command(apic_id, r::kCommandAssert | mode(r::DeliveryMode::StartUp) | page);
}

void start_timer(u32 ticks) { reg(r::kInitialCount) = ticks; }
u32 timer_ticks_left() { return reg(r::kCurrentCount); }

}  // namespace hvlab::runtime::apic
