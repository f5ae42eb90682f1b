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
  Nanoseconds given = 0;
  Nanoseconds ended = kForever;
};

/// Tasks that a machine is given at a time.
struct Assignment {
  Nanoseconds at = 0;
  Index machine = kNone;
  u32 count = 1;  // so many alike
  u64 megacycles = 0;
};

/// Gives `machine` so many million cycles to do, `count` times. The place of the last among the tasks.
Index add_task(Simulation& sim, Index machine, u64 megacycles, u32 count = 1);

/// What became of tasks of some machines.
struct TaskSums {
  u64 given = 0;
  u64 done = 0;
  Nanoseconds time = 0;  // of those that are done, from being given to being done, together
  Nanoseconds longest = 0;
  Nanoseconds last = 0;  // when the last of them was done

  void add(const Task& task);
};

/// What the machine gets is divided among its tasks; they end when they are done.
void pace_tasks(Simulation& sim, Index machine);

void task_ends(Simulation& sim, Index task, u32 version);

}  // namespace hvlab::cluster
