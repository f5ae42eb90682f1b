// Machines are started for the first time: those with a place of their own, then the others around them.
#pragma once

namespace hvlab::cluster {

struct Plan;
struct Simulation;

/// Starts the plan's machines. Each that is refused is told of once, at its turn, with the reasons.
void start_machines(const Plan& plan, Simulation& sim);

}  // namespace hvlab::cluster
