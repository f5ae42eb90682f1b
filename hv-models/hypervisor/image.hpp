// What the images of all hypervisors of ours begin and end with.
#pragma once

#include "hv-models/hypervisor/configuration.hpp"

namespace hvlab::hypervisor {

/// On the first processor, before anything else: memory, the command line's words, the vendor's
/// virtualization. Panics, with what to do about it, at a mistake in the words, without modules, or on a
/// processor that has none.
void begin_image(Configuration& configuration);
/// Says "HVLAB hypervisor ready"; `scheduler` may be null: there is none.
void say_ready(const char* model, const char* scheduler);
/// Ends the machine as the word "exit" says: by the debug port, with 0 or 1, or by switching it off.
[[noreturn]] void end_image(int status);

}  // namespace hvlab::hypervisor
