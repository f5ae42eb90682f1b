// What a run leaves for people and programs: where the guest was, and statistics.
#pragma once

#include <ostream>
#include <string>

#include "sim/board/machine.hpp"
#include "sim/lab/run_watch.hpp"

namespace hvlab::lab {

/// The exit status that stands for `end` (sim/lab/exit_status.hpp).
int status_of(const board::RunEnd& end);

/// One line each: why the run ended, and where each processor was, by name where `guest` (or null) knows it.
std::string describe_end(const board::Machine& machine, const board::RunEnd& end, const LinuxWatch* guest);

/// One line: simulated time, instructions, the host's CPU time and speed.
std::string summary(const board::Statistics& statistics, double host_seconds);

/// The machine's statistics as the JSON of --stats, with what `watch` saw and the costs that all rests on.
void write_statistics(std::ostream& out, const board::Machine& machine, const board::RunEnd& end,
                      const RunWatch& watch);

}  // namespace hvlab::lab
