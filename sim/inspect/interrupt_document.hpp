// The main registers of the machine's interrupt controllers as documents. Registers that count (the local
// APIC's current count) are not read: to look at a clock is to be seen by it.
#pragma once

#include "sim/board/machine.hpp"
#include "sim/record/run_files.hpp"

namespace hvlab::inspect {

record::Json local_apic_json(const apic::LocalApic& apic);
/// The I/O APIC and the two 8259.
record::Json interrupt_controllers_json(const board::InterruptControllers& controllers);

}  // namespace hvlab::inspect
