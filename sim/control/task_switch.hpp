// Task switches with 16- and 32-bit task-state segments (SDM vol. 3, chapter 8).
#pragma once

#include "sim/control/stack.hpp"

namespace hvlab::control {

/// What causes a task switch: decides busy flags, the back link and NT (SDM vol. 3, table 8-2).
enum class TaskSwitch : u8 { Jump, Call, Event, Return };

/// Switches to the task of `selector` (a TSS descriptor's). `next_rip` and `flags` are what the old task's
/// TSS keeps as its EIP and EFLAGS. A fault found before the switch leaves the processor as it was; one found
/// in loading the new task's segments leaves it in the new task, at the new RIP, as the manual wants. Checks
/// of DPL and RPL against the TSS or task gate are the caller's. Not in IA-32e mode.
Outcome switch_task(Cpu& cpu, u16 selector, TaskSwitch cause, u32 external, u64 next_rip, u64 flags);

}  // namespace hvlab::control
