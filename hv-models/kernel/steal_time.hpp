// Steal time: how long this system's processors wanted to run and a hypervisor had others running, as it says
// itself. None on the machine itself, and under hypervisors that do not say.
#pragma once

namespace hvlab::kernel {

/// On each processor, once: asks the hypervisor for the calling processor's.
void join_steal_time();
/// /dev/steal: a line "processor=N ready=NS co-stopped=NS" for each processor.
void make_steal_device();
/// The same on the console, each line behind "HVLAB steal "; nothing if there is none.
void report_steal_time();

}  // namespace hvlab::kernel
