// The IOAPIC (Intel 82093AA): sends the interrupt lines of devices to processors.
#pragma once

#include "hv-models/runtime/interrupts.hpp"
#include "sim/base/types.hpp"

namespace hvlab::runtime::ioapic {

/// Masks all lines, here and at the 8259s.
void set_up();

/// Calls `handler(context)` for interrupts of ISA line `irq`, on the first processor. Several handlers can
/// share a level-triggered line: each is called and looks at its device. False if there are too many.
using LineHandler = void (*)(void* context);
bool connect(u8 irq, LineHandler handler, void* context);
/// A connected line is silent, or not.
void set_masked(u8 irq, bool masked);
/// Redirection entry of pin `pin` as a whole (82093AA, 3.2.4): for whoever gives pins to others, and connects
/// none. The caller serializes.
void set_entry(unsigned pin, u64 entry);
/// Whether it is level-triggered.
bool is_level(u8 irq);

}  // namespace hvlab::runtime::ioapic
