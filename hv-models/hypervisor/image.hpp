// What the images of all hypervisors of ours begin and end with.
#pragma once

#include "hv-models/hypervisor/configuration.hpp"
#include "hv-models/hypervisor/virtual_machine.hpp"

namespace hvlab::hypervisor {

/// On the first processor, before anything else: memory, the command line's words, the vendor's
/// virtualization. Panics, with what to do about it, at a mistake in the words, without modules, or on a
/// processor that has none.
void begin_image(Configuration& configuration);
/// Says "HVLAB hypervisor ready"; `scheduler` may be null: there is none.
void say_ready(const char* model, const char* scheduler);
/// Panics if machine `number` is to have a split card's words: they are the driver-domain model's.
void refuse_split_card(unsigned number, const MachineConfiguration& of);
/// So many virtual machines run, besides a management machine.
void begin_machines(unsigned count);
/// One of them has ended: says so, with the bytes that it took, and ends the image with the last.
void machine_ended(const VirtualMachine& machine, u64 memory, int status);
/// Ends the machine as the word "exit" says: by the debug port, with 0 or 1, or by switching it off.
[[noreturn]] void end_image(int status);

}  // namespace hvlab::hypervisor
