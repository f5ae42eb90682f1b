// Relaxed co-scheduling (VMware ESX from 3.0 on): virtual processors are chosen one by one, but none may get
// further ahead of its slowest sibling than the skew bound. Only the one that leads stops, and only until the
// others have caught up by half of the bound; those behind are started one by one, the slowest first. One
// that has nothing to do falls behind nobody.
#include "hv-models/hypervisor/schedule/policy.hpp"

namespace hvlab::hypervisor::schedule {
namespace {

constexpr u64 kNone = ~u64{0};

// Of those that want to run: an idle one cannot be waited for.
u64 least_progress(const Scheduler& s, const Machine& machine) {
  u64 least = kNone;
  for (unsigned v = machine.first; v < machine.first + machine.count; ++v) {
    if (wants_to_run(s.vcpus[v]) && s.vcpus[v].progress < least) least = s.vcpus[v].progress;
  }
  return least;
}

void find_leaders(Scheduler& s, const Machine& machine) {
  const u64 least = least_progress(s, machine);
  for (unsigned v = machine.first; v < machine.first + machine.count; ++v) {
    Vcpu& vcpu = s.vcpus[v];
    const u64 lead = wants_to_run(vcpu) ? vcpu.progress - least : 0;
    vcpu.leading = lead > (vcpu.leading ? s.settings.skew / 2 : s.settings.skew - 1);
  }
}

bool is_in_slice(const Scheduler& s, unsigned vcpu, unsigned) { return in_slice(s, s.vcpus[vcpu]); }
bool is_owed_time(const Scheduler& s, unsigned vcpu, unsigned) {
  return is_owed(s, s.machines[s.vcpus[vcpu].machine]);
}
bool is_both(const Scheduler& s, unsigned vcpu, unsigned) {
  return is_in_slice(s, vcpu, 0) && is_owed_time(s, vcpu, 0);
}
bool has_not_yielded(const Scheduler& s, unsigned vcpu, unsigned) { return !s.vcpus[vcpu].yielded; }
bool anybody(const Scheduler&, unsigned, unsigned) { return true; }

void choose(Scheduler& s, Placement& placement) {
  for (unsigned i = 0; i < s.machine_count; ++i) find_leaders(s, s.machines[i]);
  place_boosted(s, placement);
  constexpr Filter kOrder[] = {is_both, is_owed_time, is_in_slice, has_not_yielded, anybody};
  for (const Filter filter : kOrder) place_all(s, placement, filter);
}

// When it would be a leader, and when a leader of its machine may be none any more because it has caught up.
Nanoseconds next_skew_event(const Scheduler& s, unsigned vcpu) {
  const Machine& machine = s.machines[s.vcpus[vcpu].machine];
  const u64 least = least_progress(s, machine);
  if (least == kNone) return kNoEvent;
  Nanoseconds next = kNoEvent;
  for (unsigned v = machine.first; v < machine.first + machine.count; ++v) {
    const Vcpu& other = s.vcpus[v];
    if (!wants_to_run(other)) continue;
    const u64 lead = other.progress - least;
    if (v == vcpu ? lead >= s.settings.skew : !other.leading || lead <= s.settings.skew / 2) continue;
    const u64 left = v == vcpu ? s.settings.skew - lead : lead - s.settings.skew / 2;
    if (s.now + left < next) next = s.now + left;
  }
  return next;
}

}  // namespace

const Policy kRelaxed = {"relaxed", false, choose, next_skew_event};

}  // namespace hvlab::hypervisor::schedule
