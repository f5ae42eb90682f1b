#include "hv-models/driver-domain/interrupts.hpp"

#include "hv-models/runtime/acpi.hpp"
#include "hv-models/runtime/ioapic.hpp"

namespace hvlab::driver_domain {
namespace {

using hypervisor::VirtualMachine;
using runtime::Hold;
namespace ioapic = runtime::ioapic;

constexpr u8 kLines[] = {5, 9, 10, 11, 14, 15};  // of PCI devices, and of IDE

VirtualMachine* management = nullptr;
u32 waiting = 0;  // lines that are masked until the management machine has looked at their devices

// Lines and pins have the same numbers here: no device is at line 0, which alone differs. A level-triggered
// line would interrupt again at once; it is silent until its device has been looked at.
void arrived(void* context) {
  const u8 line = *static_cast<const u8*>(context);
  const Hold hold(management->lock);
  if (ioapic::is_level(line)) {
    ioapic::set_masked(line, true);
    waiting |= 1u << line;
    set_line(*management, line, true);
  } else {
    set_line(*management, line, true);
    set_line(*management, line, false);
  }
}

}  // namespace

void route_interrupts(VirtualMachine& to) {
  management = &to;
  for (const u8& line : kLines) ioapic::connect(line, arrived, const_cast<u8*>(&line));
}

void interrupt_ended(VirtualMachine& machine) {
  if (&machine != management || waiting == 0) return;
  for (const u8 line : kLines) {
    if ((waiting >> line & 1) == 0 || machine.io_apic.is_busy(line) || machine.io_apic.is_masked(line))
      continue;
    waiting &= ~(1u << line);
    machine.io_apic.set_line(line, false);
    ioapic::set_masked(line, false);  // interrupts again if the device still wants something
  }
}

}  // namespace hvlab::driver_domain
