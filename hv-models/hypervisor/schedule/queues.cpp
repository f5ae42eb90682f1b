#include "hv-models/hypervisor/schedule/queues.hpp"

namespace hvlab::hypervisor::schedule {
namespace {

bool is_owed_time(const Scheduler& s, unsigned vcpu, unsigned) {
  return is_owed(s, s.machines[s.vcpus[vcpu].machine]);
}

// Its machine has had less, by so many slices, than another one that has a core.
bool machine_is_behind(const Scheduler& s, const Machine& machine) {
  for (unsigned v = 0; v < s.vcpu_count; ++v) {
    const Machine& other = s.machines[s.vcpus[v].machine];
    if (s.vcpus[v].core == kNowhere || &other == &machine) continue;
    const u64 most = weighted(machine, 2 * s.settings.slice) + weighted(other, 2 * s.settings.slice);
    if (machine.virtual_time + most < other.virtual_time) return true;
  }
  return false;
}

// It has made less progress, by so many slices, than a sibling that has a core.
bool is_behind_siblings(const Scheduler& s, const Vcpu& vcpu) {
  const Machine& machine = s.machines[vcpu.machine];
  for (unsigned v = machine.first; v < machine.first + machine.count; ++v) {
    if (s.vcpus[v].core != kNowhere && vcpu.progress + 4 * s.settings.slice < s.vcpus[v].progress)
      return true;
  }
  return false;
}

// Queues may be unequal for some time, not for long.
bool is_behind(const Scheduler& s, unsigned v, unsigned) {
  const Vcpu& vcpu = s.vcpus[v];
  if (vcpu.core != kNowhere || vcpu.yielded) return false;
  return is_behind_siblings(s, vcpu) || machine_is_behind(s, s.machines[vcpu.machine]);
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
