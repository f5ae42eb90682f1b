// "attack=NAME" on the command line: instead of running programs the kernel does from ring 0 what no guest
// may have an effect with. For tests of hypervisors: on the machine itself it would harm the machine.
#pragma once

#include "sim/base/types.hpp"

namespace hvlab::kernel {

/// Does what NAME says, and switches the machine off, or returns if there is no such word.
void attack_if_asked();

/// Numbers by chance, the same each time.
u64 attack_random();
/// Of the driver-domain model: attack_split.cpp.
void attack_split();
/// The same, what it gets from its card: attack_card.cpp.
void attack_card();

}  // namespace hvlab::kernel
