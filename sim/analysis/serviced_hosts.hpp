// H24, as far as many hosts can show it: see moves.cpp for the machine's half.
#pragma once

#include "sim/analysis/verdict.hpp"

namespace hvlab::analysis {

/// Judges runs in which hosts are serviced while their machines should run, by the way in which all of a
/// run's machines are virtualized. The verdict has its name and statement already.
void judge_serviced_hosts(Measurements all, Verdict& verdict);

}  // namespace hvlab::analysis
