// smp [--threads N] [--quick] [PHASE...]: what processors that work together ask of a scheduler. Each phase
// prints "HVLAB phase=NAME hash=HEX ns=N", as the workload does, with a hash that no order of events changes.
//
//   independent   each thread computes for itself
//   spin          all threads want one spin lock (PAUSE while they wait), and the kernel's own locks
//   barrier       rounds of computing; all wait for the last at a barrier, first by spinning, then by
//   sleeping mixed         independent work, with a lock now and then and a barrier at times
#include "hv-models/user/library/calls.hpp"
#include "hv-models/user/library/text.hpp"
#include "hv-models/user/library/threads.hpp"

using namespace user;

namespace {

constexpr unsigned kMostThreads = 8;
unsigned threads = 0;
uint64_t units = 40;  // of work for each thread; 10 with --quick

// ---- Work, locks, barriers

// About 20 us of computing on a processor of 2 GHz.
uint64_t compute(uint64_t state) {
  for (int i = 0; i < 8000; ++i) next_random(state);
  return state;
}

void relax() { asm volatile("pause" ::: "memory"); }

// A ticket lock, as kernels have it: who has the next ticket has to run before anybody behind it gets on.
class SpinLock {
 public:
  void lock() {
    const uint32_t ticket = __atomic_fetch_add(&next_, 1, __ATOMIC_RELAXED);
    while (__atomic_load_n(&serving_, __ATOMIC_ACQUIRE) != ticket) relax();
  }
  void unlock() { __atomic_store_n(&serving_, serving_ + 1, __ATOMIC_RELEASE); }

 private:
  uint32_t next_ = 0, serving_ = 0;
};

class SpinningBarrier {
 public:
  void wait() {
    const uint32_t round = __atomic_load_n(&round_, __ATOMIC_ACQUIRE);
    if (__atomic_add_fetch(&arrived_, 1, __ATOMIC_ACQ_REL) == threads) {
      arrived_ = 0;
      __atomic_store_n(&round_, round + 1, __ATOMIC_RELEASE);
    }
    while (__atomic_load_n(&round_, __ATOMIC_ACQUIRE) == round) relax();
  }

 private:
  uint32_t round_ = 0, arrived_ = 0;
};

class SleepingBarrier {
 public:
  void wait() {
    const Hold hold(mutex_);
    const uint32_t round = round_;
    if (++arrived_ == threads) {
      arrived_ = 0;
      ++round_;
      all_.wake_all();
    }
    while (round_ == round) all_.wait(mutex_);
  }

 private:
  Mutex mutex_;
  Waiters all_;
  uint32_t round_ = 0, arrived_ = 0;
};

// ---- Phases: what thread `number` does; the result must not depend on who was first.

SpinLock lock;
SpinningBarrier spinning;
SleepingBarrier sleeping;
uint64_t shared = 0;

uint64_t work_alone(unsigned number) {
  uint64_t state = number + 1;
  for (uint64_t i = 0; i < 8 * units; ++i) state = compute(state);
  return state;
}

// The sum does not depend on the order in which the threads take the lock.
uint64_t work_with_lock(unsigned number) {
  uint64_t state = number + 1;
  for (uint64_t i = 0; i < 4 * units; ++i) {
    const uint64_t own = compute(state);
    lock.lock();
    shared += compute(own) & 0xffff;
    lock.unlock();
    state = own;
    if (i % 8 == 0) yield();
  }
  return state;
}

// Each round goes on from what all made in the round before.
template <typename Barrier>
uint64_t work_in_rounds(Barrier& barrier, unsigned number, uint64_t rounds) {
  static uint64_t made[2][kMostThreads];
  uint64_t state = number + 1;
  for (uint64_t round = 0; round < rounds; ++round) {
    uint64_t(&mine)[kMostThreads] = made[round % 2];
    mine[number] = compute(state);
    barrier.wait();
    state = 1;
    for (unsigned i = 0; i < threads; ++i) state = state * 31 + mine[i] + number;
  }
  barrier.wait();
  return state;
}

uint64_t work_at_barriers(unsigned number) {
  return work_in_rounds(spinning, number, 6 * units) + work_in_rounds(sleeping, number, 2 * units);
}

uint64_t work_mixed(unsigned number) {
  uint64_t state = number + 1;
  for (uint64_t i = 0; i < 8 * units; ++i) {
    state = compute(state);
    if (i % 8 == 0) {
      lock.lock();
      shared += state & 0xffff;
      lock.unlock();
    }
    if (i % 32 == 0) spinning.wait();
  }
  return state;
}

struct Phase {
  const char* name;
  uint64_t (*work)(unsigned number);
};
constexpr Phase kPhases[] = {{"independent", work_alone},
                             {"spin", work_with_lock},
                             {"barrier", work_at_barriers},
                             {"mixed", work_mixed}};

// ---- All threads at once

struct Team {
  uint64_t (*work)(unsigned number) = nullptr;
  uint64_t results[kMostThreads] = {};
  uint32_t finished = 0;
  Mutex mutex;
  Waiters done;
};
Team team;

void run_member(void* number) {
  const unsigned index = static_cast<unsigned>(reinterpret_cast<uintptr_t>(number));
  const uint64_t result = team.work(index);
  const Hold hold(team.mutex);
  team.results[index] = result;
  ++team.finished;
  team.done.wake_all();
}

uint64_t run_together(uint64_t (*work)(unsigned number)) {
  team.work = work;
  team.finished = 0;
  shared = 0;
  for (unsigned i = 1; i < threads; ++i) {
    const long result = start_thread(run_member, reinterpret_cast<void*>(uintptr_t{i}));
    if (result >= 0) continue;
    print("smp: cannot start a thread: error %ld\n", result);
    exit(1);
  }
  run_member(nullptr);
  const Hold hold(team.mutex);
  while (team.finished < threads) team.done.wait(team.mutex);
  uint64_t hash = 0xcbf2'9ce4'8422'2325 ^ shared;
  for (unsigned i = 0; i < threads; ++i) hash = (hash ^ team.results[i]) * 0x100'0000'01b3;
  return hash;
}

// As the workload says it: by calls that no kernel has.
constexpr long kPhaseBegins = 0x485600, kPhaseEnds = 0x485601;

void run_phase(const Phase& phase) {
  call(kPhaseBegins);
  const long start = nanoseconds();
  const uint64_t hash = run_together(phase.work);
  const long elapsed = nanoseconds() - start;
  call(kPhaseEnds);
  print("HVLAB phase=%s hash=%lx ns=%ld\n", phase.name, hash, elapsed);
}

unsigned count_processors() {
  uint64_t set = 0;
  if (call(204, 0, sizeof set, to_word(&set)) < 0) return 1;
  unsigned count = 0;
  for (; set != 0; set &= set - 1) ++count;
  return count;
}

bool is_wanted(const char* name, char** names, int count) {
  for (int i = 0; i < count; ++i) {
    if (strcmp(names[i], name) == 0) return true;
  }
  return count == 0;
}

int usage() {
  print("usage: smp [--threads 1..8] [--quick] [independent] [spin] [barrier] [mixed]\n");
  return 2;
}

bool is_phase(const char* name) {
  for (const Phase& phase : kPhases) {
    if (strcmp(phase.name, name) == 0) return true;
  }
  return false;
}

}  // namespace

int main(int count, char** arguments) {
  int at = 1;
  bool quick = false;
  threads = count_processors();
  for (; at < count && arguments[at][0] == '-'; ++at) {
    if (strcmp(arguments[at], "--quick") == 0) {
      quick = true;
    } else if (strcmp(arguments[at], "--threads") == 0 && at + 1 < count) {
      threads = static_cast<unsigned>(parse_number(arguments[++at]));
    } else {
      return usage();
    }
  }
  for (int i = at; i < count; ++i) {
    if (!is_phase(arguments[i])) return usage();
  }
  if (threads < 1 || threads > kMostThreads) return usage();
  if (quick) units = 10;
  print("HVLAB start size=%s processors=%ld at=%ld\n", quick ? "quick" : "full", long{count_processors()},
        nanoseconds());
  for (const Phase& phase : kPhases) {
    if (is_wanted(phase.name, arguments + at, count - at)) run_phase(phase);
  }
  print("HVLAB done\n");
  return 0;
}
