// What a scheduler of virtual processors knows: plain data, no more than the policies and their accounts
// need. Whoever owns it holds one lock around it. Runs in a hypervisor and in a test on the host.
#pragma once

#include "sim/base/types.hpp"

namespace hvlab::hypervisor::schedule {

using Nanoseconds = u64;
inline constexpr unsigned kMostCores = 8, kMostMachines = 9, kMostMembers = 8,
                          kMostVcpus = kMostMachines * kMostMembers;
inline constexpr unsigned kNobody = ~0u, kNowhere = ~0u;
inline constexpr Nanoseconds kNoEvent = ~u64{0};

/// In the order of arch::mark::VcpuState.
enum class State : u8 {
  Running,    // it has a processor
  Ready,      // it could run, and has none
  CoStopped,  // it could run, and is held back for the sake of its machine's others
  Halted,     // it has nothing to do
  Count
};

/// What is done about one that spins.
enum class OnPause : u8 {
  Ignore,    // it goes on
  Yield,     // somebody else may run, if anybody waits
  Directed,  // a sibling that waits for a core runs there; else as Yield
};

/// What a machine may have of the processors.
struct Rights {
  unsigned shares = 1000;    // against the others' when there is not enough; at least 1
  unsigned reservation = 0;  // percent of one core that it gets whenever it wants it
  unsigned limit = 0;        // percent of one core that it never gets more of; 0: none
  u32 cores = ~u32{0};       // it may run on, a bit each
};

struct Settings {
  unsigned cores = 1;
  Nanoseconds slice = 5'000'000;    // before somebody else may have the core
  Nanoseconds skew = 3'000'000;     // relaxed: that one may be ahead of its slowest sibling
  Nanoseconds period = 20'000'000;  // in which reservations are met and limits kept
};

struct Vcpu {
  unsigned machine = 0;
  State state = State::Halted;
  Nanoseconds since = 0;                                        // it is in this state
  Nanoseconds times[static_cast<unsigned>(State::Count)] = {};  // in each, up to Scheduler::now
  Nanoseconds limited = 0;  // of the ready time: its machine was at its limit

  unsigned core = kNowhere;   // where it is to run
  unsigned last = 0;          // where it was last to run: the queue that it waits in
  Nanoseconds slice_end = 0;  // while it has a core
  bool held = false;          // without a core, it is co-stopped and not ready
  bool yielded = false;       // it spins: anybody else first, this once

  // Relaxed co-scheduling.
  Nanoseconds progress = 0;   // time in which it ran, or had nothing to do, while its machine ran
  bool leading = false;       // too far ahead: it stops until its siblings have caught up
  Nanoseconds most_skew = 0;  // that it ever was behind its fastest sibling
};

struct Machine {
  Rights rights;
  unsigned first = 0, count = 0;  // its virtual processors
  u64 virtual_time = 0;           // processor time per share (kScale)
  Nanoseconds used = 0;           // in this period
  bool limited = false;           // it has used up its limit
  unsigned placed = 0;            // of its virtual processors have a core, as far as has been decided
};

struct Core {
  unsigned wanted = kNobody;   // who is to run here
  unsigned current = kNobody;  // who does: nobody else may take that one before this core has let it go
  unsigned boosted = kNobody;  // who is to run here next, whatever the policy (pause.cpp)
};

struct Policy;

struct Scheduler {
  const Policy* policy = nullptr;
  Settings settings;
  Nanoseconds now = 0;  // all accounts are up to here
  bool due = false;     // accounts have passed a moment at which assign() should have been called
  Nanoseconds period_end = 0;
  u64 virtual_time = 0;         // the least of all machines with something to do; never goes back
  Nanoseconds round_end = 0;    // strict: all slices end together
  bool periods_matter = false;  // somebody has a reservation or a limit
  Core cores[kMostCores];
  Machine machines[kMostMachines];
  Vcpu vcpus[kMostVcpus];
  unsigned machine_count = 0, vcpu_count = 0;
};

inline bool wants_to_run(const Vcpu& vcpu) { return vcpu.state != State::Halted; }
inline u32 core_mask(const Scheduler& s) { return static_cast<u32>((u64{1} << s.settings.cores) - 1); }
inline unsigned count_cores(u32 set) {
  unsigned count = 0;
  for (; set != 0; set &= set - 1) ++count;
  return count;
}
inline u32 allowed_cores(const Scheduler& s, const Machine& machine) {
  return machine.rights.cores & core_mask(s);
}

}  // namespace hvlab::hypervisor::schedule
