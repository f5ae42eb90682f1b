// Virtual processors with loads of random kinds under a policy, event by event: time passes from one moment
// at which something happens to the next. Cores do at once what they are told.
#pragma once

#include <algorithm>
#include <random>
#include <vector>

#include "hv-models/hypervisor/schedule/schedule.hpp"

namespace hvlab::test {

using namespace hypervisor::schedule;  // NOLINT(google-build-using-namespace): all of it is about it

inline constexpr Nanoseconds kUs = 1000, kMs = 1'000'000;

/// Numbers of 32 bits, the same for the same seed everywhere.
class Random {
 public:
  explicit Random(u32 seed) : engine_(seed) {}
  u32 operator()() { return static_cast<u32>(engine_()); }

 private:
  std::mt19937 engine_;
};

/// What a virtual processor does: runs for `run` of its own time, then has nothing to do for `sleep`; 0 for
/// ever. Times vary between half and one and a half of that. It spins (a PAUSE exit) every so often.
struct Load {
  Nanoseconds run = 0, sleep = 0, pause = 0;
};

struct MachineUnderTest {
  Rights rights;
  std::vector<Load> loads;  // one for each virtual processor
};

/// What one machine of a test has had, counted apart from the scheduler's own accounts.
struct Counted {
  Nanoseconds ran = 0, in_period = 0, least_in_period = kNoEvent, most_in_period = 0;
};

class Harness {
 public:
  Harness(const char* policy, const Settings& settings, const std::vector<MachineUnderTest>& machines,
          unsigned seed, OnPause on_pause = OnPause::Directed)
      : random_(seed), on_pause_(on_pause) {
    set_up(s, *find_policy(policy), settings, 0);
    for (const MachineUnderTest& machine : machines) {
      unsigned first = 0;
      refused = add_machine(s, machine.rights, static_cast<unsigned>(machine.loads.size()), first);
      if (refused != nullptr) return;
      for (const Load& load : machine.loads) activities_.push_back({load, kNoEvent, kNoEvent, 0});
    }
    counted.resize(s.machine_count);
    for (Activity& activity : activities_) activity.wakes = vary(kMs);
  }

  /// Until `end`; `check` is called after each decision, and says false to stop.
  template <typename Check>
  bool run(Nanoseconds end, Check check) {
    while (now < end) {
      const Nanoseconds next = std::min(end, next_moment());
      pass(next);
      happen();
      decide();
      if (!check()) return false;
    }
    return true;
  }

  Scheduler s;
  const char* refused = nullptr;
  Nanoseconds now = 0, idle = 0;
  std::vector<Counted> counted;
  Nanoseconds longest_wait = 0;
  u64 trace = 1469598103934665603u;  // of all decisions (FNV)
  unsigned long decisions = 0;

 private:
  struct Activity {
    Load load;
    Nanoseconds wakes, left, until_pause;
  };

  Nanoseconds vary(Nanoseconds time) { return time / 2 + random_() % (time + 1); }

  Nanoseconds next_moment() {
    Nanoseconds next = period_start_ + s.settings.period;
    for (unsigned core = 0; core < s.settings.cores; ++core) next = std::min(next, next_event(s, core));
    for (unsigned v = 0; v < s.vcpu_count; ++v) {
      const Activity& of = activities_[v];
      if (s.vcpus[v].state == State::Halted) next = std::min(next, of.wakes);
      if (s.vcpus[v].state != State::Running) continue;
      if (of.left != kNoEvent) next = std::min(next, now + of.left);
      if (of.load.pause != 0) next = std::min(next, now + of.until_pause);
    }
    return std::max(next, now);
  }

  void pass(Nanoseconds to) {
    const Nanoseconds time = to - now;
    for (unsigned core = 0; core < s.settings.cores; ++core) {
      if (s.cores[core].current == kNobody) idle += time;
    }
    for (unsigned v = 0; v < s.vcpu_count; ++v) {
      const Vcpu& vcpu = s.vcpus[v];
      if (vcpu.state == State::Ready || vcpu.state == State::CoStopped)
        longest_wait = std::max(longest_wait, to - vcpu.since);
      if (vcpu.state != State::Running) continue;
      Activity& of = activities_[v];
      if (of.left != kNoEvent) of.left -= time;
      of.until_pause -= std::min(of.until_pause, time);
      counted[vcpu.machine].ran += time;
      counted[vcpu.machine].in_period += time;
    }
    now = to;
    if (now < period_start_ + s.settings.period) return;
    period_start_ += s.settings.period;
    for (Counted& each : counted) {
      // The first periods are those in which machines start.
      if (period_start_ > 2 * s.settings.period)
        each.least_in_period = std::min(each.least_in_period, each.in_period);
      each.most_in_period = std::max(each.most_in_period, each.in_period);
      each.in_period = 0;
    }
  }

  void happen() {
    for (unsigned v = 0; v < s.vcpu_count; ++v) {
      Activity& of = activities_[v];
      if (s.vcpus[v].state == State::Halted && of.wakes <= now) {
        of.left = of.load.run != 0 ? vary(of.load.run) + 1 : kNoEvent;
        of.until_pause = of.load.pause != 0 ? vary(of.load.pause) + 1 : kNoEvent;
        wake(s, v, now);
      } else if (s.vcpus[v].state == State::Running && of.left == 0) {
        of.wakes = now + vary(of.load.sleep) + 1;
        halt(s, v, now);
      } else if (s.vcpus[v].state == State::Running && of.load.pause != 0 && of.until_pause == 0) {
        of.until_pause = vary(of.load.pause) + 1;
        spins(s, v, on_pause_, now);
      }
    }
  }

  // A core may have to wait until another one has let go: in any order all are settled after some rounds.
  void decide() {
    u32 look = assign(s, now);
    for (unsigned round = 0; look != 0 && round < 100; ++round) {
      const unsigned core = random_() % s.settings.cores;
      if ((look >> core & 1) == 0) continue;
      look = (look & ~(1u << core)) | take(s, core, now);
    }
    ++decisions;
    for (unsigned core = 0; core < s.settings.cores; ++core) note(s.cores[core].current);
    note(static_cast<u32>(now));
  }
  void note(u32 value) { trace = (trace ^ value) * 1099511628211u; }

  Random random_;
  OnPause on_pause_;
  std::vector<Activity> activities_;
  Nanoseconds period_start_ = 0;
};

}  // namespace hvlab::test
