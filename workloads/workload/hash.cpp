// Hash, random numbers and what the phases share.
#include <errno.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <termios.h>
#include <unistd.h>

#include "workload.hpp"

namespace workload {

void Hash::add(uint64_t word) { state_ = (state_ ^ word) * 0x100000001b3 + (state_ >> 47); }

void Hash::add(const void* bytes, size_t count) {
  const char* at = static_cast<const char*>(bytes);
  for (; count >= 8; count -= 8, at += 8) {
    uint64_t word;
    memcpy(&word, at, 8);
    add(word);
  }
  uint64_t last = count;
  memcpy(&last, at, count);
  if (count != 0) add(last);
}

uint64_t Hash::value() const {
  uint64_t mixed = state_ ^ (state_ >> 31);
  mixed *= 0x9e3779b97f4a7c15;
  return mixed ^ (mixed >> 29);
}

uint64_t next_random(uint64_t& state) {
  state ^= state >> 12;
  state ^= state << 25;
  state ^= state >> 27;
  return state * 0x2545f4914f6cdd1d;
}

void fail(const char* what) {
  printf("workload: %s: %s\n", what, strerror(errno));
  fflush(stdout);
  tcdrain(STDOUT_FILENO);
  _exit(1);
}

unsigned processors() {
  cpu_set_t set;
  if (sched_getaffinity(0, sizeof set, &set) != 0) return 1;
  return static_cast<unsigned>(CPU_COUNT(&set));
}

}  // namespace workload
