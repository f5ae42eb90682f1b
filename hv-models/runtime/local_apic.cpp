#include "hv-models/runtime/local_apic.hpp"

#include "hv-models/runtime/instructions.hpp"
#include "hv-models/runtime/interrupts.hpp"
#include "hv-models/runtime/memory_layout.hpp"
#include "sim/arch/apic.hpp"
#include "sim/arch/msr.hpp"

namespace hvlab::runtime::apic {
namespace {

namespace r = arch::apic;

constexpr u32 kDivideBy1 = 0b1011, kDeliveryPending = 1u << 12;

// Every processor's is in the same mode (11.12): firmware hands over all of them alike.
bool x2apic = false;

u32 msr_of(u32 offset) { return arch::msr::kX2apicFirst + offset / 16; }  // 11.12.1.2

u32 read(u32 offset) {
  return x2apic ? static_cast<u32>(read_msr(msr_of(offset))) : device_register(r::kDefaultBase + offset);
}
void write(u32 offset, u32 value) {
  if (x2apic) {
    write_msr(msr_of(offset), value);
  } else {
    device_register(r::kDefaultBase + offset) = value;
  }
}

void command(u32 apic_id, u32 low) {
  if (x2apic) return write_msr(msr_of(r::kCommandLow), u64{apic_id} << 32 | low);
  while ((read(r::kCommandLow) & kDeliveryPending) != 0) pause();
  write(r::kCommandHigh, apic_id << 24);
  write(r::kCommandLow, low);
}

constexpr u32 mode(r::DeliveryMode m) { return u32{static_cast<u8>(m)} << r::kLvtModeShift; }
constexpr u32 shorthand(r::Shorthand s) { return u32{static_cast<u8>(s)} << r::kCommandShorthandShift; }

}  // namespace

void enable() {
  const u64 base = read_msr(arch::msr::kApicBase);
  if ((base & r::kBaseX2apic) != 0) x2apic = true;
  write_msr(arch::msr::kApicBase, base | r::kBaseEnable);
  write(r::kTaskPriority, 0);
  write(r::kLvtLint0, r::kLvtMasked);  // the 8259s are masked: lines come through the IOAPIC
  write(r::kLvtError, r::kLvtMasked);
  write(r::kSpurious, r::kSpuriousEnable | kSpuriousVector);
  write(r::kDivideConfiguration, kDivideBy1);
  write(r::kLvtTimer, kTimerVector | r::kLvtTimerOneShot);
}

void use_msrs() {
  write_msr(arch::msr::kApicBase, read_msr(arch::msr::kApicBase) | r::kBaseEnable | r::kBaseX2apic);
  x2apic = true;
}
bool uses_msrs() { return x2apic; }

u32 id() { return x2apic ? read(r::kId) : read(r::kId) >> 24; }
void end_of_interrupt() { write(r::kEndOfInterrupt, 0); }

void send(u32 apic_id, u8 vector) { command(apic_id, r::kCommandAssert | vector); }
void send_to_others(u8 vector) {
  command(0, r::kCommandAssert | shorthand(r::Shorthand::AllExcludingSelf) | vector);
}
void send_nmi_to_others() {
  command(0, r::kCommandAssert | shorthand(r::Shorthand::AllExcludingSelf) | mode(r::DeliveryMode::Nmi));
}
void send_nmi(u32 apic_id) { command(apic_id, r::kCommandAssert | mode(r::DeliveryMode::Nmi)); }
void send_init(u32 apic_id) { command(apic_id, r::kCommandAssert | mode(r::DeliveryMode::Init)); }
void send_start_up(u32 apic_id, u8 page) {
  command(apic_id, r::kCommandAssert | mode(r::DeliveryMode::StartUp) | page);
}

void start_timer(u32 ticks) { write(r::kInitialCount, ticks); }
u32 timer_ticks_left() { return read(r::kCurrentCount); }

}  // namespace hvlab::runtime::apic
