// What spins is waiting for somebody: perhaps for a sibling that has no core.
#include "hv-models/hypervisor/schedule/policy.hpp"

namespace hvlab::hypervisor::schedule {
namespace {

bool could_run_on(const Scheduler& s, unsigned vcpu, unsigned core) {
  const Vcpu& of = s.vcpus[vcpu];
  return of.core == kNowhere && may_run(s, of) && (allowed_cores(s, s.machines[of.machine]) >> core & 1) != 0;
}

// The sibling that has waited longest: which of them has the lock, nobody but the guest knows.
unsigned waiting_sibling(const Scheduler& s, unsigned spinner) {
  const Machine& machine = s.machines[s.vcpus[spinner].machine];
  unsigned found = kNobody;
  for (unsigned v = machine.first; v < machine.first + machine.count; ++v) {
    if (!could_run_on(s, v, s.vcpus[spinner].core)) continue;
    if (found == kNobody || s.vcpus[v].since < s.vcpus[found].since) found = v;
  }
  return found;
}

bool anybody_waits(const Scheduler& s, unsigned core) {
  for (unsigned v = 0; v < s.vcpu_count; ++v) {
    if (could_run_on(s, v, core)) return true;
  }
  return false;
}

}  // namespace

// A gang has its siblings running, and to put one of them elsewhere would break it.
bool spins(Scheduler& s, unsigned vcpu, OnPause what, Nanoseconds now) {
  advance(s, now);
  Vcpu& spinner = s.vcpus[vcpu];
  if (what == OnPause::Ignore || s.policy->gangs || spinner.core == kNowhere) return false;
  if (!anybody_waits(s, spinner.core)) return false;
  spinner.yielded = true;
  if (what == OnPause::Directed) s.cores[spinner.core].boosted = waiting_sibling(s, vcpu);
  return true;
}

}  // namespace hvlab::hypervisor::schedule
