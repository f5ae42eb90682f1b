// What is done about each kind of exit: one function each, called by run.cpp's table.
#pragma once

#include "hv-models/hypervisor/run.hpp"

namespace hvlab::hypervisor {

using Handler = Outcome (*)(VirtualProcessor& vcpu, const Exit& exit);

Outcome handle_cpuid(VirtualProcessor& vcpu, const Exit& exit);     // cpuid.cpp
Outcome handle_read_msr(VirtualProcessor& vcpu, const Exit& exit);  // msrs.cpp
Outcome handle_write_msr(VirtualProcessor& vcpu, const Exit& exit);
Outcome handle_port(VirtualProcessor& vcpu, const Exit& exit);    // ports.cpp
Outcome handle_memory(VirtualProcessor& vcpu, const Exit& exit);  // device_memory.cpp
/// An access to device memory at physical `exit.address`, by whichever exit it was seen.
Outcome handle_device_access(VirtualProcessor& vcpu, const Exit& exit);
/// Up to 15 bytes of the instruction at RIP: the processor's, or read from the guest's memory.
unsigned fetch_instruction(const VirtualProcessor& vcpu, u8 (&bytes)[15]);
/// 8, 4 or 2: how the code at RIP is to be decoded.
unsigned code_bytes(const Registers& registers);
Outcome handle_hypercall(VirtualProcessor& vcpu, const Exit& exit);   // hypercalls.cpp
Outcome handle_page_fault(VirtualProcessor& vcpu, const Exit& exit);  // shadow_exits.cpp
Outcome handle_read_control(VirtualProcessor& vcpu, const Exit& exit);
Outcome handle_write_control(VirtualProcessor& vcpu, const Exit& exit);
Outcome handle_invalidate_page(VirtualProcessor& vcpu, const Exit& exit);

/// The instruction is done: the guest goes on behind it.
Outcome go_on(VirtualProcessor& vcpu, unsigned length);
/// It raises an exception instead.
Outcome raise(VirtualProcessor& vcpu, u8 vector);
Outcome raise_with_error(VirtualProcessor& vcpu, u8 vector, u32 error);
/// The machine did what nobody can do: says what, and ends it.
Outcome give_up(VirtualProcessor& vcpu, const Exit& exit, const char* what);
/// The machine is over, with this status.
Outcome end_machine(VirtualMachine& machine, int status);

/// An access to a device. False: wait (Outcome::Waiting), and handle the exit again.
bool access_device(VirtualProcessor& vcpu, Access& access);

}  // namespace hvlab::hypervisor
