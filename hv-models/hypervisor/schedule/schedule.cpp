#include "hv-models/hypervisor/schedule/schedule.hpp"

#include "hv-models/hypervisor/schedule/policy.hpp"

namespace hvlab::hypervisor::schedule {
namespace {

constexpr const Policy* kPolicies[] = {&kStrict, &kRelaxed, &kBalance, &kCredit};

bool same(const char* left, const char* right) {
  for (; *left == *right; ++left, ++right) {
    if (*left == 0) return true;
  }
  return false;
}

// Who runs on `core` if it does as it was told. One with nothing to do can keep a core (strict.cpp).
unsigned target(const Scheduler& s, unsigned core) {
  const unsigned vcpu = s.cores[core].wanted;
  return vcpu != kNobody && wants_to_run(s.vcpus[vcpu]) ? vcpu : kNobody;
}

void set_state(Scheduler& s, Vcpu& vcpu, State state) {
  if (vcpu.state == state) return;
  // Ready and co-stopped are one wait.
  const bool goes_on_waiting = (vcpu.state == State::Ready && state == State::CoStopped) ||
                               (vcpu.state == State::CoStopped && state == State::Ready);
  if (!goes_on_waiting) vcpu.since = s.now;
  vcpu.state = state;
}

State waiting_state(const Vcpu& vcpu) { return vcpu.held ? State::CoStopped : State::Ready; }

// Who waits for a core, and who for siblings. A gang that does not fit is held back from the cores that are
// free for as many of its virtual processors: what is idle for the gang's sake is co-stopped time.
void tell_waiting_apart(Scheduler& s) {
  u32 idle = 0;
  for (unsigned core = 0; core < s.settings.cores; ++core) {
    if (s.cores[core].wanted == kNobody) idle |= 1u << core;
  }
  for (unsigned v = 0; v < s.vcpu_count; ++v) {
    Vcpu& vcpu = s.vcpus[v];
    if (!wants_to_run(vcpu)) continue;
    const u32 usable = idle & allowed_cores(s, s.machines[vcpu.machine]);
    const bool gang_is_held = s.policy->gangs && vcpu.core == kNowhere && may_run(s, vcpu) && usable != 0;
    if (gang_is_held) idle &= ~(usable & -usable);
    vcpu.held = gang_is_held || vcpu.leading;
    if (vcpu.state != State::Running) set_state(s, vcpu, waiting_state(vcpu));  // the others: take()
  }
}

void apply(Scheduler& s, const Placement& placement) {
  unsigned cores[kMostVcpus];
  for (unsigned v = 0; v < s.vcpu_count; ++v) cores[v] = kNowhere;
  for (unsigned core = 0; core < s.settings.cores; ++core) {
    s.cores[core].wanted = placement.on[core];
    if (placement.on[core] != kNobody) cores[placement.on[core]] = core;
  }
  for (unsigned v = 0; v < s.vcpu_count; ++v) {
    Vcpu& vcpu = s.vcpus[v];
    const bool fresh = vcpu.core == kNowhere || s.now >= vcpu.slice_end || vcpu.yielded;
    vcpu.core = cores[v];
    vcpu.yielded = false;
    if (vcpu.core == kNowhere) continue;
    vcpu.last = vcpu.core;
    if (fresh) vcpu.slice_end = s.now + s.settings.slice;
  }
}

bool somebody_waits(const Scheduler& s) {
  for (unsigned v = 0; v < s.vcpu_count; ++v) {
    if (s.vcpus[v].core == kNowhere && may_run(s, s.vcpus[v])) return true;
  }
  return false;
}

}  // namespace

const Policy* find_policy(const char* name) {
  for (const Policy* policy : kPolicies) {
    if (same(policy->name, name)) return policy;
  }
  return nullptr;
}
const char* name(const Policy& policy) { return policy.name; }

void set_up(Scheduler& s, const Policy& policy, const Settings& settings, Nanoseconds now) {
  s = {};
  s.policy = &policy;
  s.settings = settings;
  s.now = now;
  s.period_end = now + settings.period;
}

const char* add_machine(Scheduler& s, const Rights& rights, unsigned vcpus, unsigned& first) {
  if (s.machine_count == kMostMachines) return "too many virtual machines";
  Machine machine;
  machine.rights = rights;
  machine.first = first = s.vcpu_count;
  machine.count = vcpus;
  const u32 cores = allowed_cores(s, machine);
  if (cores == 0) return "it may run on none of the processors that there are";
  if (s.policy->gangs && vcpus > count_cores(cores))
    return "strict co-scheduling needs a processor for each virtual one";
  if (rights.reservation > 100 * vcpus) return "its reservation is more than its virtual processors can use";
  if (rights.limit != 0 && rights.reservation > rights.limit) return "its reservation is above its limit";
  if (const char* why = refuse(s, machine); why != nullptr) return why;
  for (unsigned v = 0; v < vcpus; ++v) {
    s.vcpus[first + v] = {};
    s.vcpus[first + v].machine = s.machine_count;
    s.vcpus[first + v].since = s.now;
    s.vcpus[first + v].last = v % s.settings.cores;
  }
  s.vcpu_count += vcpus;
  s.machines[s.machine_count++] = machine;
  s.periods_matter = s.periods_matter || rights.reservation != 0 || rights.limit != 0;
  return nullptr;
}

void wake(Scheduler& s, unsigned vcpu, Nanoseconds now) {
  advance(s, now);
  if (s.vcpus[vcpu].state != State::Halted) return;
  forget_sleep(s, s.machines[s.vcpus[vcpu].machine]);
  set_state(s, s.vcpus[vcpu], State::Ready);
}

void halt(Scheduler& s, unsigned vcpu, Nanoseconds now) {
  advance(s, now);
  set_state(s, s.vcpus[vcpu], State::Halted);
  s.vcpus[vcpu].leading = s.vcpus[vcpu].held = false;
  for (Core& core : s.cores) {
    if (core.current == vcpu) core.current = kNobody;
  }
}

u32 assign(Scheduler& s, Nanoseconds now) {
  advance(s, now);
  s.due = false;
  forget_old_claims(s);
  for (Machine& machine : s.machines) machine.placed = 0;
  Placement placement;
  clear(placement);
  s.policy->choose(s, placement);
  apply(s, placement);
  tell_waiting_apart(s);
  u32 changed = 0;
  for (unsigned core = 0; core < s.settings.cores; ++core) {
    if (target(s, core) != s.cores[core].current) changed |= 1u << core;
  }
  return changed;
}

u32 take(Scheduler& s, unsigned core, Nanoseconds now) {
  advance(s, now);
  const unsigned old = s.cores[core].current, next = target(s, core);
  if (old == next) return 0;
  u32 waiting = 0;
  s.cores[core].current = kNobody;
  if (old != kNobody) {
    set_state(s, s.vcpus[old], waiting_state(s.vcpus[old]));
    if (s.vcpus[old].core != kNowhere) waiting = 1u << s.vcpus[old].core;
  }
  if (next == kNobody || s.vcpus[next].state == State::Running) return waiting;  // who runs it says so
  s.cores[core].current = next;
  set_state(s, s.vcpus[next], State::Running);
  return waiting;
}

Nanoseconds next_event(const Scheduler& s, unsigned core) {
  if (s.due) return s.now;
  Nanoseconds next = kNoEvent;
  const auto at = [&](Nanoseconds time) {
    if (time > s.now && time < next) next = time;
  };
  if (s.periods_matter) at(s.period_end);
  const unsigned vcpu = s.cores[core].current;
  if (vcpu == kNobody) return next;
  const Machine& machine = s.machines[s.vcpus[vcpu].machine];
  if (somebody_waits(s)) at(s.policy->gangs ? s.round_end : s.vcpus[vcpu].slice_end);
  unsigned running = 0;
  for (unsigned v = machine.first; v < machine.first + machine.count; ++v) {
    if (s.vcpus[v].state == State::Running) ++running;
  }
  at(next_right(s, machine, running));
  if (s.policy->next_event != nullptr) at(s.policy->next_event(s, vcpu));
  return next;
}

}  // namespace hvlab::hypervisor::schedule
