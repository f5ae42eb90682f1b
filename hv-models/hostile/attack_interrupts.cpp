#include <initializer_list>
#include "hv-models/hostile/attacks.hpp"

#include "hv-models/hostile/attempt.hpp"
#include "hv-models/runtime/instructions.hpp"
#include "hv-models/runtime/interrupts.hpp"
#include "hv-models/runtime/local_apic.hpp"
#include "hv-models/runtime/memory_layout.hpp"
#include "hv-models/runtime/print.hpp"
#include "sim/arch/apic.hpp"
#include "sim/arch/msr.hpp"

namespace hvlab::hostile {
namespace {

using namespace runtime;
namespace r = arch::apic;

// A register of the own local APIC, in the mode that it is in (SDM vol. 3, 11.12.1.2).
void write_reg(u32 offset, u32 value) {
  if (apic::uses_msrs()) return write_msr(arch::msr::kX2apicFirst + offset / 16, value);
  device_register(r::kDefaultBase + offset) = value;
}

void command(u32 low, u32 destination) {
  if (apic::uses_msrs())
    return write_msr(arch::msr::kX2apicFirst + r::kCommandLow / 16, u64{destination} << 32 | low);
  write_reg(r::kCommandHigh, destination << 24);
  write_reg(r::kCommandLow, low);
}

void take(TrapFrame&) { apic::end_of_interrupt(); }

// So many come without an instruction in between.
volatile unsigned left = 0;
void take_timer(TrapFrame&) {
  if (left > 0) {
    left = left - 1;
  } else {
    write_reg(r::kInitialCount, 0);
  }
  apic::end_of_interrupt();
}
void ignore(TrapFrame&) {}

// A message can have the vector of an exception that pushes an error code (17, 21), but brings none: the way
// back from this image's own entry for it would be at the wrong place of the stack, for ever. Both go through
// the entry of a vector that has none.
void expect_no_error_codes() {
  struct Gate {
    u64 low, high;
  };
  struct [[gnu::packed]] {
    u16 limit;
    Gate* gates;
  } table = {};
  asm volatile("sidt %0" : "=m"(table));
  constexpr unsigned kAlignmentCheck = 17, kMachineCheck = 18, kControlProtection = 21;
  table.gates[kAlignmentCheck] = table.gates[kControlProtection] = table.gates[kMachineCheck];
}

void take_all() {
  expect_no_error_codes();
  for (unsigned vector = 32; vector < 256; ++vector) set_handler(static_cast<u8>(vector), take);
  set_handler(2, ignore);
  interrupts_on();
}

}  // namespace

// Every mode and shorthand, vectors that are reserved too.
void attack_messages() {
  take_all();
  for (unsigned i = 0; i < 3000; ++i) {
    const u64 bits = chance();
    u32 low = static_cast<u32>(bits) & 0x000c'efff;
    // INIT to itself would be the end of the attack.
    if ((low >> r::kLvtModeShift & 7) == static_cast<u32>(r::DeliveryMode::Init)) low |= 3u << 18;
    attempt([&] { command(low, static_cast<u32>(bits >> 56) & 0x0f); });
    interrupts_on();
  }
  interrupts_off();
}

// Due again as soon as it has gone off.
void attack_timer() {
  take_all();
  set_handler(kTimerVector, take_timer);
  left = 3000;
  write_reg(r::kDivideConfiguration, 0b1011);
  write_reg(r::kLvtTimer, kTimerVector | r::kLvtTimerPeriodic);
  write_reg(r::kInitialCount, 1);
  while (left > 0) pause();
  interrupts_off();
}

// SDM vol. 3, 11.8.6: interrupts of a class that is not above CR8 wait; lowering it lets them in at once.
void check_priority() {
  static volatile unsigned taken = 0;
  constexpr u8 kVector = 0x51, kAbove = 0x61;
  for (const u8 vector : {kVector, kAbove}) {
    set_handler(vector, [](TrapFrame&) {
      taken = taken + 1;
      apic::end_of_interrupt();
    });
  }
  const auto set = [](u64 value) { asm volatile("mov %0, %%cr8; nop; nop" ::"r"(value) : "memory"); };
  const auto expect = [](const char* when, unsigned count) {
    if (taken != count) print("hostile: %s %u were taken and NOT %u\n", when, unsigned{taken}, count);
  };
  interrupts_on();
  for (unsigned round = 0; round < 4; ++round) {
    const unsigned above = round % 2;
    taken = 0;
    set(5);
    apic::send(apic::id(), kVector);
    if (above != 0) apic::send(apic::id(), kAbove);
    for (unsigned i = 0; i < 1000; ++i) pause();
    expect("while CR8 was 5", above);
    if (device_register(r::kDefaultBase + r::kTaskPriority) != 0x50)
      print("hostile: the local APIC does NOT say CR8\n");
    set(4);
    expect("once it was 4", above + 1);
    write_reg(r::kTaskPriority, 0xf0);
    u64 seen = 0;
    asm volatile("mov %%cr8, %0" : "=r"(seen));
    if (seen != 15) print("hostile: CR8 does NOT say the local APIC's %lu\n", seen);
    set(0);
  }
  interrupts_off();
}

void attack_io_apic() {
  constexpr u64 kIoApic = 0xfec0'0000;
  take_all();
  for (unsigned i = 0; i < 1500; ++i) {
    const u64 bits = chance();
    attempt([&] {
      device_register(kIoApic) = static_cast<u32>(bits) & 0xff;
      device_register(kIoApic + 0x10) = static_cast<u32>(bits >> 32) & ~0x700u;  // of mode "fixed"
      device_register(kIoApic + 0x40) = static_cast<u32>(bits >> 8) & 0xff;
      device_register(kIoApic + (bits >> 48 & 0xffc)) = static_cast<u32>(bits >> 16);
    });
    interrupts_on();
  }
  interrupts_off();
}

}  // namespace hvlab::hostile
