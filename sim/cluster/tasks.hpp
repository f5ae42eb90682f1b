// Tasks: work of a known amount that machines do, all those of a machine at once.
#pragma once

#include "sim/cluster/types.hpp"

namespace hvlab::cluster {

struct Simulation;

struct Task {
  Index machine = kNone;
  Index next = kNone;  // of the same machine
  u64 left = 0;        // MHz x ns of the guest's own work; 10^9 are a million cycles
  u32 rate = 0;        // MHz
  u32 version = 0;
  Nanoseconds settled = 0;
  Nanoseconds ended = kForever;
};

/// Gives `machine` so many million cycles to do. Its place among the tasks.
Index add_task(Simulation& sim, Index machine, u64 megacycles);

/// What the machine gets is divided among its tasks; they end when they are done.
void pace_tasks(Simulation& sim, Index machine);

void task_ends(Simulation& sim, Index task, u32 version);

}  // namespace hvlab::cluster
