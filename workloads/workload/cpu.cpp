// The processor phase: integer, SSE2 and x87 arithmetic, cut into units that threads share; the hash is taken
// over the units in their order, so that it does not depend on how many threads there were.
#include <pthread.h>

#include "workload.hpp"

namespace workload {
namespace {

constexpr unsigned kMostUnits = 512;
constexpr unsigned kMostThreads = 8;
uint64_t results[kMostUnits];

struct Share {
  unsigned first, step, units;
};

uint64_t integer_work(uint64_t seed) {
  uint64_t state = seed, sum = 0;
  for (unsigned i = 1; i <= 12'000; ++i) {
    const uint64_t value = next_random(state);
    sum += value % (i | 1);
    sum = (sum << 7 | sum >> 57) ^ static_cast<uint32_t>(value);
    if ((value & 5) == 0) sum += i * (value >> 40);
  }
  return sum;
}

// Sorts small blocks by insertion: compares, branches that cannot be predicted, and moves within the first
// cache.
uint64_t sorting_work(uint64_t seed) {
  Hash hash;
  uint64_t state = seed;
  for (unsigned round = 0; round < 8; ++round) {
    uint32_t block[128];
    for (uint32_t& value : block) value = static_cast<uint32_t>(next_random(state) >> 32);
    for (unsigned i = 1; i < 128; ++i) {
      const uint32_t value = block[i];
      unsigned at = i;
      for (; at > 0 && block[at - 1] > value; --at) block[at] = block[at - 1];
      block[at] = value;
    }
    hash.add(block, sizeof block);
  }
  return hash.value();
}

// A chain of additions, products and quotients whose every bit goes into the result: double is SSE2, long
// double x87.
template <typename Real>
uint64_t real_work(uint64_t seed, unsigned steps) {
  uint64_t state = seed;
  Real x = Real(next_random(state) >> 40) / Real(1 << 24), y = Real(0.5), sum = 0;
  for (unsigned i = 0; i < steps; ++i) {
    const Real next = Real(1) - Real(1.4) * x * x + y;  // Hénon's map stays bounded and forgets nothing
    y = Real(0.3) * x;
    x = next > Real(1.2) || next < Real(-1.2) ? Real(0.1) : next;
    sum = sum / Real(3) + x * Real(1.0625) - y;
  }
  return static_cast<uint64_t>(static_cast<int64_t>(sum * Real(1LL << 50)));
}

uint64_t unit(unsigned number) {
  const uint64_t seed = 0x9e3779b97f4a7c15 * (number + 1);
  Hash hash;
  hash.add(integer_work(seed));
  hash.add(sorting_work(seed));
  hash.add(real_work<double>(seed, 20'000));
  hash.add(real_work<long double>(seed, 8'000));
  return hash.value();
}

void* work(void* argument) {
  const Share share = *static_cast<Share*>(argument);
  for (unsigned i = share.first; i < share.units; i += share.step) results[i] = unit(i);
  return nullptr;
}

}  // namespace

uint64_t cpu_phase(const Size& size) {
  const unsigned threads = processors() < kMostThreads ? processors() : kMostThreads;
  pthread_t handles[kMostThreads];
  Share shares[kMostThreads];
  for (unsigned i = 0; i < threads; ++i) {
    shares[i] = {i, threads, size.cpu_units};
    if (i > 0 && pthread_create(&handles[i], nullptr, work, &shares[i]) != 0) fail("pthread_create");
  }
  work(&shares[0]);
  for (unsigned i = 1; i < threads; ++i) pthread_join(handles[i], nullptr);
  Hash hash;
  for (unsigned i = 0; i < size.cpu_units; ++i) hash.add(results[i]);
  return hash.value();
}

namespace {

// Units one by one, in the order in which threads ask for them.
void* work_next(void* units) {
  static unsigned next = 0;
  for (;;) {
    const unsigned i = __atomic_fetch_add(&next, 1, __ATOMIC_RELAXED);
    if (i >= *static_cast<unsigned*>(units)) return nullptr;
    Share share = {i, kMostUnits, i + 1};
    work(&share);
  }
}

}  // namespace

uint64_t smp_phase(const Size& size) {
  const unsigned threads = processors() < kMostThreads ? processors() : kMostThreads;
  unsigned units = 8 * size.cpu_units;
  pthread_t handles[kMostThreads];
  for (unsigned i = 1; i < threads; ++i) {
    if (pthread_create(&handles[i], nullptr, work_next, &units) != 0) fail("pthread_create");
  }
  work_next(&units);
  for (unsigned i = 1; i < threads; ++i) pthread_join(handles[i], nullptr);
  Hash hash;
  for (unsigned i = 0; i < units; ++i) hash.add(results[i]);
  return hash.value();
}

}  // namespace workload
