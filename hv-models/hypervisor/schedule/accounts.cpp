// Where the time of virtual processors and machines went.
#include "hv-models/hypervisor/schedule/policy.hpp"

namespace hvlab::hypervisor::schedule {
namespace {

void charge(Vcpu& vcpu, bool machine_limited, Nanoseconds time) {
  vcpu.times[static_cast<unsigned>(vcpu.state)] += time;
  if (machine_limited && vcpu.state == State::Ready) vcpu.limited += time;
}

// Who runs makes progress. Who has nothing to do misses nothing, and gets ahead of nobody. Who waits falls
// behind.
void move_on(Scheduler& s, const Machine& machine, Nanoseconds time) {
  u64 most = 0;  // of those that run
  for (unsigned v = machine.first; v < machine.first + machine.count; ++v) {
    Vcpu& vcpu = s.vcpus[v];
    if (vcpu.state != State::Running) continue;
    vcpu.progress += time;
    if (vcpu.progress > most) most = vcpu.progress;
  }
  for (unsigned v = machine.first; v < machine.first + machine.count; ++v) {
    Vcpu& vcpu = s.vcpus[v];
    if (vcpu.state != State::Halted || vcpu.progress >= most) continue;
    vcpu.progress = most - vcpu.progress > time ? vcpu.progress + time : most;
  }
  for (unsigned v = machine.first; v < machine.first + machine.count; ++v) {
    if (wants_to_run(s.vcpus[v]) && s.vcpus[v].progress > most) most = s.vcpus[v].progress;
  }
  for (unsigned v = machine.first; v < machine.first + machine.count; ++v) {
    Vcpu& vcpu = s.vcpus[v];
    if (wants_to_run(vcpu) && most - vcpu.progress > vcpu.most_skew) vcpu.most_skew = most - vcpu.progress;
  }
}

void charge(Scheduler& s, Machine& machine, Nanoseconds time) {
  unsigned running = 0, held = 0;
  for (unsigned v = machine.first; v < machine.first + machine.count; ++v) {
    charge(s.vcpus[v], machine.limited, time);
    if (s.vcpus[v].state == State::Running) ++running;
    if (s.vcpus[v].core != kNowhere) ++held;
  }
  if (running != 0) move_on(s, machine, time);
  machine.used += running * time;
  machine.virtual_time += weighted(machine, (s.policy->gangs ? held : running) * time);
}

void advance_within_period(Scheduler& s, Nanoseconds now) {
  const Nanoseconds time = now - s.now;
  if (time != 0) {
    for (unsigned i = 0; i < s.machine_count; ++i) charge(s, s.machines[i], time);
  }
  s.now = now;
}

// A remainder that is less than a nanosecond for each that runs is no time to run in.
void find_limited(Scheduler& s) {
  for (unsigned i = 0; i < s.machine_count; ++i) {
    Machine& machine = s.machines[i];
    const Nanoseconds most = s.settings.period * machine.rights.limit / 100;
    machine.limited = machine.rights.limit != 0 && machine.used + machine.count > most;
  }
}

}  // namespace

void advance(Scheduler& s, Nanoseconds now) {
  if (now <= s.now) return;
  for (unsigned core = 0; core < s.settings.cores && !s.due; ++core) s.due = next_event(s, core) <= now;
  while (now >= s.period_end) {
    advance_within_period(s, s.period_end);
    begin_period(s);
  }
  advance_within_period(s, now);
  find_limited(s);
}

}  // namespace hvlab::hypervisor::schedule
