// The policies that choose virtual processors, over random loads: what each promises at every moment, and
// what comes of it in the long run.
#include <catch2/catch.hpp>
#include <string>

#include "schedule_harness.hpp"

using namespace hvlab;
using namespace hvlab::test;

namespace {

constexpr const char* kPolicies[] = {"strict", "relaxed", "balance", "credit"};
constexpr unsigned kSeeds = 20;
const Load kBusy = {0, 0, 0};

u32 allowed(const Scheduler& s, unsigned vcpu) {
  return s.machines[s.vcpus[vcpu].machine].rights.cores & core_mask(s);
}

// Anything that can be: machines and rights that the policy does not refuse.
std::vector<MachineUnderTest> random_machines(unsigned seed, unsigned cores, bool limits) {
  Random random(seed * 7919 + cores);
  std::vector<MachineUnderTest> machines(1 + random() % 4);
  for (MachineUnderTest& machine : machines) {
    machine.rights.shares = 100 + random() % 2000;
    if (limits && random() % 3 == 0) machine.rights.limit = 20 + random() % 150;
    const unsigned vcpus = 1 + random() % cores;
    for (unsigned v = 0; v < vcpus; ++v) {
      Load load;
      if (random() % 3 != 0) load = {(1 + random() % 8000) * kUs, (1 + random() % 5000) * kUs, 0};
      if (random() % 3 == 0) load.pause = (20 + random() % 500) * kUs;
      machine.loads.push_back(load);
    }
  }
  return machines;
}

template <typename Check>
void over_random_loads(const char* policy, Check check, bool limits = true) {
  for (unsigned seed = 1; seed <= kSeeds; ++seed) {
    Settings settings;
    settings.cores = 1 + seed % 6;
    Harness h(policy, settings, random_machines(seed, settings.cores, limits), seed);
    CAPTURE(policy, seed, settings.cores);
    REQUIRE(h.refused == nullptr);
    const bool held = h.run(500 * kMs, [&] { return check(h); });
    CAPTURE(h.now, h.decisions);
    REQUIRE(held);
    REQUIRE(h.decisions > 20);
  }
}

bool cores_are_sound(const Harness& h) {
  const Scheduler& s = h.s;
  unsigned running = 0, current = 0;
  for (unsigned core = 0; core < s.settings.cores; ++core) {
    const unsigned vcpu = s.cores[core].current;
    if (vcpu == kNobody) continue;
    ++current;
    if (s.vcpus[vcpu].state != State::Running || (allowed(s, vcpu) >> core & 1) == 0) return false;
    for (unsigned other = 0; other < core; ++other) {
      if (s.cores[other].current == vcpu) return false;
    }
  }
  for (unsigned v = 0; v < s.vcpu_count; ++v) running += s.vcpus[v].state == State::Running ? 1 : 0;
  return running == current;
}

bool no_core_is_idle_in_vain(const Harness& h) {
  const Scheduler& s = h.s;
  for (unsigned core = 0; core < s.settings.cores; ++core) {
    if (s.cores[core].current != kNobody) continue;
    for (unsigned v = 0; v < s.vcpu_count; ++v) {
      if (s.vcpus[v].state == State::Ready && !s.machines[s.vcpus[v].machine].limited &&
          (allowed(s, v) >> core & 1) != 0)
        return false;
    }
  }
  return true;
}

bool gangs_are_whole(const Harness& h) {
  const Scheduler& s = h.s;
  for (unsigned i = 0; i < s.machine_count; ++i) {
    unsigned have = 0, run = 0, want = 0;
    for (unsigned v = s.machines[i].first; v < s.machines[i].first + s.machines[i].count; ++v) {
      have += s.vcpus[v].core != kNowhere ? 1 : 0;
      run += s.vcpus[v].state == State::Running ? 1 : 0;
      want += wants_to_run(s.vcpus[v]) ? 1 : 0;
    }
    if (have != 0 && (have != s.machines[i].count || run != want)) return false;
    if (have == 0 && run != 0) return false;
  }
  return true;
}

bool siblings_queue_apart(const Harness& h) {
  const Scheduler& s = h.s;
  for (unsigned v = 0; v < s.vcpu_count; ++v) {
    if (s.machines[s.vcpus[v].machine].count > static_cast<unsigned>(__builtin_popcount(allowed(s, v))))
      continue;
    for (unsigned w = 0; w < v; ++w) {
      if (s.vcpus[w].machine != s.vcpus[v].machine || !wants_to_run(s.vcpus[v]) || !wants_to_run(s.vcpus[w]))
        continue;
      if (s.vcpus[v].last == s.vcpus[w].last) return false;
    }
  }
  return true;
}

MachineUnderTest busy(unsigned vcpus, const Rights& rights = {}) {
  return {rights, std::vector<Load>(vcpus, kBusy)};
}

}  // namespace

// Would catch: a virtual processor taken before another core has let it go, a core that it may not use.
TEST_CASE("schedule: no virtual processor is on two cores, or where it may not be") {
  for (const char* policy : kPolicies) over_random_loads(policy, cores_are_sound);
}

// Would catch: a slice, wake-up, halt or end of a limit after which nobody looks for work.
TEST_CASE("schedule: relaxed, balance and credit never leave a core idle while somebody may run there") {
  for (const char* policy : {"relaxed", "balance", "credit"})
    over_random_loads(policy, no_core_is_idle_in_vain);
}

// Would catch: a part of a machine that starts or stops alone.
TEST_CASE("schedule: under strict a machine has all its cores, or none, at every moment") {
  over_random_loads("strict", gangs_are_whole);
}

// Would catch: a wake-up or a move that puts two of a machine into one queue.
TEST_CASE("schedule: under balance siblings are never in the same queue") {
  over_random_loads("balance", siblings_queue_apart);
}

// Would catch: a leader that is stopped too late; idle time that counts as falling behind, or lets one lead.
TEST_CASE("schedule: under relaxed nobody falls behind by more than the bound") {
  for (const Nanoseconds skew : {500 * kUs, 3 * kMs}) {
    for (unsigned seed = 1; seed <= kSeeds; ++seed) {
      Settings settings;
      settings.cores = 1 + seed % 6;
      settings.skew = skew;
      Harness h("relaxed", settings, random_machines(seed, settings.cores, true), seed);
      h.run(500 * kMs, [] { return true; });
      CAPTURE(seed, skew);
      for (unsigned v = 0; v < h.s.vcpu_count; ++v) REQUIRE(h.s.vcpus[v].most_skew <= skew);
    }
  }
}

// The bound once more, counted here and not by the scheduler: with loads that never halt it is a difference
// of running times.
TEST_CASE("schedule: under relaxed running times of busy siblings differ by no more than the bound") {
  for (unsigned seed = 1; seed <= kSeeds; ++seed) {
    Settings settings;
    settings.cores = 2 + seed % 5;
    Harness h("relaxed", settings, {busy(settings.cores), busy(1 + seed % 3), busy(2)}, seed);
    const bool held = h.run(400 * kMs, [&] {
      if (h.now < 2 * kMs) return true;  // they wake one after the other
      for (unsigned i = 0; i < h.s.machine_count; ++i) {
        Nanoseconds least = kNoEvent, most = 0;
        for (unsigned v = h.s.machines[i].first; v < h.s.machines[i].first + h.s.machines[i].count; ++v) {
          least = std::min(least, h.s.vcpus[v].times[0]);
          most = std::max(most, h.s.vcpus[v].times[0]);
        }
        // Those that woke later ran less by up to the time that passed before.
        if (most - least > settings.skew + 2 * kMs) return false;
      }
      return true;
    });
    CAPTURE(seed, h.now);
    REQUIRE(held);
  }
}

// Would catch: a limit that is looked at only when a slice ends; all of a machine's cores counted as one.
TEST_CASE("schedule: no machine ever has more than its limit in a period") {
  for (const char* policy : kPolicies) {
    for (unsigned seed = 1; seed <= kSeeds; ++seed) {
      Settings settings;
      settings.cores = 1 + seed % 6;
      Harness h(policy, settings, random_machines(seed, settings.cores, true), seed);
      h.run(500 * kMs, [] { return true; });
      for (unsigned i = 0; i < h.s.machine_count; ++i) {
        const Rights& rights = h.s.machines[i].rights;
        CAPTURE(policy, seed, i, rights.limit);
        if (rights.limit != 0) REQUIRE(h.counted[i].most_in_period <= settings.period * rights.limit / 100);
      }
    }
  }
}

// Busy machines have more cores than limits and shares would need: a limited one gets its limit, not less.
TEST_CASE("schedule: a busy machine with a limit gets that much when nobody else wants the cores") {
  for (const char* policy : kPolicies) {
    Settings settings;
    settings.cores = 4;
    Harness h(policy, settings, {busy(2, {.limit = 75})}, 1);
    h.run(1000 * kMs, [] { return true; });
    const double part = static_cast<double>(h.counted[0].ran) / 1e9;
    CAPTURE(policy);
    CHECK(part == Approx(0.75).margin(0.01));
  }
}

// Would catch: reservations that only shares decide about; one that is met first and leaves too little of the
// period for another. Tolerance: a slice of one core in each period.
TEST_CASE("schedule: a busy machine has its reservation in every period, whatever the others' shares") {
  struct Case {
    unsigned cores;
    Rights rights[3];
    unsigned vcpus[3];
    bool strict;
  };
  const Case cases[] = {
      {4, {{.shares = 10, .reservation = 200}, {.shares = 10'000}, {.shares = 5'000}}, {4, 4, 4}, true},
      {4,
       {{.shares = 10, .reservation = 150}, {.shares = 10, .reservation = 150}, {.shares = 10'000}},
       {4, 2, 4},
       false},
      {2,
       {{.shares = 1, .reservation = 50}, {.shares = 1000, .reservation = 50}, {.shares = 1000}},
       {1, 2, 2},
       true},
      {4,
       {{.shares = 10, .reservation = 100, .cores = 1}, {.shares = 10'000}, {.shares = 5'000}},
       {1, 4, 4},
       false},
      {3,
       {{.shares = 10, .reservation = 220}, {.shares = 10, .reservation = 60}, {.shares = 9000}},
       {3, 1, 3},
       false},
  };
  for (const char* policy : kPolicies) {
    for (const Case& c : cases) {
      if (std::string(policy) == "strict" && !c.strict) continue;  // refused: gangs could not keep it
      Settings settings;
      settings.cores = c.cores;
      std::vector<MachineUnderTest> machines;
      for (unsigned i = 0; i < 3; ++i) machines.push_back(busy(c.vcpus[i], c.rights[i]));
      Harness h(policy, settings, machines, 1);
      CAPTURE(policy, &c - cases);
      REQUIRE(h.refused == nullptr);
      h.run(1000 * kMs, [] { return true; });
      for (unsigned i = 0; i < 3; ++i) {
        const Nanoseconds reserved = settings.period * c.rights[i].reservation / 100;
        CAPTURE(i, reserved, h.counted[i].least_in_period);
        CHECK(h.counted[i].least_in_period + settings.slice >= reserved);
        CHECK(h.counted[i].ran + 100 * kMs / 4 >= 50 * reserved);
      }
    }
  }
}

// Busy machines that could each use all cores. Tolerance: 3 % of all processor time.
TEST_CASE("schedule: in the long run machines with equal demand have the processors as their shares say") {
  for (const char* policy : kPolicies) {
    for (unsigned seed = 1; seed <= 20; ++seed) {
      Random random(seed);
      Settings settings;
      settings.cores = 1 + seed % 5;
      std::vector<MachineUnderTest> machines;
      unsigned all = 0;
      for (unsigned i = 0; i < 2 + seed % 3; ++i) {
        machines.push_back(busy(settings.cores, {.shares = 200 + 100 * (random() % 10)}));
        all += machines.back().rights.shares;
      }
      Harness h(policy, settings, machines, seed);
      h.run(2000 * kMs, [] { return true; });
      for (unsigned i = 0; i < machines.size(); ++i) {
        const double part = static_cast<double>(h.counted[i].ran) / 2e9 / settings.cores;
        CAPTURE(policy, seed, settings.cores, i, machines[i].rights.shares, all);
        CHECK(part == Approx(static_cast<double>(machines[i].rights.shares) / all).margin(0.03));
      }
    }
  }
}

// Would catch: a sibling that is never chosen, a gang that never finds all its cores free at once. Equal
// shares, no limits: up to four machines, each of which may be ahead of another by four slices, and of six
// times as many virtual processors as cores.
TEST_CASE("schedule: nobody starves") {
  for (const char* policy : kPolicies) {
    Nanoseconds longest = 0;
    for (unsigned seed = 1; seed <= kSeeds; ++seed) {
      Settings settings;
      settings.cores = 1 + seed % 6;
      std::vector<MachineUnderTest> machines = random_machines(seed, settings.cores, false);
      for (MachineUnderTest& machine : machines) machine.rights.shares = 1000;
      Harness h(policy, settings, machines, seed);
      h.run(500 * kMs, [] { return true; });
      longest = std::max(longest, h.longest_wait);
    }
    CAPTURE(policy);
    CHECK(longest < 24 * Settings{}.slice);
  }
}

TEST_CASE("schedule: accounts add up to the time that has passed, exactly") {
  for (const char* policy : kPolicies) {
    over_random_loads(policy, [](const Harness& h) {
      Nanoseconds ran = 0, counted = 0;
      for (unsigned v = 0; v < h.s.vcpu_count; ++v) {
        const Vcpu& vcpu = h.s.vcpus[v];
        Nanoseconds sum = 0;
        for (const Nanoseconds time : vcpu.times) sum += time;
        if (sum != h.now || vcpu.limited > vcpu.times[1]) return false;
        ran += vcpu.times[0];
      }
      for (const Counted& each : h.counted) counted += each.ran;
      return ran == counted && ran + h.idle == h.now * h.s.settings.cores;
    });
  }
}

TEST_CASE("schedule: the same loads lead to the same decisions") {
  for (const char* policy : kPolicies) {
    for (unsigned seed = 1; seed <= 10; ++seed) {
      u64 traces[2];
      for (u64& trace : traces) {
        Settings settings;
        settings.cores = 4;
        Harness h(policy, settings, random_machines(seed, 4, true), seed);
        h.run(200 * kMs, [] { return true; });
        trace = h.trace;
      }
      CAPTURE(policy, seed);
      CHECK(traces[0] == traces[1]);
    }
  }
}

// The reference case: four cores, one machine of four, one of two, all of it busy.
TEST_CASE("schedule: four cores, machines of four and of two") {
  for (const char* policy : kPolicies) {
    Settings settings;
    settings.cores = 4;
    Harness h(policy, settings, {busy(4), busy(2)}, 1);
    bool idle_while_a_waits = false;
    h.run(1000 * kMs, [&] {
      unsigned idle = 0;
      for (unsigned core = 0; core < 4; ++core) idle += h.s.cores[core].current == kNobody ? 1 : 0;
      const bool a_waits = h.s.vcpus[0].state == State::Ready || h.s.vcpus[0].state == State::CoStopped,
                 b_runs = h.s.vcpus[4].state == State::Running;
      if (h.now > 2 * kMs && idle == 2 && a_waits && b_runs) idle_while_a_waits = true;
      return true;
    });
    Nanoseconds co_stopped = 0;
    for (unsigned v = 0; v < 6; ++v) co_stopped += h.s.vcpus[v].times[2];
    CAPTURE(policy, h.idle, co_stopped);
    CHECK(idle_while_a_waits == (std::string(policy) == "strict"));
    if (std::string(policy) == "strict") {
      // A gang pays for its cores: equal shares are twice as long a time for the one of two.
      CHECK(static_cast<double>(h.idle) == Approx(2e9 * 2 / 3).epsilon(0.02));
      CHECK(co_stopped == Approx(static_cast<double>(h.idle)).epsilon(0.01));
    } else {
      CHECK(h.idle <= 8 * kMs);  // before they have woken
    }
  }
}

// Would catch: a spinning one that goes on while the sibling it waits for has no core; one that goes on for
// all others' sake.
TEST_CASE("schedule: who spins makes room for a sibling that waits") {
  Settings settings;
  settings.cores = 1;
  for (const OnPause what : {OnPause::Ignore, OnPause::Yield, OnPause::Directed}) {
    Scheduler s;
    unsigned a = 0, b = 0;
    set_up(s, *find_policy("credit"), settings, 0);
    REQUIRE(add_machine(s, {}, 2, a) == nullptr);
    REQUIRE(add_machine(s, {.shares = 100'000}, 1, b) == nullptr);
    wake(s, a, 1);
    CHECK(assign(s, 1) == 1);
    take(s, 0, 1);
    wake(s, b, 2);
    wake(s, a + 1, 3);
    CHECK(assign(s, 3) == 0);  // its slice is not over
    CHECK(spins(s, a, what, 4) == (what != OnPause::Ignore));
    assign(s, 4);
    take(s, 0, 4);
    CHECK(s.cores[0].current == (what == OnPause::Ignore ? a : what == OnPause::Yield ? b : a + 1));
  }
}

// Would catch: a slice that never ends because another core brought the accounts past its end.
TEST_CASE("schedule: a moment to decide at is not lost when accounts are brought past it") {
  Settings settings;
  settings.cores = 1;
  Scheduler s;
  unsigned first = 0;
  set_up(s, *find_policy("credit"), settings, 0);
  REQUIRE(add_machine(s, {}, 2, first) == nullptr);
  wake(s, first, 1);
  wake(s, first + 1, 1);
  assign(s, 1);
  take(s, 0, 1);
  CHECK(next_event(s, 0) == 1 + settings.slice);
  advance(s, settings.slice + 100);
  CHECK(next_event(s, 0) == settings.slice + 100);
  CHECK(assign(s, settings.slice + 100) == 1);
  CHECK(next_event(s, 0) > settings.slice + 100);
}

TEST_CASE("schedule: what cannot be kept is refused") {
  const auto refused = [](const char* policy, const std::vector<MachineUnderTest>& machines) {
    Settings settings;
    settings.cores = 2;
    const Harness h(policy, settings, machines, 1);
    return std::string(h.refused != nullptr ? h.refused : "");
  };
  CHECK(refused("credit", {busy(2, {.reservation = 150}), busy(1, {.reservation = 50})}).empty());
  CHECK(refused("credit", {busy(2, {.reservation = 150}), busy(1, {.reservation = 51})}) ==
        "more is reserved than there is");
  CHECK(refused("credit", {busy(2, {.reservation = 60, .cores = 1}),
                           busy(1, {.reservation = 60, .cores = 1})}) == "more is reserved than there is");
  CHECK(refused("strict", {busy(2, {.reservation = 100}), busy(1, {.reservation = 60})}) ==
        "more is reserved than there is");
  CHECK(refused("strict", {busy(3)}) == "strict co-scheduling needs a processor for each virtual one");
  CHECK(refused("relaxed", {busy(3)}).empty());
  CHECK(refused("relaxed", {busy(1, {.cores = 12})}) ==
        "it may run on none of the processors that there are");
  CHECK(refused("relaxed", {busy(1, {.reservation = 110})}) ==
        "its reservation is more than its virtual processors can use");
  CHECK(refused("relaxed", {busy(1, {.reservation = 50, .limit = 40})}) ==
        "its reservation is above its limit");
}
