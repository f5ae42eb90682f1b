#include "hv-models/hypervisor/schedule/queues.hpp"

namespace hvlab::hypervisor::schedule {
namespace {

bool is_owed_time(const Scheduler& s, unsigned vcpu, unsigned) {
  return is_owed(s, s.machines[s.vcpus[vcpu].machine]);
}

// `machine` has had less than `other` for its shares, by so many slices.
bool has_had_less(const Scheduler& s, const Machine& machine, const Machine& other) {
  const u64 most = weighted(machine, 2 * s.settings.slice) + weighted(other, 2 * s.settings.slice);
  return machine.virtual_time + most < other.virtual_time;
}

// Than one that has a core.
bool machine_is_behind(const Scheduler& s, const Machine& machine) {
  for (unsigned v = 0; v < s.vcpu_count; ++v) {
    const Machine& other = s.machines[s.vcpus[v].machine];
    if (s.vcpus[v].core != kNowhere && &other != &machine && has_had_less(s, machine, other)) return true;
  }
  return false;
}

// Of one that wants to run.
bool machine_is_ahead(const Scheduler& s, const Machine& machine) {
  for (unsigned v = 0; v < s.vcpu_count; ++v) {
    const Machine& other = s.machines[s.vcpus[v].machine];
    if (may_run(s, s.vcpus[v]) && &other != &machine && has_had_less(s, other, machine)) return true;
  }
  return false;
}

// The sibling with a core that has made more progress than it, by so many slices, and most of all.
unsigned leading_sibling(const Scheduler& s, const Vcpu& vcpu) {
  const Machine& machine = s.machines[vcpu.machine];
  unsigned found = kNobody;
  for (unsigned v = machine.first; v < machine.first + machine.count; ++v) {
    if (s.vcpus[v].core == kNowhere || vcpu.progress + 4 * s.settings.slice >= s.vcpus[v].progress) continue;
    if (found == kNobody || s.vcpus[v].progress > s.vcpus[found].progress) found = v;
  }
  return found;
}

// Queues may be unequal for some time, not for long.
bool is_behind(const Scheduler& s, unsigned v, unsigned) {
  const Vcpu& vcpu = s.vcpus[v];
  if (vcpu.core != kNowhere || vcpu.yielded) return false;
  const Machine& machine = s.machines[vcpu.machine];
  return machine_is_behind(s, machine) ||
         (leading_sibling(s, vcpu) != kNobody && !machine_is_ahead(s, machine));
}

// Where the machine has had enough, who is behind gets the leading sibling's core: no other machine pays for
// it.
void exchange_siblings(Scheduler& s, Placement& placement) {
  for (unsigned v = 0; v < s.vcpu_count; ++v) {
    const Vcpu& vcpu = s.vcpus[v];
    if (vcpu.core != kNowhere || vcpu.yielded || !may_run(s, vcpu) || is_placed(placement, v)) continue;
    const unsigned leader = leading_sibling(s, vcpu);
    if (leader == kNobody || !place_on(s, placement, v, s.vcpus[leader].core)) continue;
    s.vcpus[leader].slice_end = s.now;
  }
}

bool is_in_slice(const Scheduler& s, unsigned vcpu, unsigned) { return in_slice(s, s.vcpus[vcpu]); }
bool is_both(const Scheduler& s, unsigned vcpu, unsigned) {
  return is_in_slice(s, vcpu, 0) && is_owed_time(s, vcpu, 0);
}
bool is_queued(const Scheduler& s, unsigned vcpu, unsigned core) {
  return s.vcpus[vcpu].last == core && !s.vcpus[vcpu].yielded;
}
bool has_not_yielded(const Scheduler& s, unsigned vcpu, unsigned) { return !s.vcpus[vcpu].yielded; }
bool anybody(const Scheduler&, unsigned, unsigned) { return true; }

}  // namespace

void choose_from_queues(Scheduler& s, Placement& placement) {
  place_boosted(s, placement);
  place_all(s, placement, is_both);
  place_all(s, placement, is_owed_time);
  place_all(s, placement, is_behind);
  exchange_siblings(s, placement);
  place_all(s, placement, is_in_slice);
  for (unsigned core = 0; core < s.settings.cores; ++core) {
    if (placement.on[core] != kNobody) continue;
    const unsigned vcpu = best(s, placement, is_queued, core);
    if (vcpu != kNobody) place_on(s, placement, vcpu, core);
  }
  // Cores with empty queues take from the others'.
  place_all(s, placement, has_not_yielded);
  place_all(s, placement, anybody);
}

}  // namespace hvlab::hypervisor::schedule
