// Strict co-scheduling (gangs; Ousterhout's co-scheduling, VMware ESX before 3.0): a machine's virtual
// processors all have cores, or none has. One that has nothing to do keeps its core, empty: should it wake,
// it runs at once, and no sibling ever waits for one that has no core.
//
// Slices of all machines end together, in rounds. If each ended for itself, two small machines could take
// turns so that a large one never finds all its cores free at once.
#include "hv-models/hypervisor/schedule/policy.hpp"

namespace hvlab::hypervisor::schedule {
namespace {

bool may_run_machine(const Scheduler& s, const Machine& machine) {
  for (unsigned v = machine.first; v < machine.first + machine.count; ++v) {
    if (may_run(s, s.vcpus[v])) return true;
  }
  return false;
}

bool holds_cores(const Scheduler& s, const Machine& machine) {
  return s.vcpus[machine.first].core != kNowhere;
}

// A gang waits for its reservation, and one runs that is owed nothing.
bool somebody_is_owed_more(const Scheduler& s) {
  bool waits = false, runs = false;
  for (unsigned i = 0; i < s.machine_count; ++i) {
    const Machine& machine = s.machines[i];
    const bool holds = holds_cores(s, machine), owed = is_owed(s, machine);
    waits = waits || (owed && !holds && may_run_machine(s, machine));
    runs = runs || (!owed && holds);
  }
  return waits && runs;
}

// All, or the placement as it was.
bool place_gang(Scheduler& s, Placement& placement, Machine& machine) {
  const Placement before = placement;
  for (unsigned v = machine.first; v < machine.first + machine.count; ++v) {
    if (place(s, placement, v)) continue;
    placement = before;
    machine.placed = 0;
    return false;
  }
  return true;
}

void choose(Scheduler& s, Placement& placement) {
  bool done[kMostMachines] = {};
  const auto best_machine = [&](bool holding) {
    unsigned found = kNobody;
    for (unsigned i = 0; i < s.machine_count; ++i) {
      if (done[i] || !may_run_machine(s, s.machines[i])) continue;
      if (holding && !holds_cores(s, s.machines[i])) continue;
      if (found == kNobody || better_claim(s, s.machines[i], s.machines[found])) found = i;
    }
    if (found != kNobody) done[found] = true;
    return found;
  };
  // Within a round those that run go on, and others take what is free.
  const bool new_round = s.now >= s.round_end || somebody_is_owed_more(s);
  if (new_round) s.round_end = s.now + s.settings.slice;
  if (!new_round) {
    for (unsigned i; (i = best_machine(true)) != kNobody;) place_gang(s, placement, s.machines[i]);
  }
  for (unsigned i; (i = best_machine(false)) != kNobody;) place_gang(s, placement, s.machines[i]);
}

}  // namespace

const Policy kStrict = {"strict", true, choose, nullptr};

}  // namespace hvlab::hypervisor::schedule
