#include "hv-models/partition/pins.hpp"

#include "hv-models/partition/functions.hpp"
#include "hv-models/runtime/acpi.hpp"
#include "hv-models/runtime/ioapic.hpp"
#include "sim/arch/apic.hpp"

namespace hvlab::partition {
namespace {

using arch::apic::DeliveryMode;
using hypervisor::IoApic;
using hypervisor::VirtualMachine;
using runtime::Hold;

constexpr u64 kMasked = 1u << 16, kLogical = 1u << 11;
constexpr unsigned kModeShift = 8, kDestinationShift = 56;
constexpr u8 kFirstVector = 16;

runtime::SpinLock lock;
u64 present[IoApic::kPins] = {};  // entries as they are; 0: as the runtime left them, masked

// One of its own processors, by an interrupt: nothing that would stop or start one.
bool may(const VirtualMachine& machine, u64 entry) {
  const auto mode = static_cast<DeliveryMode>(entry >> kModeShift & 7);
  if (mode != DeliveryMode::Fixed && mode != DeliveryMode::LowestPriority) return false;
  if ((entry & kLogical) != 0 || (entry & 0xff) < kFirstVector) return false;
  for (unsigned i = 0; i < machine.count; ++i) {
    if (machine.vcpus[i].apic.id() == entry >> kDestinationShift) return true;
  }
  return false;
}

void set(unsigned pin, u64 entry) {
  if (present[pin] == entry) return;
  present[pin] = entry;
  runtime::ioapic::set_entry(pin - runtime::acpi::tables().ioapic_first, entry);
}

}  // namespace

void program_pins(VirtualMachine& machine) {
  if (machine.over) return;  // its pins are masked, or about to be
  const u32 own = pins_of(machine.number);
  const Hold hold(lock);
  for (unsigned pin = 0; pin < IoApic::kPins; ++pin) {
    if ((own >> pin & 1) == 0) continue;
    constexpr u64 kReadOnly = u64{1} << 14 | u64{1} << 12;  // remote IRR, delivery status
    const u64 entry = machine.io_apic.entry(pin) & ~kReadOnly;
    set(pin, machine.io_apic.is_masked(pin) || !may(machine, entry) ? kMasked : entry);
  }
}

void mask_pins(unsigned number) {
  const u32 own = pins_of(number);
  const Hold hold(lock);
  for (unsigned pin = 0; pin < IoApic::kPins; ++pin) {
    if ((own >> pin & 1) != 0) set(pin, kMasked);
  }
}

}  // namespace hvlab::partition
