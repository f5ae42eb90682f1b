// A queue for each core: those wait in it that ran there last. What the two policies that choose virtual
// processors one by one and for themselves have in common; they differ in who gets into which queue.
#pragma once

#include "hv-models/hypervisor/schedule/policy.hpp"

namespace hvlab::hypervisor::schedule {

/// Each core goes on with what it runs until the slice ends, then takes the best of its queue; one whose
/// queue is empty takes from others'. First of all come those who are owed a reservation, and those who have
/// waited too long because their queue is longer than others.
void choose_from_queues(Scheduler& s, Placement& placement);

}  // namespace hvlab::hypervisor::schedule
