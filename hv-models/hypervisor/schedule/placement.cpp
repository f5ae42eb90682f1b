#include "hv-models/hypervisor/schedule/policy.hpp"

namespace hvlab::hypervisor::schedule {
namespace {

u32 cores_of(const Scheduler& s, unsigned vcpu) {
  return allowed_cores(s, s.machines[s.vcpus[vcpu].machine]);
}

bool is_free(const Placement& placement, u32 allowed, unsigned core) {
  return core != kNowhere && (allowed >> core & 1) != 0 && placement.on[core] == kNobody;
}

// A free core that it may use: where it is, where it was, where nobody runs, any.
unsigned free_core(const Scheduler& s, const Placement& placement, unsigned vcpu) {
  const u32 allowed = cores_of(s, vcpu);
  if (is_free(placement, allowed, s.vcpus[vcpu].core)) return s.vcpus[vcpu].core;
  if (s.vcpus[vcpu].last < s.settings.cores && is_free(placement, allowed, s.vcpus[vcpu].last))
    return s.vcpus[vcpu].last;
  unsigned any = kNowhere;
  for (unsigned core = 0; core < s.settings.cores; ++core) {
    if (!is_free(placement, allowed, core)) continue;
    if (s.cores[core].wanted == kNobody) return core;
    if (any == kNowhere) any = core;
  }
  return any;
}

// Makes room by moving those who have a core: an augmenting path, so that nobody is refused while any
// arrangement has a core for all.
bool make_room(const Scheduler& s, Placement& placement, unsigned vcpu, u32& visited) {
  if (const unsigned core = free_core(s, placement, vcpu); core != kNowhere) {
    placement.on[core] = vcpu;
    return true;
  }
  for (unsigned core = 0; core < s.settings.cores; ++core) {
    const u32 bit = 1u << core;
    if ((cores_of(s, vcpu) & ~visited & bit) == 0) continue;
    visited |= bit;
    if (!make_room(s, placement, placement.on[core], visited)) continue;
    placement.on[core] = vcpu;
    return true;
  }
  return false;
}

// Of siblings the one whose slice is not over, then who is furthest behind, then who has waited longest.
bool goes_before(const Scheduler& s, const Vcpu& left, const Vcpu& right) {
  if (left.machine != right.machine)
    return better_claim(s, s.machines[left.machine], s.machines[right.machine]);
  if (in_slice(s, left) != in_slice(s, right)) return in_slice(s, left);
  return left.progress != right.progress ? left.progress < right.progress : left.since < right.since;
}

}  // namespace

void clear(Placement& placement) {
  for (unsigned& vcpu : placement.on) vcpu = kNobody;
}

bool is_placed(const Placement& placement, unsigned vcpu) {
  for (const unsigned placed : placement.on) {
    if (placed == vcpu) return true;
  }
  return false;
}

bool place(Scheduler& s, Placement& placement, unsigned vcpu) {
  u32 visited = 0;
  if (!make_room(s, placement, vcpu, visited)) return false;
  ++s.machines[s.vcpus[vcpu].machine].placed;
  return true;
}

bool place_on(Scheduler& s, Placement& placement, unsigned vcpu, unsigned core) {
  if (!is_free(placement, cores_of(s, vcpu), core)) return false;
  placement.on[core] = vcpu;
  ++s.machines[s.vcpus[vcpu].machine].placed;
  return true;
}

void place_boosted(Scheduler& s, Placement& placement) {
  for (unsigned core = 0; core < s.settings.cores; ++core) {
    const unsigned vcpu = s.cores[core].boosted;
    s.cores[core].boosted = kNobody;
    if (vcpu != kNobody && may_run(s, s.vcpus[vcpu])) place_on(s, placement, vcpu, core);
  }
}

bool in_slice(const Scheduler& s, const Vcpu& vcpu) {
  return vcpu.core != kNowhere && s.now < vcpu.slice_end && !vcpu.yielded;
}

unsigned best(const Scheduler& s, const Placement& placement, Filter wanted, unsigned argument,
              const bool* refused) {
  unsigned found = kNobody;
  for (unsigned v = 0; v < s.vcpu_count; ++v) {
    const Vcpu& vcpu = s.vcpus[v];
    if ((refused != nullptr && refused[v]) || !may_run(s, vcpu) || !wanted(s, v, argument) ||
        is_placed(placement, v))
      continue;
    if (found == kNobody || goes_before(s, vcpu, s.vcpus[found])) found = v;
  }
  return found;
}

void place_all(Scheduler& s, Placement& placement, Filter wanted) {
  bool refused[kMostVcpus] = {};
  for (unsigned v; (v = best(s, placement, wanted, 0, refused)) != kNobody;) {
    if (!place(s, placement, v)) refused[v] = true;
  }
}

}  // namespace hvlab::hypervisor::schedule
