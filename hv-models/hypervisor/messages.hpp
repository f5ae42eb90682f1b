// Interrupt messages between a machine's APICs, and from its I/O APIC. All with the machine's lock held.
#pragma once

#include "hv-models/hypervisor/virtual_machine.hpp"

namespace hvlab::hypervisor {

/// What `from` (null: the I/O APIC) has to say to others, or to itself.
void send(VirtualMachine& machine, VirtualProcessor* from, const ApicMessage& message);
/// Sends what the I/O APIC has become ready to send.
void send_pending(VirtualMachine& machine);
/// `vcpu` has ended the level-triggered interrupt `vector`.
void end_of_interrupt(VirtualMachine& machine, int vector);

}  // namespace hvlab::hypervisor
